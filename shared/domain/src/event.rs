//! The frames that the server sends over WebSocket.

use serde::{Deserialize, Serialize};

use crate::{AccountId, ClientMessageId, Message, MessageId, RoomId, Sender, Seq, Timestamp};

/// The newest seq of a room: in a heartbeat, the newest that the client has; in the answer, the
/// newest that the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomPosition {
    /// The room.
    pub room_id: RoomId,
    /// The newest message's seq.
    pub last_seq: Seq,
}

/// A frame from the server. The field `type` is the name of the variant.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// Sent to the connection that sent a message: the message is stored.
    Ack {
        /// The id that the client chose for the message.
        client_message_id: ClientMessageId,
        /// The room.
        room_id: RoomId,
        /// The message.
        id: MessageId,
        /// The number in the room.
        seq: Seq,
        /// The account that sent the message.
        sender_id: AccountId,
        /// The time when the message was stored.
        created_at: Timestamp,
    },
    /// A new message in a room.
    Message {
        /// The room.
        room_id: RoomId,
        /// The message. Only its sender's account receives the `clientMessageId`.
        message: Message,
        /// The account that sent the message.
        sender: Sender,
    },
    /// One side has read all messages up to `seq`.
    Read {
        /// The room.
        room_id: RoomId,
        /// The account that read.
        reader_id: AccountId,
        /// The new read marker.
        seq: Seq,
    },
    /// The other side is typing.
    Typing {
        /// The room.
        room_id: RoomId,
        /// The account that is typing.
        account_id: AccountId,
    },
    /// The answer to a heartbeat.
    Heartbeat {
        /// The rooms with messages that the client does not have.
        rooms: Vec<RoomPosition>,
    },
    /// A frame was rejected.
    Error {
        /// A stable error code.
        code: &'static str,
        /// The message for a person.
        message: String,
        /// The request's id in the log.
        request_id: String,
        /// The `clientMessageId` of the rejected frame, if it had one.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_message_id: Option<String>,
    },
}
