//! Removing what is over: connections that died quietly, tickets, sessions, refresh tokens, and counted attempts.

use chatchat_domain::ConnectionId;
use tokio_postgres::types::Type;

use crate::{Store, StoreError, row, sessions::connections};

/// How many rows one statement removes at most, so that none holds its locks for long.
const AT_ONCE: i64 = 1000;

/// Rows that are over by themselves, table by table: the table, and when a row is.
const OVER: [(&str, &str); 4] = [
    ("tickets", "expires_at < now()"),
    ("attempts", "since < now() - interval '15 minutes'"),
    // An ended session is kept with its tokens until it would have expired.
    ("sessions", "expires_at < now()"),
    // A replay is detected for 14 days, which is how long a cookie lasts. The three newest tokens of a session can still be presented.
    (
        "refresh_tokens",
        "created_at < now() - interval '14 days'
         and generation < (select s.generation - 2 from sessions s where s.id = session_id)",
    ),
];

impl Store {
    /// Up to 1,000 connections that are not to be pushed to any more: their session has ended or expired, they are older than API
    /// Gateway lets any be (2 hours), or their client missed three heartbeats (one every 4 minutes).
    pub async fn dead_connections(&self) -> Result<Vec<ConnectionId>, StoreError> {
        connections(
            &self
                .rows(
                    "select c.id from connections c join sessions s on s.id = c.session_id
                     where s.ended_at is not null or s.expires_at < now()
                        or c.connected_at < now() - interval '125 minutes'
                        or c.seen_at < now() - interval '15 minutes'
                     limit $1",
                    &[(&AT_ONCE, Type::INT8)],
                )
                .await?,
        )
    }

    /// Removes up to 1,000 rows of each table that are over. Gives the tables with how many rows went.
    pub async fn sweep(&self) -> Result<Vec<(&'static str, i64)>, StoreError> {
        let mut swept = Vec::with_capacity(OVER.len());
        for (table, over) in OVER {
            let sql = format!(
                "with gone as (
                     delete from {table} where ctid = any(array(select ctid from {table} where {over} limit $1))
                     returning 1
                 )
                 select count(*) from gone"
            );
            let row = self.row(&sql, &[(&AT_ONCE, Type::INT8)]).await?;
            let row = row.ok_or_else(|| StoreError::unexpected("counting gives a row"))?;
            swept.push((table, row::get(&row, "count")?));
        }
        Ok(swept)
    }
}
