//! Sessions, as their account sees them.

use serde::Serialize;

use crate::{SessionId, Timestamp};

/// An active session in an account's list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// The session.
    pub id: SessionId,
    /// The time of the login.
    pub created_at: Timestamp,
    /// The time of the latest renewal, change of password in the session, or login. An access token lives for 30 minutes, so the latest
    /// request was at most that much later.
    pub last_used_at: Timestamp,
    /// Whether it is the session of the caller.
    pub current: bool,
}
