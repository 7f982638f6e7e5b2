//! The export of an account.

use chatchat_domain::{Caller, Role};

use crate::{
    Store, StoreError, row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

/// The most bytes of rooms and of messages in an export. Lambda returns at most 6 MB. This is about
/// 11,000 rooms, and 300 to 16,000 messages.
const MAX_BYTES: i64 = 2_750_000;

/// The most sessions in an export.
const MAX_SESSIONS: i64 = 1_000;

impl Store {
    /// The data of the caller's account, as JSON in the format of the API. Fails with
    /// [`StoreError::TooManyRequests`] if it was exported in the last hour.
    pub async fn export<R: Role>(&self, caller: &Caller<R>) -> Result<String, StoreError> {
        let rows = self
            .query(
                Idempotent,
                sql::EXPORT.of::<R>(),
                &[&session(caller), &connection(caller), &MAX_BYTES, &MAX_SESSIONS],
            )
            .await?;
        let row = row::authenticated(&rows)?;
        row::token(row)?;
        row::get(row, "export")
    }
}
