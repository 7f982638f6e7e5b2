//! The FAQ of companies: changing it, reading it, and asking its questions in a room.

use chatchat_domain::{
    AnyRole, AutoReply, AutoReplyId, Caller, ClientMessageId, Company, CompanyId, Customer, ErrorCode,
    FaqAnswer, Message, MessageId, Question, Recipients, RoomId, Sender,
};
use tokio_postgres::Row;

use crate::{
    Store, StoreError, row,
    run::{
        Idempotence::{Idempotent, NotIdempotent},
        retry_on_conflict,
    },
    sql::{self, connection, session},
};

/// An entry that was asked in a room: two messages, the question on the customer's side and the
/// answer on the company's.
#[derive(Debug)]
pub struct Asked {
    /// The question as the customer sees it.
    pub question: Message,
    /// The entry's answer.
    pub answer: Message,
    /// The profiles of the two senders. `None` if the messages were stored before, by a call with
    /// the same `clientMessageId`.
    pub senders: Option<[Sender; 2]>,
    /// The connections to push both messages to.
    pub recipients: Recipients,
}

impl Store {
    /// Returns the caller's entries, oldest first.
    pub async fn own_auto_replies(&self, caller: &Caller<Company>) -> Result<Vec<AutoReply>, StoreError> {
        let rows =
            self.query(Idempotent, &sql::OWN_AUTO_REPLIES, &[&session(caller), &connection(caller)]).await?;
        row::authenticated(&rows)?;
        entries(&rows)
    }

    /// Adds an entry. Fails with `faq_limit_reached` if the company has six.
    pub async fn create_auto_reply(
        &self,
        caller: &Caller<Company>,
        question: &Question,
        answer: &FaqAnswer,
    ) -> Result<AutoReplyId, StoreError> {
        let rows = self
            .query(
                NotIdempotent,
                &sql::CREATE_AUTO_REPLY,
                &[&session(caller), &connection(caller), &question.as_str(), &answer.as_str()],
            )
            .await?;
        row::optional_id(row::authenticated(&rows)?, "id")?.ok_or_else(|| ErrorCode::FaqLimitReached.into())
    }

    /// Changes an entry of the caller. Fails with `auto_reply_not_found`.
    pub async fn change_auto_reply(
        &self,
        caller: &Caller<Company>,
        entry: AutoReplyId,
        question: &Question,
        answer: &FaqAnswer,
    ) -> Result<(), StoreError> {
        let rows = self
            .query(
                Idempotent,
                &sql::CHANGE_AUTO_REPLY,
                &[&session(caller), &connection(caller), &entry.get(), &question.as_str(), &answer.as_str()],
            )
            .await?;
        entry_exists(&rows)
    }

    /// Deletes an entry of the caller. Messages that were created from the entry are kept. Fails
    /// with `auto_reply_not_found`.
    pub async fn delete_auto_reply(
        &self,
        caller: &Caller<Company>,
        entry: AutoReplyId,
    ) -> Result<(), StoreError> {
        let rows = self
            .query(
                NotIdempotent,
                &sql::DELETE_AUTO_REPLY,
                &[&session(caller), &connection(caller), &entry.get()],
            )
            .await?;
        entry_exists(&rows)
    }

    /// Returns the entries of a company, oldest first. Fails with `company_not_found` if the caller
    /// may not see the company.
    pub async fn auto_replies(
        &self,
        caller: Option<&Caller<AnyRole>>,
        company: CompanyId,
    ) -> Result<Vec<AutoReply>, StoreError> {
        let rows = self
            .query(
                Idempotent,
                &sql::AUTO_REPLIES,
                &[&caller.and_then(session), &caller.and_then(connection), &company.get(), &caller.is_some()],
            )
            .await?;
        let first = row::authenticated(&rows)?;
        row::optional_id::<CompanyId>(first, "company_id")?.ok_or(ErrorCode::CompanyNotFound)?;
        entries(&rows)
    }

    /// Asks the question of an entry in the room: stores the question and the answer as two
    /// `auto` messages. A repeat of `client_message_id` returns the messages that the first call
    /// stored. Fails with `room_not_found`, `receiver_withdrawn`, `blocked`, `auto_reply_not_found`
    /// if the entry is not the company's, `message_id_reused` if the id belongs to another message,
    /// or [`StoreError::TooManyRequests`].
    pub async fn ask_auto_reply(
        &self,
        caller: &Caller<Customer>,
        room: RoomId,
        entry: AutoReplyId,
        client_message_id: Option<ClientMessageId>,
    ) -> Result<Asked, StoreError> {
        // Without the id, a repeat cannot be distinguished from a second question.
        let idempotence = if client_message_id.is_some() { Idempotent } else { NotIdempotent };
        retry_on_conflict(|| async {
            let rows = self
                .query(
                    idempotence,
                    &sql::ASK_AUTO_REPLY,
                    &[
                        &session(caller),
                        &connection(caller),
                        &room.get(),
                        &entry.get(),
                        &client_message_id.map(ClientMessageId::get),
                    ],
                )
                .await?;
            let first = row::in_room(&rows)?;
            if row::optional_id::<MessageId>(first, "message_id")?.is_none() {
                let is_missing = !row::get::<bool>(first, "closed")? && !row::get::<bool>(first, "found")?;
                return Err(if is_missing {
                    ErrorCode::AutoReplyNotFound.into()
                } else {
                    row::not_sent(first)?
                });
            }
            let mut messages = row::messages(&rows)?.into_iter();
            let (Some(question), Some(answer)) = (messages.next(), messages.next()) else {
                return Err(ErrorCode::MessageIdReused.into());
            };
            if row::optional_id::<AutoReplyId>(first, "auto_reply_id")? != Some(entry) {
                return Err(ErrorCode::MessageIdReused.into());
            }
            let senders = if row::get(first, "new")? {
                Some([row::sender(first)?, row::sender(&rows[1])?])
            } else {
                None
            };
            Ok(Asked { question, answer, senders, recipients: row::recipients(first)? })
        })
        .await
    }
}

/// Returns the entries of rows. A row whose `id` is null has no entry.
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

fn entry_exists(rows: &[Row]) -> Result<(), StoreError> {
    row::optional_id::<AutoReplyId>(row::authenticated(rows)?, "id")?.ok_or(ErrorCode::AutoReplyNotFound)?;
    Ok(())
}
