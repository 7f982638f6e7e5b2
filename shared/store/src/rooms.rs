//! Opening and listing rooms, and looking into one.

use chatchat_domain::{
    AccountKind, Caller, CompanyId, Customer, ErrorCode, MESSAGES_A_PAGE, Page, PageNumber, ROOMS_A_PAGE,
    Role, RoomDetail, RoomId, RoomSummary, Seq, guide_message,
};
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::{
    Store, StoreError, Who,
    clauses::{caller, room, sql},
    row,
};

/// The room that a customer opened.
#[derive(Clone, Copy, Debug)]
pub struct OpenedRoom {
    /// The one room of the two.
    pub id: RoomId,
    /// Whether it was opened just now.
    pub new: bool,
}

/// A page of the caller's rooms.
pub type RoomPage = (Vec<RoomSummary>, Page);

impl Store {
    /// Gives the room of the caller with the company; a new one begins with the guide message. Refuses with
    /// `company_not_found` where there is neither a room nor a visible company.
    pub async fn open_room(
        &self,
        caller: &Caller<Customer>,
        company: CompanyId,
    ) -> Result<OpenedRoom, StoreError> {
        // Whoever loses a race for the same room finds the winner's at the second look.
        for _ in 0..2 {
            if let Some(room) = self.try_open_room(caller, company).await? {
                return Ok(room);
            }
        }
        Err(StoreError::unexpected("the room neither exists nor can be opened"))
    }

    async fn try_open_room(
        &self,
        caller: &Caller<Customer>,
        company: CompanyId,
    ) -> Result<Option<OpenedRoom>, StoreError> {
        let rows = self
            .as_caller(
                Who::from(caller),
                sql!(
                    "with ",
                    caller!(),
                    ", known as (
                         select r.id from rooms r join caller on r.customer_id = caller.id where r.company_id = $3
                     ), customer as (
                         -- Locked against a withdrawal, as the company is: no room is opened with somebody who has left.
                         select a.id from accounts a join caller on a.id = caller.id
                         where a.withdrawn_at is null and not exists (select from known)
                         for no key update of a
                     ), company as (
                         select a.id, a.name
                         from customer, accounts a join companies c on c.account_id = a.id
                         where a.id = $3 and c.visible and a.withdrawn_at is null
                         for share of a
                     ), opened as (
                         insert into rooms (customer_id, company_id, last_seq, last_message, last_message_at)
                         select customer.id, company.id, 1, replace($4, '{company}', company.name), clock_timestamp()
                         from customer, company
                         on conflict on constraint rooms_sides_key do nothing
                         returning id, last_message, last_message_at
                     ), guide as (
                         insert into messages
                             (room_id, seq, sender, type, content, created_at, customer_sent, company_sent)
                         select id, 1, 'company', 'auto', last_message, last_message_at, 0, 0 from opened
                     ), listed as (
                         update accounts a set room_count = a.room_count + 1
                         from customer, opened where a.id = customer.id
                     )
                     select coalesce(opened.id, known.id) as id, opened.id is not null as new,
                            company.id is not null as visible
                     from caller
                     left join company on true left join known on true left join opened on true"
                ),
                &[(&company.get(), Type::INT8), (&guide_message("{company}"), Type::TEXT)],
            )
            .await?;
        match row::optional_id(&rows[0], "id")? {
            Some(id) => Ok(Some(OpenedRoom { id, new: row::get(&rows[0], "new")? })),
            None if row::get(&rows[0], "visible")? => Ok(None),
            None => Err(ErrorCode::CompanyNotFound.into()),
        }
    }

    /// The caller's rooms, latest first; a company's list has those in which a person has typed.
    pub async fn rooms<R: Role>(&self, caller: &Caller<R>, page: PageNumber) -> Result<RoomPage, StoreError> {
        let (mine, theirs) = (R::KIND.as_str(), R::KIND.other().as_str());
        let (me, listed) = match R::KIND {
            AccountKind::Customer => ("accounts me on me.id", "true"),
            AccountKind::Company => ("companies me on me.account_id", "r.customer_sent + r.company_sent > 0"),
        };
        let statement = format!(
            "with {caller}
             select me.room_count, r.id, r.last_message, r.last_message_at, r.unread,
                    o.id as receiver_id, o.name as receiver_name, o.picture_key,
                    o.withdrawn_at as receiver_withdrawn_at
             from caller join {me} = caller.id
             left join lateral (
                 select r.id, r.{theirs}_id as other, r.last_message, r.last_message_at,
                        r.{theirs}_sent - r.{mine}_read_count as unread
                 from rooms r
                 where r.{mine}_id = caller.id and {listed}
                 order by r.last_message_at desc, r.id desc
                 limit $3 offset $4
             ) r on true
             left join accounts o on o.id = r.other
             order by r.last_message_at desc, r.id desc",
            caller = caller!()
        );
        let params: [(&(dyn ToSql + Sync), Type); 2] =
            [(&ROOMS_A_PAGE, Type::INT8), (&page.offset(ROOMS_A_PAGE), Type::INT8)];
        let rows = self.as_caller(Who::from(caller), &statement, &params).await?;
        let page = Page::of(page, row::get(&rows[0], "room_count")?, ROOMS_A_PAGE);
        let rooms = rows.iter().filter_map(|row| summary(row).transpose()).collect::<Result<_, _>>()?;
        Ok((rooms, page))
    }

    /// One room of the caller with a page of its messages; page 1 has the newest. Refuses with `room_not_found`.
    pub async fn room<R: Role>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        page: PageNumber,
    ) -> Result<(RoomDetail, Page), StoreError> {
        let (mine, theirs) = (R::KIND.as_str(), R::KIND.other().as_str());
        let statement = format!(
            "with {caller}, {room}
             select room.id as room_id, room.last_seq, room.{mine}_read_seq as read_seq,
                    room.{theirs}_read_seq as receiver_read_seq,
                    o.id as receiver_id, o.name as receiver_name, o.picture_key,
                    o.withdrawn_at as receiver_withdrawn_at,
                    m.id as message_id, m.seq, m.type, m.content, m.created_at,
                    case when m.sender = room.side then room.me else room.other end as sender_id,
                    case when m.sender = room.side then m.client_message_id end as client_message_id
             from caller left join room on true
             left join accounts o on o.id = room.other
             left join messages m on m.room_id = room.id
                 and m.seq > room.last_seq - $4 - $5 and m.seq <= room.last_seq - $4
             order by m.seq",
            caller = caller!(),
            room = room!()
        );
        let params: [(&(dyn ToSql + Sync), Type); 2] =
            [(&page.offset(MESSAGES_A_PAGE), Type::INT8), (&MESSAGES_A_PAGE, Type::INT8)];
        let rows = self.in_room(Who::from(caller), room, &statement, &params).await?;
        let first = &rows[0];
        let last_seq: Seq = row::id(first, "last_seq")?;
        let detail = RoomDetail {
            id: room,
            receiver: row::receiver(first)?,
            read_seq: row::id(first, "read_seq")?,
            receiver_read_seq: row::id(first, "receiver_read_seq")?,
            last_seq,
            messages: row::messages(&rows)?,
        };
        Ok((detail, Page::of(page, last_seq.get(), MESSAGES_A_PAGE)))
    }
}

/// A room of the list, or none where the row stands for an empty list.
fn summary(row: &Row) -> Result<Option<RoomSummary>, StoreError> {
    let Some(id) = row::optional_id(row, "id")? else { return Ok(None) };
    Ok(Some(RoomSummary {
        id,
        receiver: row::receiver(row)?,
        last_message: row::get(row, "last_message")?,
        last_message_date: row::timestamp(row, "last_message_at")?,
        unread_message_count: row::get(row, "unread")?,
    }))
}
