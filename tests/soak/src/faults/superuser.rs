//! The database of a run, and connections to it as superuser.

use std::time::{Duration, Instant};

use chatchat_harness::{Failure, System};
use tokio::time::sleep;
use tokio_postgres::Client;

/// How long the server may take to accept connections again.
pub(super) const RECOVERY_TIMEOUT: Duration = Duration::from_mins(1);

/// The database of a run.
pub(super) struct Database<'a> {
    pub(super) system: &'a System,
}

impl<'a> Database<'a> {
    pub(super) fn new(system: &'a System) -> Self {
        Self { system }
    }

    /// Connects as superuser, after waiting until the server accepts connections.
    pub(super) async fn superuser(&self) -> Result<Client, Failure> {
        let started = Instant::now();
        loop {
            match self.system.superuser().await {
                Err(error) if started.elapsed() > RECOVERY_TIMEOUT => return Err(error),
                Err(_) => sleep(Duration::from_millis(50)).await,
                client => return client,
            }
        }
    }
}

/// Terminates the functions' connections that match an SQL condition, and returns their number.
pub(super) async fn terminate(superuser: &Client, condition: &str) -> Result<u64, Failure> {
    let terminate = format!(
        "select count(pg_terminate_backend(a.pid)) as terminated
         from pg_stat_activity a join pg_database d on d.oid = a.datid and d.datname = current_database()
         where a.usename = d.datname || '_functions' and {condition}"
    );
    let row = superuser.query_typed_one(&terminate, &[]).await?;
    Ok(row.get::<_, i64>("terminated").unsigned_abs())
}
