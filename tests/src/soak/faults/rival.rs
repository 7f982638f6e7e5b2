//! What rivals in the database do: sessions that hold what the functions want, and triggers that refuse.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_postgres::{Client, error::SqlState};

use super::database::{Database, terminate};
use crate::Failure;

/// How long a rival waits for a send to come by.
const PATIENCE: Duration = Duration::from_secs(3);

/// A send that got this far holds its room's row, and waits for the rival.
const DEADLOCKING: &str = "
    create or replace function soak_deadlock() returns trigger language plpgsql as $$
    begin
        perform pg_advisory_xact_lock(20261122);
        return new;
    end $$;
    create trigger soak before insert on messages for each row execute function soak_deadlock();";

/// Some sends are refused. The sequence counts them, for no rollback takes it back.
const REFUSING: &str = "
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

const OVER: &str = "drop trigger if exists soak on messages";

impl Database<'_> {
    /// Holds the rooms, so that sends wait amid their statement, and terminates those.
    pub(super) async fn terminate_in_transaction(&self) -> Result<u64, Failure> {
        let mut rival = self.superuser().await?;
        let watch = self.superuser().await?;
        let holding = rival.transaction().await?;
        holding.batch_execute("select from rooms order by id for update").await?;
        let waiting = "a.wait_event_type = 'Lock'";
        let until = Instant::now() + PATIENCE;
        let mut terminated = 0;
        while terminated == 0 && Instant::now() < until {
            sleep(Duration::from_millis(50)).await;
            terminated = terminate(&watch, waiting).await?;
        }
        holding.rollback().await?;
        Ok(terminated)
    }

    /// Lets sends take their rooms' rows and then want what the rival holds, who then wants the rooms' rows. The rival gives up before it would
    /// look for a deadlock, so that the victims are never its own.
    pub(super) async fn deadlock(&self) -> Result<u64, Failure> {
        let watch = self.superuser().await?;
        let before = deadlocks(&watch).await?;
        watch.batch_execute(DEADLOCKING).await?;
        let met = self.meet(&watch).await;
        watch.batch_execute(OVER).await?;
        if !met? {
            return Ok(0);
        }
        // A connection tells the statistics of what it did when it is idle, within a second.
        let until = Instant::now() + PATIENCE;
        let mut after = before;
        while after == before && Instant::now() < until {
            sleep(Duration::from_millis(100)).await;
            after = deadlocks(&watch).await?;
        }
        Ok(after.saturating_sub(before))
    }

    /// Whether a send came by.
    async fn meet(&self, watch: &Client) -> Result<bool, Failure> {
        let mut rival = self.superuser().await?;
        let rival = rival.transaction().await?;
        let patience = "set local deadlock_timeout = '1min'; set local statement_timeout = '2s'";
        rival.batch_execute(patience).await?;
        rival.batch_execute("select pg_advisory_xact_lock(20261122)").await?;
        let waits = "select count(*) as waiting from pg_locks where locktype = 'advisory' and not granted";
        let until = Instant::now() + PATIENCE;
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

    /// Refuses some sends for a while.
    pub(super) async fn serialization_failure(&self, time: Duration) -> Result<u64, Failure> {
        let superuser = self.superuser().await?;
        superuser.batch_execute(REFUSING).await?;
        let refused = async {
            let last = "select case when is_called then last_value else 0 end as refused from soak_refusals";
            let before: i64 = superuser.query_typed_one(last, &[]).await?.get("refused");
            sleep(time).await;
            let after: i64 = superuser.query_typed_one(last, &[]).await?.get("refused");
            Ok::<u64, Failure>((after - before).unsigned_abs())
        };
        let refused = refused.await;
        superuser.batch_execute(OVER).await?;
        refused
    }
}

/// How many there were in this database so far.
async fn deadlocks(superuser: &Client) -> Result<u64, Failure> {
    let count = "select deadlocks from pg_stat_database where datname = current_database()";
    Ok(superuser.query_typed_one(count, &[]).await?.get::<_, i64>("deadlocks").unsigned_abs())
}
