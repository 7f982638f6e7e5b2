#![doc = include_str!("../README.md")]

mod pseudonym;
mod seal;
mod secret;
mod token;

pub use pseudonym::PseudonymKey;
pub use secret::{Secret, sha256};
pub use token::{ACCESS_TOKEN_SECONDS, Claims, Key, Keys, Successors, TokenError};

/// The lifetime of a ticket, in seconds.
pub const TICKET_SECONDS: i64 = 30;
