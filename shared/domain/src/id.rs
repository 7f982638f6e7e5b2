//! A separate id type for each entity, so that the compiler rejects a room's id in place of a
//! company's.

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
            /// Returns the number.
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
    /// The id of an account.
    AccountId;
    /// The id of an FAQ entry.
    AutoReplyId;
    /// The id of a company's account.
    CompanyId;
    /// The id of a message.
    MessageId;
    /// The id of a chat room.
    RoomId;
    /// The id of a session.
    SessionId;
}

impl From<CompanyId> for AccountId {
    fn from(company: CompanyId) -> Self {
        Self(company.0)
    }
}

/// Parses a number in a path or query: only ASCII digits, without a sign or spaces.
pub(crate) fn whole_number(text: &str) -> Result<i64, Problem> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::WrongType);
    }
    text.parse().map_err(|_| Problem::OutOfRange)
}

/// API Gateway's id of a WebSocket connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId(String);

impl ConnectionId {
    /// Returns the id.
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
    fn id_is_a_positive_integer_up_to_2_to_the_53_minus_1() {
        for id in [1, 2, MAX_ID] {
            assert_eq!(RoomId::try_from(id).unwrap().get(), id);
        }
        for id in [0, -1, MAX_ID + 1, i64::MAX, i64::MIN] {
            assert_eq!(RoomId::try_from(id), Err(Problem::OutOfRange));
        }
    }

    #[test]
    fn id_in_a_path_has_only_digits() {
        assert_eq!("42".parse::<RoomId>().unwrap().get(), 42);
        for text in ["", "abc", "-1", "+1", " 1", "1 ", "1.0", "0x1", "١"] {
            assert_eq!(text.parse::<RoomId>(), Err(Problem::WrongType), "{text:?}");
        }
        for text in ["0", "9007199254740992", "9223372036854775808", "99999999999999999999999"] {
            assert_eq!(text.parse::<RoomId>(), Err(Problem::OutOfRange), "{text:?}");
        }
    }
}
