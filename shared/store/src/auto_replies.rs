//! The FAQ of companies: keeping it, reading it, and asking it in a room.

use chatchat_domain::{
    AnyRole, AutoReply, AutoReplyId, Caller, ClientMessageId, Company, CompanyId, Customer, ErrorCode,
    FaqAnswer, Message, MessageId, Question, Recipients, RoomId, Sender,
};
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::{
    Store, StoreError,
    clauses::{caller, company, connection, recipients, room, sender, session, sql},
    row,
    run::{Repeat, retry_on_conflict},
};

/// An entry that was asked in a room: two messages, the question on the customer's side and the answer on the company's.
#[derive(Debug)]
pub struct Asked {
    /// As the customer sees it.
    pub question: Message,
    /// The entry's answer.
    pub answer: Message,
    /// The accounts that the two are from. `None` if the same `clientMessageId` asked before: then
    /// these are the first answer again.
    pub senders: Option<[Sender; 2]>,
    /// Whom to push both to.
    pub recipients: Recipients,
}

impl Store {
    /// The caller's entries, oldest first.
    pub async fn own_auto_replies(&self, caller: &Caller<Company>) -> Result<Vec<AutoReply>, StoreError> {
        let rows = self
            .as_caller(
                caller,
                sql!(
                    "with ",
                    caller!(),
                    " select f.id, f.question, f.answer
                      from caller left join auto_replies f on f.company_id = caller.id
                      order by f.id"
                ),
                &[],
            )
            .await?;
        entries(&rows)
    }

    /// Adds an entry. Refuses with `faq_limit_reached` past six; they are counted on the company's row, whose lock makes that
    /// hold for concurrent additions too.
    pub async fn create_auto_reply(
        &self,
        caller: &Caller<Company>,
        question: &Question,
        answer: &FaqAnswer,
    ) -> Result<AutoReplyId, StoreError> {
        let rows = self
            .run_as_caller(
                Repeat::Harmful,
                caller,
                sql!(
                    "with ",
                    caller!(),
                    ", counted as (
                         update companies c set faq_count = c.faq_count + 1
                         from caller where c.account_id = caller.id and c.faq_count < 6
                         returning c.account_id
                     ), entry as (
                         insert into auto_replies (company_id, question, answer)
                         select account_id, $3, $4 from counted
                         returning id
                     )
                     select entry.id from caller left join entry on true"
                ),
                &[(&question.as_str(), Type::TEXT), (&answer.as_str(), Type::TEXT)],
            )
            .await?;
        row::optional_id(&rows[0], "id")?.ok_or_else(|| ErrorCode::FaqLimitReached.into())
    }

    /// Changes an entry of the caller's. Refuses with `auto_reply_not_found`.
    pub async fn change_auto_reply(
        &self,
        caller: &Caller<Company>,
        entry: AutoReplyId,
        question: &Question,
        answer: &FaqAnswer,
    ) -> Result<(), StoreError> {
        let rows = self
            .as_caller(
                caller,
                sql!(
                    "with ",
                    caller!(),
                    ", changed as (
                         update auto_replies f set question = $4, answer = $5
                         from caller where f.id = $3 and f.company_id = caller.id
                         returning f.id
                     )
                     select changed.id from caller left join changed on true"
                ),
                &[
                    (&entry.get(), Type::INT8),
                    (&question.as_str(), Type::TEXT),
                    (&answer.as_str(), Type::TEXT),
                ],
            )
            .await?;
        row::optional_id::<AutoReplyId>(&rows[0], "id")?
            .map(drop)
            .ok_or_else(|| ErrorCode::AutoReplyNotFound.into())
    }

    /// Deletes an entry of the caller's; what was asked before stays in the rooms. Refuses with `auto_reply_not_found`.
    pub async fn delete_auto_reply(
        &self,
        caller: &Caller<Company>,
        entry: AutoReplyId,
    ) -> Result<(), StoreError> {
        let rows = self
            .run_as_caller(
                Repeat::Harmful,
                caller,
                sql!(
                    "with ",
                    caller!(),
                    ", deleted as (
                         delete from auto_replies f using caller
                         where f.id = $3 and f.company_id = caller.id
                         returning f.id, f.company_id
                     ), counted as (
                         update companies c set faq_count = c.faq_count - 1
                         from deleted where c.account_id = deleted.company_id
                     )
                     select deleted.id from caller left join deleted on true"
                ),
                &[(&entry.get(), Type::INT8)],
            )
            .await?;
        row::optional_id::<AutoReplyId>(&rows[0], "id")?
            .map(drop)
            .ok_or_else(|| ErrorCode::AutoReplyNotFound.into())
    }

    /// The entries of a company, oldest first. Refuses with `company_not_found` if the caller may
    /// not see the company.
    pub async fn auto_replies(
        &self,
        caller: Option<&Caller<AnyRole>>,
        company: CompanyId,
    ) -> Result<Vec<AutoReply>, StoreError> {
        let rows = self
            .rows(
                sql!(
                    "with ",
                    caller!(),
                    ", ",
                    company!(),
                    " select company.id as company_id, f.id, f.question, f.answer
                      from (select) as always
                      left join company on true
                      left join auto_replies f on f.company_id = company.id
                      where not $4 or exists (select from caller)
                      order by f.id"
                ),
                &[
                    (&caller.and_then(session), Type::INT8),
                    (&caller.and_then(connection), Type::TEXT),
                    (&company.get(), Type::INT8),
                    (&caller.is_some(), Type::BOOL),
                ],
            )
            .await?;
        let first = rows.first().ok_or(ErrorCode::Unauthenticated)?;
        row::optional_id::<CompanyId>(first, "company_id")?.ok_or(ErrorCode::CompanyNotFound)?;
        entries(&rows)
    }

    /// Asks an entry of the room's company in the room: keeps the question and the answer as two `auto` messages. A repeat of
    /// `client_message_id` gives the first two again. Refuses with `room_not_found`, `auto_reply_not_found` where the entry
    /// is not the company's, `receiver_withdrawn`, and `message_id_reused` where the id stands for something else.
    pub async fn ask_auto_reply(
        &self,
        caller: &Caller<Customer>,
        room: RoomId,
        entry: AutoReplyId,
        client_message_id: Option<ClientMessageId>,
    ) -> Result<Asked, StoreError> {
        retry_on_conflict(|| self.try_ask_auto_reply(caller, room, entry, client_message_id)).await
    }

    async fn try_ask_auto_reply(
        &self,
        caller: &Caller<Customer>,
        room: RoomId,
        entry: AutoReplyId,
        client_message_id: Option<ClientMessageId>,
    ) -> Result<Asked, StoreError> {
        let params: [(&(dyn ToSql + Sync), Type); 3] = [
            (&room.get(), Type::INT8),
            (&entry.get(), Type::INT8),
            (&client_message_id.map(ClientMessageId::get), Type::UUID),
        ];
        // Without an id nothing tells a second asking from the first.
        let repeat = if client_message_id.is_some() { Repeat::Harmless } else { Repeat::Harmful };
        let rows = self.run_as_caller(repeat, caller, ASK, &params).await?;
        let first = &rows[0];
        row::optional_id::<RoomId>(first, "room_id")?.ok_or(ErrorCode::RoomNotFound)?;
        if row::optional_id::<MessageId>(first, "message_id")?.is_none() {
            return Err(if row::get(first, "closed")? {
                ErrorCode::ReceiverWithdrawn.into()
            } else if row::get(first, "found")? {
                StoreError::Conflict
            } else {
                ErrorCode::AutoReplyNotFound.into()
            });
        }
        let mut messages = row::messages(&rows)?.into_iter();
        let (Some(question), Some(answer)) = (messages.next(), messages.next()) else {
            return Err(ErrorCode::MessageIdReused.into());
        };
        if row::optional_id::<AutoReplyId>(first, "auto_reply_id")? != Some(entry) {
            return Err(ErrorCode::MessageIdReused.into());
        }
        let senders =
            if row::get(first, "new")? { Some([row::sender(first)?, row::sender(&rows[1])?]) } else { None };
        Ok(Asked { question, answer, senders, recipients: row::recipients(first)? })
    }
}

/// The entries of rows that may stand for none.
fn entries(rows: &[Row]) -> Result<Vec<AutoReply>, StoreError> {
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(id) = row::optional_id(row, "id")? {
            let (question, answer) = (row::get(row, "question")?, row::get(row, "answer")?);
            entries.push(AutoReply { id, question, answer });
        }
    }
    Ok(entries)
}

/// One statement and one commit, as the send is; the two messages take two seqs.
const ASK: &str = sql!(
    "with ",
    caller!(),
    ", ",
    room!(),
    ", entry as (
         select f.question, f.answer from room join auto_replies f on f.id = $4 and f.company_id = room.other
     ), known as (
         select m.seq from room join messages m
             on m.room_id = room.id and m.sender = room.side and m.client_message_id = $5
     ), counted as (
         update rooms r
         set last_seq = r.last_seq + 2,
             last_message = entry.answer,
             last_message_by_customer = false,
             last_message_at = greatest(r.last_message_at, clock_timestamp())
         from room, entry
         where r.id = room.id and r.closed_at is null and not exists (select from known)
         returning r.id, r.last_seq, r.last_message_at, r.customer_sent, r.company_sent, entry.question, entry.answer
     ), kept as (
         insert into messages
             (room_id, seq, sender, type, content, client_message_id, auto_reply_id, created_at, customer_sent, company_sent)
         select id, last_seq - 1, 'customer', 'auto', question, $5, $4, last_message_at, customer_sent, company_sent from counted
         union all
         select id, last_seq, 'company', 'auto', answer, null, null, last_message_at, customer_sent, company_sent from counted
         returning id, seq, sender, type, content, client_message_id, auto_reply_id, created_at
     ), answer as (
         select *, true as new from kept
         union all
         select m.id, m.seq, m.sender, m.type, m.content, m.client_message_id, m.auto_reply_id, m.created_at, false
         from known join room on true join messages m on m.room_id = room.id
             and (m.seq = known.seq or m.seq = known.seq + 1 and m.type = 'auto' and m.sender = 'company')
     )
     select room.id as room_id, room.closed, exists (select from entry) as found, answer.auto_reply_id,
            answer.id as message_id, answer.seq, answer.type, answer.content, answer.created_at, answer.new,
            case when answer.sender = room.side then room.me else room.other end as sender_id,
            case when answer.sender = room.side then answer.client_message_id end as client_message_id, ",
    sender!("answer.sender"),
    ", ",
    recipients!(),
    " from caller left join room on true left join answer on true
      order by answer.seq"
);
