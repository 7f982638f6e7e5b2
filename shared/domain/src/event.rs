//! What the server sends over WebSocket.

use serde::{Deserialize, Serialize};

use crate::{AccountId, ClientMessageId, Message, MessageId, RoomId, Sender, Seq, Timestamp};

/// How far a room is: what a client says it has, and what the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomPosition {
    /// The room.
    pub room_id: RoomId,
    /// The newest message's seq.
    pub last_seq: Seq,
}

/// A frame from the server; `type` names the variant.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// To the sender: the message is committed.
    Ack {
        /// The sender's name for the message.
        client_message_id: ClientMessageId,
        /// Where it was sent.
        room_id: RoomId,
        /// The message.
        id: MessageId,
        /// Its place in the room.
        seq: Seq,
        /// The account that sent it.
        sender_id: AccountId,
        /// When it was stored.
        created_at: Timestamp,
    },
    /// A new message of a room.
    Message {
        /// The room.
        room_id: RoomId,
        /// The message, with `clientMessageId` only for its sender.
        message: Message,
        /// The account that it is from.
        sender: Sender,
    },
    /// One side has read up to `seq`.
    Read {
        /// The room.
        room_id: RoomId,
        /// Who read.
        reader_id: AccountId,
        /// The new marker.
        seq: Seq,
    },
    /// Somebody types.
    Typing {
        /// The room.
        room_id: RoomId,
        /// Who types.
        account_id: AccountId,
    },
    /// The rooms that are ahead of what the client said.
    Heartbeat {
        /// Empty when the client has everything.
        rooms: Vec<RoomPosition>,
    },
    /// A frame was refused.
    Error {
        /// A stable error code.
        code: &'static str,
        /// A sentence for a person.
        message: String,
        /// To find it in the log.
        request_id: String,
        /// As the frame had it.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_message_id: Option<String>,
    },
}
