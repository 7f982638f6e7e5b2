//! Why a statement failed. Only this file interprets SQLSTATEs and constraint names.

use std::error::Error;

use chatchat_domain::ErrorCode;
use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It was refused for the reason that the code says. Nothing was changed.
    #[error("refused: {}", .0.as_str())]
    Refused(ErrorCode),
    /// Too many passwords were tried. The number is the seconds to wait.
    #[error("too many attempts; try again in {0} s")]
    TooManyAttempts(u32),
    /// The caller is over one of its limits. The number is the seconds to wait.
    #[error("too many requests; try again in {0} s")]
    TooManyRequests(u32),
    /// A connection continues to send frames over its limit, and must be closed.
    #[error("too many frames, also after the limit")]
    Flood,
    /// The connection broke, or its server is no longer the primary. It is not known whether the
    /// statement was committed.
    #[error("the connection to the database was lost")]
    LostConnection(#[source] Box<dyn Error + Send + Sync>),
    /// The database is overloaded or did not answer in time. A retry may succeed.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A concurrent transaction changed what this one had read. Nothing was changed, and a retry
    /// sees that change.
    #[error("a concurrent transaction changed the same rows")]
    Conflict,
    /// A defect of the product.
    #[error("the database gave an unexpected answer")]
    Unexpected(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// A defect of the product, such as a missing column.
    pub(crate) fn unexpected(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unexpected(cause.into())
    }

    /// Whether the connection must be closed: its server has stopped, became read-only, or hangs.
    pub(crate) fn spoils_the_connection(&self) -> bool {
        matches!(self, Self::LostConnection(_) | Self::Unavailable(_))
    }
}

impl From<ErrorCode> for StoreError {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code)
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(answer) = error.as_db_error() else {
            // The database gave no answer: the connection broke, or could not be opened.
            let local = error.to_string().starts_with("error serializing")
                || error.to_string().starts_with("error deserializing");
            return if local { Self::unexpected(error) } else { Self::LostConnection(error.into()) };
        };
        if answer.constraint() == Some("messages_client_message_id_key")
            || [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE].contains(answer.code())
        {
            return Self::Conflict;
        }
        // The username of an account from before `username_hash`.
        if answer.constraint() == Some("accounts_username_key") {
            return ErrorCode::UsernameTaken.into();
        }
        // Without the detail, which can contain a row: hashes of passwords, messages.
        let cause = format!(
            "{}: {}{}",
            answer.code().code(),
            answer.message(),
            answer.constraint().map(|name| format!(" (constraint {name})")).unwrap_or_default()
        );
        if is_lost(answer.code()) {
            Self::LostConnection(cause.into())
        } else if is_temporary(answer.code()) {
            Self::Unavailable(cause.into())
        } else {
            Self::unexpected(cause)
        }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            error => Self::Unavailable(error.into()),
        }
    }
}

/// Whether a SQLSTATE means that the connection is lost: the server shuts down, starts, or was the
/// primary before a failover (25006).
fn is_lost(state: &SqlState) -> bool {
    const LOST: [SqlState; 4] = [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
    ];
    // Class 08: connection exceptions.
    LOST.contains(state) || state.code().starts_with("08")
}

/// Whether a SQLSTATE means that a retry may succeed.
fn is_temporary(state: &SqlState) -> bool {
    const TEMPORARY: [SqlState; 4] = [
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::QUERY_CANCELED,
        SqlState::LOCK_NOT_AVAILABLE,
    ];
    // Class 53: out of connections, memory or disk.
    TEMPORARY.contains(state) || state.code().starts_with("53")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreachable_or_overloaded_database_is_not_a_defect() {
        let of = |code| {
            let state = SqlState::from_code(code);
            (is_lost(&state), is_temporary(&state))
        };
        for code in ["08006", "25006", "57P01", "57P02", "57P03"] {
            assert_eq!(of(code), (true, false), "{code}");
        }
        for code in ["28000", "28P01", "53300", "55P03", "57014"] {
            assert_eq!(of(code), (false, true), "{code}");
        }
        for code in ["42601", "23505", "22P02", "42P01", "XX000"] {
            assert_eq!(of(code), (false, false), "{code}");
        }
    }
}
