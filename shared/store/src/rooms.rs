//! Opening a room, and looking into one.

use chatchat_domain::{
    Caller, CompanyId, Customer, ErrorCode, HistoryLimit, Role, RoomDetail, RoomId, guide_message,
};
use tokio_postgres::types::Type;

use crate::{
    Store, StoreError,
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
                caller,
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

    /// One room of the caller with its newest messages, at most `limit`. Refuses with
    /// `room_not_found`.
    pub async fn room<R: Role>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        limit: HistoryLimit,
    ) -> Result<RoomDetail, StoreError> {
        let (mine, theirs) = (R::KIND.as_str(), R::KIND.other().as_str());
        let statement = format!(
            "with {caller}, {room}
             select room.id as room_id, room.last_seq, room.{mine}_read_seq as read_seq,
                    room.{theirs}_read_seq as receiver_read_seq,
                    room.other as receiver_id, room.{theirs}_name as receiver_name,
                    room.{theirs}_picture_key as picture_key, room.closed,
                    m.id as message_id, m.seq, m.type, m.content, m.created_at,
                    case when m.sender = room.side then room.me else room.other end as sender_id,
                    case when m.sender = room.side then m.client_message_id end as client_message_id
             from caller left join room on true
             left join messages m on m.room_id = room.id and m.seq > room.last_seq - $4 and m.seq <= room.last_seq
             order by m.seq",
            caller = caller!(),
            room = room!()
        );
        let rows = self.in_room(caller, room, &statement, &[(&limit.get(), Type::INT8)]).await?;
        let first = &rows[0];
        Ok(RoomDetail {
            id: room,
            receiver: row::receiver(first)?,
            read_seq: row::id(first, "read_seq")?,
            receiver_read_seq: row::id(first, "receiver_read_seq")?,
            last_seq: row::id(first, "last_seq")?,
            messages: row::messages(&rows)?,
        })
    }
}
