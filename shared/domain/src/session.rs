//! The sessions that an account can list.

use serde::Serialize;

use crate::{SessionId, Timestamp};

/// An active session in an account's list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// The session's id.
    pub id: SessionId,
    /// The time of the login.
    pub created_at: Timestamp,
    /// The time of the latest renewal, password change in this session, or login. The latest
    /// request was at most 30 minutes later, because an access token is valid for 30 minutes.
    pub last_used_at: Timestamp,
    /// Whether this is the caller's session.
    pub current: bool,
}
