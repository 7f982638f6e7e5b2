//! Messages, their seqs, and the ids that clients choose for them.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AccountId, ConnectionId, MessageId, PictureKey, Problem, Timestamp, id::whole_number};

/// The content of a message that was erased because its sender withdrew.
pub const ERASED_MESSAGE: &str = "삭제된 메시지";

/// The number of a message in its room: 1, 2, 3 … without gaps. A read marker of 0 means that no
/// message was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct Seq(i64);

impl Seq {
    /// Returns the number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Seq {
    type Error = Problem;

    fn try_from(seq: i64) -> Result<Self, Problem> {
        if (0..1 << 53).contains(&seq) { Ok(Self(seq)) } else { Err(Problem::OutOfRange) }
    }
}

impl std::str::FromStr for Seq {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        whole_number(text)?.try_into()
    }
}

/// The UUID that a client chooses for a message. It is unique for each sender in a room and makes
/// sending idempotent.
///
/// It is parsed in the hyphenated form of RFC 9562, in upper or lower case, and written in lower
/// case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ClientMessageId(Uuid);

impl ClientMessageId {
    /// Returns the UUID.
    pub fn get(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for ClientMessageId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl TryFrom<String> for ClientMessageId {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::Required);
        }
        let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
        Uuid::try_parse(&text).ok().filter(|_| hyphenated).map(Self).ok_or(Problem::InvalidFormat)
    }
}

impl fmt::Display for ClientMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a person or the product wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// Written by a person.
    General,
    /// Written by the product.
    Auto,
}

/// A message of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The id, unique among all rooms.
    pub id: MessageId,
    /// The number in the room.
    pub seq: Seq,
    /// The account that sent the message. For an automatic message, the company.
    pub sender_id: AccountId,
    /// Whether a person or the product wrote the message.
    #[serde(rename = "type")]
    pub kind: MessageKind,
    /// The text, 1 to 2,000 characters.
    pub content: String,
    /// The time when the message was stored. It is never earlier than that of a lower seq in the
    /// room.
    pub created_at: Timestamp,
    /// The id that the client chose. Only the sender's account receives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<ClientMessageId>,
}

impl Message {
    /// Returns the message without `client_message_id`, as the other side receives it.
    #[must_use]
    pub fn for_others(&self) -> Self {
        Self { client_message_id: None, ..self.clone() }
    }
}

/// The account that sent a message, in frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// The name of the customer or company.
    pub name: String,
    /// The picture, if the account has one.
    pub image_url: Option<PictureKey>,
}

/// The connections to push an event of a room to. The connection that caused the event is not among
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    /// Those of the account that caused the event.
    pub own: Vec<ConnectionId>,
    /// Those of the other account.
    pub theirs: Vec<ConnectionId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_message_id_is_a_hyphenated_uuid() {
        let parse = |text: &str| ClientMessageId::try_from(text.to_owned());
        assert_eq!(
            parse("0191E3A8-0000-7000-8000-00000000ABCD").unwrap().to_string(),
            "0191e3a8-0000-7000-8000-00000000abcd"
        );
        for text in ["0191e3a8000070008000000000000000", "{0191e3a8-0000-7000-8000-000000000000}", "1", "나"]
        {
            assert_eq!(parse(text), Err(Problem::InvalidFormat), "{text:?}");
        }
        assert_eq!(parse(""), Err(Problem::Required));
    }
}
