//! Dead connections and expired rows.

use chatchat_domain::ConnectionId;

use crate::{
    Store, StoreError, row,
    run::Idempotence::Idempotent,
    sql::{self, Statement},
};

/// The maximum number of rows that a statement handles.
pub(crate) const BATCH_SIZE: i64 = 1000;

/// The statements that delete expired rows, with their tables.
const EXPIRED: [(&str, Statement); 5] = [
    ("tickets", sql::DELETE_EXPIRED_TICKETS),
    ("attempts", sql::DELETE_EXPIRED_ATTEMPTS),
    ("limits", sql::DELETE_FULL_LIMITS),
    ("sessions", sql::DELETE_EXPIRED_SESSIONS),
    ("refresh_tokens", sql::DELETE_EXPIRED_REFRESH_TOKENS),
];

impl Store {
    /// Returns at most 1,000 connections that must not be pushed to any more: their session has
    /// ended or expired, they are older than API Gateway allows (2 hours), or their client missed
    /// three heartbeats.
    pub async fn dead_connections(&self) -> Result<Vec<ConnectionId>, StoreError> {
        row::connections(&self.query(Idempotent, &sql::DEAD_CONNECTIONS, &[&BATCH_SIZE]).await?)
    }

    /// Deletes at most 1,000 expired rows of each table. Returns the tables with their numbers of
    /// deleted rows.
    pub async fn sweep(&self) -> Result<Vec<(&'static str, i64)>, StoreError> {
        let mut swept = Vec::with_capacity(EXPIRED.len());
        for (table, statement) in &EXPIRED {
            let rows = self.query(Idempotent, statement, &[&BATCH_SIZE]).await?;
            swept.push((*table, row::get(row::first(&rows)?, "count")?));
        }
        Ok(swept)
    }
}
