//! Faults of the database that need a rival session, which holds locks, or a trigger, which fails
//! inserts.

use std::time::{Duration, Instant};

use chatchat_harness::Failure;
use tokio::time::sleep;
use tokio_postgres::{Client, error::SqlState};

use super::superuser::{Database, terminate};

/// How long a rival waits for a send, and for PostgreSQL to update its statistics.
const WAIT_LIMIT: Duration = Duration::from_secs(3);

/// Creates a trigger that makes a send, which already holds the lock of its room's row, wait for
/// the rival.
const CREATE_DEADLOCK_TRIGGER: &str = "
    create or replace function soak_deadlock() returns trigger language plpgsql as $$
    begin
        perform pg_advisory_xact_lock(20261122);
        return new;
    end $$;
    create trigger soak before insert on messages for each row execute function soak_deadlock();";

/// Creates a trigger that fails some sends. A sequence counts them, because a rollback does not
/// undo `nextval`.
const CREATE_FAILURE_TRIGGER: &str = "
    create sequence if not exists soak_refusals;
    create or replace function soak_refuse() returns trigger language plpgsql security definer as $$
    begin
        if random() < 0.3 then
            perform nextval('soak_refusals');
            raise exception 'could not serialize access' using errcode = '40001';
        end if;
        return new;
    end $$;
    create trigger soak before insert on messages for each row execute function soak_refuse();";

const DROP_TRIGGER: &str = "drop trigger if exists soak on messages";

impl Database<'_> {
    /// Locks all rooms, so that sends wait during their statement, and terminates those
    /// connections.
    pub(super) async fn terminate_in_transaction(&self) -> Result<u64, Failure> {
        let mut rival = self.superuser().await?;
        let watch = self.superuser().await?;
        let holding = rival.transaction().await?;
        holding.batch_execute("select from rooms order by id for update").await?;
        let waiting = "a.wait_event_type = 'Lock'";
        let until = Instant::now() + WAIT_LIMIT;
        let mut terminated = 0;
        while terminated == 0 && Instant::now() < until {
            sleep(Duration::from_millis(50)).await;
            terminated = terminate(&watch, waiting).await?;
        }
        holding.rollback().await?;
        Ok(terminated)
    }

    /// Causes a deadlock: sends lock the rows of their rooms and wait for a lock that the rival
    /// holds, and the rival waits for the rows of the rooms.
    ///
    /// The rival's statement times out before its own deadlock check, so PostgreSQL always cancels
    /// a send and never the rival.
    pub(super) async fn deadlock(&self) -> Result<u64, Failure> {
        let watch = self.superuser().await?;
        let before = deadlocks(&watch).await?;
        watch.batch_execute(CREATE_DEADLOCK_TRIGGER).await?;
        let has_blocked = self.block_sends(&watch).await;
        watch.batch_execute(DROP_TRIGGER).await?;
        if !has_blocked? {
            return Ok(0);
        }
        // A connection reports its statistics within a second after it becomes idle.
        let until = Instant::now() + WAIT_LIMIT;
        let mut after = before;
        while after == before && Instant::now() < until {
            sleep(Duration::from_millis(100)).await;
            after = deadlocks(&watch).await?;
        }
        Ok(after.saturating_sub(before))
    }

    /// Holds the lock that sends wait for, and then waits for the rooms. Returns whether a send
    /// waited.
    async fn block_sends(&self, watch: &Client) -> Result<bool, Failure> {
        let mut rival = self.superuser().await?;
        let rival = rival.transaction().await?;
        let timeouts = "set local deadlock_timeout = '1min'; set local statement_timeout = '2s'";
        rival.batch_execute(timeouts).await?;
        rival.batch_execute("select pg_advisory_xact_lock(20261122)").await?;
        let waits = "select count(*) as waiting from pg_locks where locktype = 'advisory' and not granted";
        let until = Instant::now() + WAIT_LIMIT;
        while watch.query_typed_one(waits, &[]).await?.get::<_, i64>("waiting") == 0 {
            if Instant::now() > until {
                return Ok(false);
            }
            sleep(Duration::from_millis(20)).await;
        }
        match rival.batch_execute("select from rooms order by id for update").await {
            Err(error) if error.code() != Some(&SqlState::QUERY_CANCELED) => Err(error.into()),
            _ => Ok(true),
        }
    }

    /// Fails some sends with a serialization failure for some time.
    pub(super) async fn serialization_failure(&self, time: Duration) -> Result<u64, Failure> {
        let superuser = self.superuser().await?;
        superuser.batch_execute(CREATE_FAILURE_TRIGGER).await?;
        let refused = async {
            let last = "select case when is_called then last_value else 0 end as refused from soak_refusals";
            let before: i64 = superuser.query_typed_one(last, &[]).await?.get("refused");
            sleep(time).await;
            let after: i64 = superuser.query_typed_one(last, &[]).await?.get("refused");
            Ok::<u64, Failure>((after - before).unsigned_abs())
        };
        let refused = refused.await;
        superuser.batch_execute(DROP_TRIGGER).await?;
        refused
    }
}

/// Returns the number of deadlocks in this database since the statistics began.
async fn deadlocks(superuser: &Client) -> Result<u64, Failure> {
    let count = "select deadlocks from pg_stat_database where datname = current_database()";
    Ok(superuser.query_typed_one(count, &[]).await?.get::<_, i64>("deadlocks").unsigned_abs())
}
