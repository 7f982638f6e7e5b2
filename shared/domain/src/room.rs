//! Rooms, as one of their two sides sees them.

use serde::Serialize;

use crate::{AccountId, Message, RoomId, Seq, Timestamp};

/// Entries on a page of rooms (and of companies).
pub const ROOMS_A_PAGE: i64 = 10;
/// Messages on a page of a room.
pub const MESSAGES_A_PAGE: i64 = 20;

/// What a new room's first message says, in the name of the company.
pub fn guide_message(company_name: &str) -> String {
    format!(
        "안녕하세요, {company_name}입니다.\n\
         자주 묻는 질문을 고르시면 바로 답해 드려요. 그 밖의 궁금한 점은 편하게 남겨 주세요. 확인하는 대로 답해 드릴게요."
    )
}

/// The account on the other side. One that has left shows neither name nor picture.
#[derive(Clone, Debug, Serialize)]
pub struct Receiver {
    /// The account, also when it has left.
    #[serde(rename = "receiverId")]
    pub id: AccountId,
    /// Absent when it has left.
    #[serde(rename = "receiverName")]
    pub name: Option<String>,
    /// Absent without a picture, and when it has left.
    #[serde(rename = "receiverImageUrl")]
    pub image_url: Option<String>,
    /// Whether it has left.
    #[serde(rename = "receiverDeleted")]
    pub deleted: bool,
}

/// A room in a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomSummary {
    /// The room.
    pub id: RoomId,
    /// The other side.
    #[serde(flatten)]
    pub receiver: Receiver,
    /// The newest message's content.
    pub last_message: String,
    /// When the newest message was kept.
    pub last_message_date: Timestamp,
    /// How many messages that a person typed on the other side stand past the read marker.
    pub unread_message_count: i64,
}

/// A room with a page of its messages.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomDetail {
    /// The room.
    pub id: RoomId,
    /// The other side.
    #[serde(flatten)]
    pub receiver: Receiver,
    /// The caller's read marker.
    pub read_seq: Seq,
    /// The other side's read marker.
    pub receiver_read_seq: Seq,
    /// The newest message's seq.
    pub last_seq: Seq,
    /// Ascending by seq.
    pub messages: Vec<Message>,
}
