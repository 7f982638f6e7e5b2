//! Rooms, as one of their two sides sees them.

use std::str::FromStr;

use serde::Serialize;
use time::OffsetDateTime;

use crate::{AccountId, Message, Problem, RoomId, Seq, Timestamp};

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

/// Which rooms of a list to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomFilter {
    /// Those with messages that the caller has not read.
    Unread,
    /// Those whose newest general message is from the customer.
    Unanswered,
}

impl RoomFilter {
    /// As the query writes it.
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

/// The place of a room in its list, which is in descending order of both fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomPlace {
    /// When the newest message was stored, in whole microseconds.
    pub last_message_at: OffsetDateTime,
    /// The room.
    pub room: RoomId,
}

impl RoomPlace {
    /// The place as 16 bytes: the microseconds since 1970 and the room's id, both big-endian.
    pub fn to_bytes(self) -> [u8; 16] {
        let micros = self.last_message_at.unix_timestamp_nanos() / 1000;
        (micros << 64 | i128::from(self.room.get())).to_be_bytes()
    }

    /// The place that [`RoomPlace::to_bytes`] wrote. `None` if the bytes are not a place.
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
    /// The newest message's content.
    pub last_message: String,
    /// The side of the newest message; the company for what the product wrote in its name.
    pub last_message_sender_id: AccountId,
    /// When the newest message was stored.
    pub last_message_date: Timestamp,
    /// The newest message's seq.
    pub last_seq: Seq,
    /// How many messages that a person typed on the other side stand past the read marker.
    pub unread_message_count: i64,
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
    /// The newest message's seq.
    pub last_seq: Seq,
    /// Ascending by seq.
    pub messages: Vec<Message>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_survives_being_written_as_bytes() {
        for micros in [-1, 0, 1_795_339_800_123_456_i128] {
            let place = RoomPlace {
                last_message_at: OffsetDateTime::from_unix_timestamp_nanos(micros * 1000).unwrap(),
                room: 9_007_199_254_740_991_i64.try_into().unwrap(),
            };
            assert_eq!(RoomPlace::from_bytes(&place.to_bytes()), Some(place));
        }
    }

    #[test]
    fn other_bytes_are_not_a_place() {
        let place = RoomPlace { last_message_at: OffsetDateTime::UNIX_EPOCH, room: 1.try_into().unwrap() };
        let bytes = place.to_bytes();
        assert_eq!(RoomPlace::from_bytes(&bytes[1..]), None);
        assert_eq!(RoomPlace::from_bytes(&[0; 16]), None, "no room has the id 0");
        assert_eq!(RoomPlace::from_bytes(&[0x7f; 16]), None, "no time is that late");
    }

    #[test]
    fn filter_is_one_of_two_words() {
        assert_eq!("unread".parse(), Ok(RoomFilter::Unread));
        assert_eq!("unanswered".parse(), Ok(RoomFilter::Unanswered));
        for text in ["", "Unread", "unread,unanswered", "all"] {
            assert_eq!(text.parse::<RoomFilter>(), Err(Problem::InvalidFormat), "{text:?}");
        }
    }
}
