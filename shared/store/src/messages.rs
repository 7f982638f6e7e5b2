//! Sending a message, reading history, moving read markers.

use chatchat_domain::{
    AccountId, Caller, ClientMessageId, ErrorCode, HistoryLimit, Message, MessageContent, MessageKind,
    Recipients, Role, RoomId, Sender, Seq, Window,
};
use tokio_postgres::types::{ToSql, Type};

use crate::{
    Store, StoreError,
    clauses::{caller, recipients, room, sender, sql},
    row,
    run::retry_on_conflict,
};

/// A message that is kept.
#[derive(Clone, Debug)]
pub struct Sent {
    /// As its sender sees it.
    pub message: Message,
    /// The account that it is from.
    pub sender: Sender,
    /// False when the same `clientMessageId` was kept before: then this is the first answer again.
    pub new: bool,
    /// Whom to push it to.
    pub recipients: Recipients,
}

/// A read marker that moved.
#[derive(Clone, Debug)]
pub struct ReadMarkerMoved {
    /// Whose marker.
    pub reader: AccountId,
    /// Where it stands now.
    pub seq: Seq,
    /// Whom to tell.
    pub recipients: Recipients,
}

/// Sends a message in one statement and one commit: checks the caller and the room, looks for a
/// repeat, assigns the seq, stores the room's summary and the message, and returns the connections
/// to push to.
///
/// It locks the room's row and nothing else: what the lists show, count and filter by is in that
/// row and its indexes. The lock orders concurrent sends, so seq has no gap and no duplicate, and
/// `created_at`, taken under the lock, never goes back within a room. Of two concurrent sends with
/// one `clientMessageId`, the later violates `messages_client_message_id_key`. It is rolled back,
/// seq included, and run again, as is a send that waited while the room was closed.
const SEND: &str = sql!(
    "with ",
    caller!(),
    ", ",
    room!(),
    ", known as (
         select m.id, m.seq, m.type, m.content, m.created_at
         from room join messages m
             on m.room_id = room.id and m.sender = room.side and m.client_message_id = $4
     ), counted as (
         update rooms r
         set last_seq = r.last_seq + 1,
             last_message = $5,
             last_message_at = greatest(r.last_message_at, clock_timestamp()),
             last_message_by_customer = room.side = 'customer',
             unanswered = room.side = 'customer',
             customer_sent = r.customer_sent + (room.side = 'customer')::int,
             company_sent = r.company_sent + (room.side = 'company')::int
         from room
         where r.id = room.id and r.closed_at is null and not exists (select from known)
         returning r.id, r.last_seq, r.last_message_at, r.customer_sent, r.company_sent, room.side
     ), kept as (
         insert into messages
             (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
         select id, last_seq, side, 'general', $5, $4, last_message_at, customer_sent, company_sent from counted
         returning id, seq, type, content, created_at
     ), answer as (
         select *, true as new from kept union all select *, false from known
     )
     select room.id as room_id, room.me as sender_id, room.closed,
            answer.id as message_id, answer.seq, answer.type, answer.content, answer.created_at,
            $4 as client_message_id, answer.new, ",
    sender!("room.side"),
    ", ",
    recipients!(),
    " from caller left join room on true left join answer on true"
);

impl Store {
    /// Keeps a message of the caller in one of its rooms; a repeat of `client_message_id` gives the first answer again.
    /// Refuses with `room_not_found`, `receiver_withdrawn`, and `message_id_reused` where the first had another content.
    pub async fn send_message<R>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        client_message_id: ClientMessageId,
        content: &MessageContent,
    ) -> Result<Sent, StoreError> {
        retry_on_conflict(|| self.try_send_message(caller, room, client_message_id, content)).await
    }

    async fn try_send_message<R>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        client_message_id: ClientMessageId,
        content: &MessageContent,
    ) -> Result<Sent, StoreError> {
        let params: [(&(dyn ToSql + Sync), Type); 2] =
            [(&client_message_id.get(), Type::UUID), (&content.as_str(), Type::TEXT)];
        let row = &self.in_room(caller, room, SEND, &params).await?[0];
        let Some(new) = row::get::<Option<bool>>(row, "new")? else {
            return Err(if row::get(row, "closed")? {
                ErrorCode::ReceiverWithdrawn.into()
            } else {
                StoreError::Conflict
            });
        };
        let message = row::message(row)?;
        if message.kind != MessageKind::General || message.content != content.as_str() {
            return Err(ErrorCode::MessageIdReused.into());
        }
        Ok(Sent { message, sender: row::sender(row)?, new, recipients: row::recipients(row)? })
    }

    /// A part of the history of one of the caller's rooms, ascending by seq, and the newest seq. Because seq has no gap,
    /// the window is arithmetic. Refuses with `room_not_found`.
    pub async fn history<R: Role>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        window: Window,
        limit: HistoryLimit,
    ) -> Result<(Vec<Message>, Seq), StoreError> {
        let (after, before) = match window {
            Window::After(seq) => (Some(seq.get()), None),
            Window::Before(seq) => (None, Some(seq.get())),
            Window::Newest => (None, None),
        };
        let rows = self
            .in_room(
                caller,
                room,
                sql!(
                    "with ",
                    caller!(),
                    ", ",
                    room!(),
                    ", part as (
                         select coalesce($4, least($5, room.last_seq + 1) - $6 - 1) as after from room
                     )
                     select room.id as room_id, room.last_seq, m.id as message_id, m.seq, m.type, m.content, m.created_at,
                            case when m.sender = room.side then room.me else room.other end as sender_id,
                            case when m.sender = room.side then m.client_message_id end as client_message_id
                     from caller left join room on true left join part on true
                     left join messages m on m.room_id = room.id and m.seq > part.after and m.seq <= part.after + $6
                     order by m.seq"
                ),
                &[(&after, Type::INT8), (&before, Type::INT8), (&limit.get(), Type::INT8)],
            )
            .await?;
        Ok((row::messages(&rows)?, row::id(&rows[0], "last_seq")?))
    }

    /// Moves the caller's read marker in one of its rooms to `seq`, but never back and never past the newest message;
    /// gives none when it did not move. Refuses with `room_not_found`.
    ///
    /// The unread count that belongs to the marker is read off the message that it stands at, which never changes, and not
    /// counted, so it is right whatever is sent meanwhile.
    pub async fn mark_read<R>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        seq: Seq,
    ) -> Result<Option<ReadMarkerMoved>, StoreError> {
        let rows = self
            .in_room(
                caller,
                room,
                sql!(
                    "with ",
                    caller!(),
                    ", ",
                    room!(),
                    ", reached as (
                         select m.seq, m.customer_sent, m.company_sent
                         from room join lateral (
                             select * from messages m
                             where m.room_id = room.id and m.seq <= $4 order by m.seq desc limit 1
                         ) m on true
                     ), customer_moved as (
                         update rooms r
                         set customer_read_seq = reached.seq, customer_read_count = reached.company_sent
                         from room, reached
                         where r.id = room.id and room.side = 'customer' and r.customer_read_seq < reached.seq
                         returning r.customer_read_seq as seq
                     ), company_moved as (
                         update rooms r
                         set company_read_seq = reached.seq, company_read_count = reached.customer_sent
                         from room, reached
                         where r.id = room.id and room.side = 'company' and r.company_read_seq < reached.seq
                         returning r.company_read_seq as seq
                     )
                     select room.id as room_id, room.me, moved.seq, ",
                    recipients!(),
                    " from caller left join room on true
                      left join (table customer_moved union all table company_moved) moved on true"
                ),
                &[(&seq.get(), Type::INT8)],
            )
            .await?;
        let row = &rows[0];
        let Some(seq) = row::optional_id(row, "seq")? else { return Ok(None) };
        Ok(Some(ReadMarkerMoved { reader: row::id(row, "me")?, seq, recipients: row::recipients(row)? }))
    }
}
