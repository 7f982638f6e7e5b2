//! Rows to domain types. A value that a type does not accept is a defect; the error names the
//! column.

use chatchat_domain::{
    AccountId, ClientMessageId, ConnectionId, ErrorCode, Message, MessageId, MessageKind, PictureKey,
    Receiver, Recipients, RoomId, Sender, Seq, Timestamp,
};
use time::OffsetDateTime;
use tokio_postgres::{Row, types::FromSql};
use uuid::Uuid;

use crate::StoreError;

/// The first row of a statement with the clause `caller`. It returns no row if the caller's session
/// has ended: `unauthenticated`.
pub fn authenticated(rows: &[Row]) -> Result<&Row, StoreError> {
    rows.first().ok_or_else(|| ErrorCode::Unauthenticated.into())
}

/// The first row of a statement with the clauses `caller` and `room`. Its column `room_id` is null
/// if the room is not one of the caller's: `room_not_found`.
pub fn in_room(rows: &[Row]) -> Result<&Row, StoreError> {
    let first = authenticated(rows)?;
    optional_id::<RoomId>(first, "room_id")?.ok_or(ErrorCode::RoomNotFound)?;
    Ok(first)
}

/// Fails if the row says that the bucket of the clause `token` was empty. The columns are null if
/// no token was needed.
pub fn token(row: &Row) -> Result<(), StoreError> {
    if get::<Option<bool>>(row, "refused")? == Some(true) {
        return Err(StoreError::TooManyRequests(seconds(get(row, "wait")?)));
    }
    Ok(())
}

/// Why a statement with the clauses `room` and `message_token` stored no message. It is
/// [`StoreError::Conflict`] if the room was closed or the customer was blocked while the statement
/// waited for the room's lock.
pub fn not_sent(row: &Row) -> Result<StoreError, StoreError> {
    if get(row, "closed")? {
        return Ok(ErrorCode::ReceiverWithdrawn.into());
    }
    if get(row, "is_blocked")? {
        return Ok(ErrorCode::Blocked.into());
    }
    Ok(token(row).err().unwrap_or(StoreError::Conflict))
}

/// Whole seconds, rounded up; at least 1 and at most a day.
pub fn seconds(exact: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let whole = exact.ceil().clamp(1.0, 86_400.0) as u32;
    whole
}

/// The first row of a statement that always returns one.
pub fn first(rows: &[Row]) -> Result<&Row, StoreError> {
    rows.first().ok_or_else(|| StoreError::unexpected("the statement returned no row"))
}

/// The value of a column.
pub fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, StoreError> {
    row.try_get(column).map_err(StoreError::unexpected)
}

/// The value of a column of ids or seqs.
pub fn id<T: TryFrom<i64>>(row: &Row, column: &str) -> Result<T, StoreError> {
    optional_id(row, column)?.ok_or_else(|| StoreError::unexpected(format!("the column {column} is null")))
}

/// The value of a column of ids or seqs, or `None` for null.
pub fn optional_id<T: TryFrom<i64>>(row: &Row, column: &str) -> Result<Option<T>, StoreError> {
    let value: Option<i64> = get(row, column)?;
    let convert = |value| {
        T::try_from(value).map_err(|_| StoreError::unexpected(format!("the column {column} holds {value}")))
    };
    value.map(convert).transpose()
}

/// The value of a column of times.
pub fn timestamp(row: &Row, column: &str) -> Result<Timestamp, StoreError> {
    get::<OffsetDateTime>(row, column).map(Timestamp::from)
}

/// The columns `own` and `theirs`.
pub fn recipients(row: &Row) -> Result<Recipients, StoreError> {
    Ok(Recipients { own: connection_list(row, "own")?, theirs: connection_list(row, "theirs")? })
}

/// The connections in the array of a column; none for null.
pub fn connection_list(row: &Row, column: &str) -> Result<Vec<ConnectionId>, StoreError> {
    let ids: Option<Vec<String>> = get(row, column)?;
    Ok(ids.unwrap_or_default().into_iter().map(ConnectionId::from).collect())
}

/// The connections in the column `id`.
pub fn connections(rows: &[Row]) -> Result<Vec<ConnectionId>, StoreError> {
    rows.iter().map(|row| get::<String>(row, "id").map(ConnectionId::from)).collect()
}

/// The columns `message_id`, `seq`, `sender_id`, `type`, `content`, `created_at` and
/// `client_message_id`, which is null unless the caller is the sender.
pub fn message(row: &Row) -> Result<Message, StoreError> {
    Ok(Message {
        id: id(row, "message_id")?,
        seq: id::<Seq>(row, "seq")?,
        sender_id: id(row, "sender_id")?,
        kind: match get(row, "type")? {
            "general" => MessageKind::General,
            "auto" => MessageKind::Auto,
            other => return Err(StoreError::unexpected(format!("unknown type of message: {other}"))),
        },
        content: get(row, "content")?,
        created_at: timestamp(row, "created_at")?,
        client_message_id: get::<Option<Uuid>>(row, "client_message_id")?.map(ClientMessageId::from),
    })
}

/// The messages of rows. A row whose `message_id` is null has no message.
pub fn messages(rows: &[Row]) -> Result<Vec<Message>, StoreError> {
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        if optional_id::<MessageId>(row, "message_id")?.is_some() {
            messages.push(message(row)?);
        }
    }
    Ok(messages)
}

/// The column `picture_key`.
pub fn picture(row: &Row) -> Result<Option<PictureKey>, StoreError> {
    let Some(key) = get::<Option<&str>>(row, "picture_key")? else { return Ok(None) };
    key.parse().map(Some).map_err(|_| StoreError::unexpected(format!("invalid key of a picture: {key}")))
}

/// The columns `receiver_id`, `receiver_name`, `picture_key` and `closed`. A room is closed when
/// one of its accounts withdraws. The caller has not withdrawn, so it was the other one.
pub fn receiver(row: &Row) -> Result<Receiver, StoreError> {
    Ok(Receiver {
        id: id::<AccountId>(row, "receiver_id")?,
        name: get(row, "receiver_name")?,
        image_url: picture(row)?,
        deleted: get(row, "closed")?,
    })
}

/// The columns `sender_name` and `picture_key`.
pub fn sender(row: &Row) -> Result<Sender, StoreError> {
    Ok(Sender { name: get(row, "sender_name")?, image_url: picture(row)? })
}
