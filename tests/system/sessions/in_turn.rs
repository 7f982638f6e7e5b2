//! Two calls that wait for the same row in a known order.

use chatchat_harness::System;

use crate::{database, wait_for_blocked};

/// Runs two calls that wait for the same rows, so that `first` gets the rows before `second`.
///
/// The statement `lock` locks the rows by an id. It holds them until `first` waits for them, and
/// then `second` too.
pub(super) async fn in_turn<A, B>(
    system: &System,
    lock: &str,
    id: i64,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let (mut locking, watching) = (database(system).await, database(system).await);
    let locked = locking.transaction().await.unwrap();
    assert!(locked.execute(lock, &[&id]).await.unwrap() > 0, "no row matches: {lock}");
    let (first, second, ()) = tokio::join!(
        first,
        async {
            wait_for_blocked(&watching, 1).await;
            second.await
        },
        async {
            wait_for_blocked(&watching, 2).await;
            locked.commit().await.unwrap();
        }
    );
    (first, second)
}
