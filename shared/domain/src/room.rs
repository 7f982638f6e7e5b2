//! Rooms, as one of the two sides sees them.

use std::str::FromStr;

use serde::Serialize;
use time::OffsetDateTime;

use crate::{AccountId, Message, PictureKey, Problem, RoomId, Seq, Timestamp};

/// Returns the text of a new room's first message, which is sent in the name of the company.
pub fn guide_message(company_name: &str) -> String {
    format!(
        "안녕하세요, {company_name}입니다.\n\
         자주 묻는 질문을 고르시면 바로 답해 드려요. 그 밖의 궁금한 점은 편하게 남겨 주세요. 확인하는 대로 답해 드릴게요."
    )
}

/// The account on the other side. A withdrawn account has no name and no picture.
#[derive(Clone, Debug, Serialize)]
pub struct Receiver {
    /// The account, also if it was withdrawn.
    #[serde(rename = "receiverId")]
    pub id: AccountId,
    /// The name, unless the account was withdrawn.
    #[serde(rename = "receiverName")]
    pub name: Option<String>,
    /// The picture, if there is one and the account was not withdrawn.
    #[serde(rename = "receiverImageUrl")]
    pub image_url: Option<PictureKey>,
    /// Whether the account was withdrawn.
    #[serde(rename = "receiverDeleted")]
    pub deleted: bool,
}

/// The filter of a list of rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomFilter {
    /// Only rooms with messages that the caller has not read.
    Unread,
    /// Only rooms whose newest general message is from the customer.
    Unanswered,
}

impl RoomFilter {
    /// Returns the value in the query.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Unanswered => "unanswered",
        }
    }
}

impl FromStr for RoomFilter {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        [Self::Unread, Self::Unanswered]
            .into_iter()
            .find(|filter| filter.as_str() == text)
            .ok_or(Problem::InvalidFormat)
    }
}

/// The position of a room in a list, which is sorted by both fields in descending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomPlace {
    /// The time when the newest message was stored, in whole microseconds.
    pub last_message_at: OffsetDateTime,
    /// The room.
    pub room: RoomId,
}

impl RoomPlace {
    /// Encodes the position as 16 bytes: the microseconds since 1970 and the room's id, both
    /// big-endian.
    pub fn to_bytes(self) -> [u8; 16] {
        let micros = self.last_message_at.unix_timestamp_nanos() / 1000;
        (micros << 64 | i128::from(self.room.get())).to_be_bytes()
    }

    /// Decodes the result of [`RoomPlace::to_bytes`]. Returns `None` if the bytes are invalid.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let place = i128::from_be_bytes(bytes.try_into().ok()?);
        let nanos = (place >> 64).checked_mul(1000)?;
        Some(Self {
            last_message_at: OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?,
            room: i64::try_from(place & i128::from(u64::MAX)).ok()?.try_into().ok()?,
        })
    }
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
    /// The content of the newest message.
    pub last_message: String,
    /// The sender of the newest message. For an automatic message, the company.
    pub last_message_sender_id: AccountId,
    /// The time when the newest message was stored.
    pub last_message_date: Timestamp,
    /// The seq of the newest message.
    pub last_seq: Seq,
    /// The number of general messages of the other side after the read marker.
    pub unread_message_count: i64,
    /// Whether the company has blocked the customer.
    pub blocked: bool,
}

/// A room with its newest messages.
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
    /// The seq of the newest message.
    pub last_seq: Seq,
    /// Whether the company has blocked the customer.
    pub blocked: bool,
    /// The newest messages, in ascending order of seq.
    pub messages: Vec<Message>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_round_trips_through_bytes() {
        for micros in [-1, 0, 1_795_339_800_123_456_i128] {
            let place = RoomPlace {
                last_message_at: OffsetDateTime::from_unix_timestamp_nanos(micros * 1000).unwrap(),
                room: 9_007_199_254_740_991_i64.try_into().unwrap(),
            };
            assert_eq!(RoomPlace::from_bytes(&place.to_bytes()), Some(place));
        }
    }

    #[test]
    fn invalid_bytes_are_rejected() {
        let place = RoomPlace { last_message_at: OffsetDateTime::UNIX_EPOCH, room: 1.try_into().unwrap() };
        let bytes = place.to_bytes();
        assert_eq!(RoomPlace::from_bytes(&bytes[1..]), None);
        assert_eq!(RoomPlace::from_bytes(&[0; 16]), None, "0 is not a valid id");
        assert_eq!(RoomPlace::from_bytes(&[0x7f; 16]), None, "the time is out of range");
    }

    #[test]
    fn filter_has_two_values() {
        assert_eq!("unread".parse(), Ok(RoomFilter::Unread));
        assert_eq!("unanswered".parse(), Ok(RoomFilter::Unanswered));
        for text in ["", "Unread", "unread,unanswered", "all"] {
            assert_eq!(text.parse::<RoomFilter>(), Err(Problem::InvalidFormat), "{text:?}");
        }
    }
}
