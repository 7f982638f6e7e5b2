//! One id type an entity, so that a room's id cannot stand where a company's is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Problem;

/// The largest integer that a JavaScript number holds exactly.
const MAX_ID: i64 = (1 << 53) - 1;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// An integer from 1 to 2^53 − 1.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "i64")]
        pub struct $name(i64);

        impl $name {
            /// The number, for SQL and JSON.
            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = Problem;

            fn try_from(id: i64) -> Result<Self, Problem> {
                if (1..=MAX_ID).contains(&id) { Ok(Self(id)) } else { Err(Problem::OutOfRange) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = Problem;

            fn from_str(text: &str) -> Result<Self, Problem> {
                whole_number(text)?.try_into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A customer's or a company's account.
    AccountId;
    /// An entry of a company's FAQ.
    AutoReplyId;
    /// The account of a company.
    CompanyId;
    /// A message.
    MessageId;
    /// A chat room.
    RoomId;
    /// A login.
    SessionId;
}

impl From<CompanyId> for AccountId {
    fn from(company: CompanyId) -> Self {
        Self(company.0)
    }
}

/// Reads a number from a path or a query: ASCII digits alone, no sign, no space.
pub(crate) fn whole_number(text: &str) -> Result<i64, Problem> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::WrongType);
    }
    text.parse().map_err(|_| Problem::OutOfRange)
}

/// API Gateway's name for one open WebSocket connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId(String);

impl ConnectionId {
    /// The id as API Gateway writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for ConnectionId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_positive_integer_that_javascript_can_hold() {
        for id in [1, 2, MAX_ID] {
            assert_eq!(RoomId::try_from(id).unwrap().get(), id);
        }
        for id in [0, -1, MAX_ID + 1, i64::MAX, i64::MIN] {
            assert_eq!(RoomId::try_from(id), Err(Problem::OutOfRange));
        }
    }

    #[test]
    fn an_id_in_a_path_is_digits_alone() {
        assert_eq!("42".parse::<RoomId>().unwrap().get(), 42);
        for text in ["", "abc", "-1", "+1", " 1", "1 ", "1.0", "0x1", "١"] {
            assert_eq!(text.parse::<RoomId>(), Err(Problem::WrongType), "{text:?}");
        }
        for text in ["0", "9007199254740992", "9223372036854775808", "99999999999999999999999"] {
            assert_eq!(text.parse::<RoomId>(), Err(Problem::OutOfRange), "{text:?}");
        }
    }
}
