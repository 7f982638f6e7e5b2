//! Sending a message, reading history, moving read markers.

use chatchat_domain::{
    AccountId, Caller, ClientMessageId, ErrorCode, HistoryLimit, Message, MessageContent, MessageKind,
    Recipients, Role, RoomId, Sender, Seq, Window,
};

use crate::{
    Store, StoreError, row,
    run::{Idempotence::Idempotent, retry_on_conflict},
    sql::{self, connection, session},
};

/// A stored message.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The message as its sender sees it.
    pub message: Message,
    /// The profile of its sender.
    pub sender: Sender,
    /// False if the message was stored before, by a call with the same `clientMessageId`.
    pub new: bool,
    /// The connections to push it to.
    pub recipients: Recipients,
}

/// A read marker that moved.
#[derive(Clone, Debug)]
pub struct ReadMarkerMoved {
    /// The account whose marker it is.
    pub reader: AccountId,
    /// The seq at which the marker is now.
    pub seq: Seq,
    /// The connections to push it to.
    pub recipients: Recipients,
}

impl Store {
    /// Stores a message of the caller in one of its rooms. A repeat of `client_message_id` returns
    /// the message that the first call stored. Fails with `room_not_found`, `receiver_withdrawn`,
    /// `blocked`, [`StoreError::TooManyRequests`], or, if the first call had another content,
    /// `message_id_reused`.
    pub async fn send_message<R>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        client_message_id: ClientMessageId,
        content: &MessageContent,
    ) -> Result<Sent, StoreError> {
        retry_on_conflict(|| async {
            let rows = self
                .query(
                    Idempotent,
                    &sql::SEND_MESSAGE,
                    &[
                        &session(caller),
                        &connection(caller),
                        &room.get(),
                        &client_message_id.get(),
                        &content.as_str(),
                    ],
                )
                .await?;
            self.frame_row(&rows)?;
            let row = row::in_room(&rows)?;
            let Some(new) = row::get(row, "new")? else { return Err(row::not_sent(row)?) };
            let message = row::message(row)?;
            if message.kind != MessageKind::General || message.content != content.as_str() {
                return Err(ErrorCode::MessageIdReused.into());
            }
            Ok(Sent { message, sender: row::sender(row)?, new, recipients: row::recipients(row)? })
        })
        .await
    }

    /// A part of the history of one of the caller's rooms, ascending by seq, and the newest seq.
    /// Fails with `room_not_found`.
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
            .query(
                Idempotent,
                &sql::HISTORY,
                &[&session(caller), &connection(caller), &room.get(), &after, &before, &limit.get()],
            )
            .await?;
        let first = row::in_room(&rows)?;
        Ok((row::messages(&rows)?, row::id(first, "last_seq")?))
    }

    /// Moves the caller's read marker in one of its rooms to `seq`, but never back and never past
    /// the newest message. Returns `None` if it did not move. Fails with `room_not_found`.
    pub async fn mark_read<R>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        seq: Seq,
    ) -> Result<Option<ReadMarkerMoved>, StoreError> {
        let rows = self
            .query(
                Idempotent,
                &sql::MARK_READ,
                &[&session(caller), &connection(caller), &room.get(), &seq.get()],
            )
            .await?;
        self.frame_row(&rows)?;
        let row = row::in_room(&rows)?;
        let Some(seq) = row::optional_id(row, "seq")? else { return Ok(None) };
        Ok(Some(ReadMarkerMoved { reader: row::id(row, "me")?, seq, recipients: row::recipients(row)? }))
    }
}
