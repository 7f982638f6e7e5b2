#![doc = include_str!("../README.md")]

mod seal;
mod secret;
mod token;

pub use secret::Secret;
pub use token::{ACCESS_TOKEN_SECONDS, Claims, Key, Keys, TokenError};

/// How long a refresh token lives: 14 days.
pub const REFRESH_TOKEN_SECONDS: i64 = 14 * 24 * 60 * 60;
/// How long a ticket lives.
pub const TICKET_SECONDS: i64 = 30;
