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
    /// The database is away, overloaded or read-only; trying again can help.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A concurrent transaction changed what this one had looked at; nothing was changed, and a second look will see it.
    #[error("a concurrent change came first")]
    LostRace,
    /// Anything else: a defect of ours.
    #[error("the database answered in a way that the code does not expect")]
    Unexpected(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// For an answer that cannot be, such as a column that is missing.
    pub(crate) fn unexpected(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unexpected(cause.into())
    }

    /// Whether running the same statement again will see what came first.
    pub(crate) fn lost_a_race(&self) -> bool {
        matches!(self, Self::LostRace)
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
            return if local { Self::unexpected(error) } else { Self::Unavailable(error.into()) };
        };
        if answer.constraint() == Some("accounts_username_key") {
            return Self::Refused(ErrorCode::UsernameTaken);
        }
        if answer.constraint() == Some("messages_client_message_id_key")
            || *answer.code() == SqlState::T_R_DEADLOCK_DETECTED
        {
            return Self::LostRace;
        }
        // Without the detail, which can quote a row: passwords' hashes, messages.
        let cause = format!(
            "{}: {}{}",
            answer.code().code(),
            answer.message(),
            answer.constraint().map(|name| format!(" (constraint {name})")).unwrap_or_default()
        );
        if can_pass(answer.code()) { Self::Unavailable(cause.into()) } else { Self::unexpected(cause) }
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

/// Whether a SQLSTATE tells of a state of the database that passes.
fn can_pass(state: &SqlState) -> bool {
    const PASSING: [SqlState; 8] = [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::INVALID_PASSWORD,
        SqlState::QUERY_CANCELED,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::LOCK_NOT_AVAILABLE,
    ];
    // Class 08: connection exceptions; class 53: out of connections, memory or disk.
    PASSING.contains(state) || state.code().starts_with("08") || state.code().starts_with("53")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_away_or_overloaded_is_not_a_defect() {
        for state in ["08006", "25006", "40001", "53300", "57014", "57P01", "57P02", "57P03", "28P01"] {
            assert!(can_pass(&SqlState::from_code(state)), "{state}");
        }
        for state in ["42601", "23505", "22P02", "42P01", "XX000"] {
            assert!(!can_pass(&SqlState::from_code(state)), "{state}");
        }
    }
}
