//! What can go wrong with a statement: SQLSTATEs and constraint names become errors of the domain, here alone.

use std::error::Error;

use chatchat_domain::ErrorCode;
use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

/// Why a statement gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The rules of the product forbid it; nothing was changed.
    #[error("refused: {}", .0.as_str())]
    Refused(ErrorCode),
    /// Too many passwords were tried; trying again can help after so many seconds.
    #[error("too many attempts")]
    TooManyAttempts(u32),
    /// The connection broke, or its server is no longer the one to write to; whether the statement was done is not known.
    #[error("the connection to the database was lost")]
    LostConnection(#[source] Box<dyn Error + Send + Sync>),
    /// The database is overloaded or did not answer in time; trying again can help.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A concurrent transaction changed what this one had looked at; nothing was changed, and a second look will see it.
    #[error("a concurrent change came first")]
    Conflict,
    /// Anything else: a defect of ours.
    #[error("the database answered in a way that the code does not expect")]
    Unexpected(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// For an answer that cannot be, such as a column that is missing.
    pub(crate) fn unexpected(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unexpected(cause.into())
    }

    /// Whether the connection is of no use any more: to a server that is gone, is read-only now, or hangs.
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
            // No answer of the database at all: the connection broke or was never made.
            let local = error.to_string().starts_with("error serializing")
                || error.to_string().starts_with("error deserializing");
            return if local { Self::unexpected(error) } else { Self::LostConnection(error.into()) };
        };
        if answer.constraint() == Some("messages_client_message_id_key")
            || [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE].contains(answer.code())
        {
            return Self::Conflict;
        }
        // Without the detail, which can quote a row: passwords' hashes, messages.
        let cause = format!(
            "{}: {}{}",
            answer.code().code(),
            answer.message(),
            answer.constraint().map(|name| format!(" (constraint {name})")).unwrap_or_default()
        );
        if is_lost(answer.code()) {
            Self::LostConnection(cause.into())
        } else if can_pass(answer.code()) {
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

/// Whether a SQLSTATE tells of a connection that is of no use any more: a server that shuts down, starts, or was the writer before
/// a failover (25006).
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

/// Whether a SQLSTATE tells of a state of the database that passes.
fn can_pass(state: &SqlState) -> bool {
    const PASSING: [SqlState; 4] = [
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::QUERY_CANCELED,
        SqlState::LOCK_NOT_AVAILABLE,
    ];
    // Class 53: out of connections, memory or disk.
    PASSING.contains(state) || state.code().starts_with("53")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_away_or_overloaded_is_not_a_defect() {
        let of = |code| {
            let state = SqlState::from_code(code);
            (is_lost(&state), can_pass(&state))
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
