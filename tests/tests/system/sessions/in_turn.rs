//! Two callers who meet at one row, in a known order.

use chatchat_tests::System;
use tokio_postgres::Client as Database;

use crate::{database, eventually};

/// Locks the rows that a statement finds by an id, until `first`, and after it `second`, wait for them: they come to them in this
/// order.
pub(super) async fn in_turn<A, B>(
    system: &System,
    lock: &str,
    id: i64,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let (mut locking, watching) = (database(system).await, database(system).await);
    let locked = locking.transaction().await.unwrap();
    assert!(locked.execute(lock, &[&id]).await.unwrap() > 0, "{lock}: there is no such row");
    let (first, second, ()) = tokio::join!(
        first,
        async {
            callers_wait(&watching, 1).await;
            second.await
        },
        async {
            callers_wait(&watching, 2).await;
            locked.commit().await.unwrap();
        }
    );
    (first, second)
}

/// Waits until so many statements wait for locks.
pub(super) async fn callers_wait(watching: &Database, callers: i64) {
    let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    eventually("the callers wait for the lock", async || {
        watching.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) >= callers
    })
    .await;
}
