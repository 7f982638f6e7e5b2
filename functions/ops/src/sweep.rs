//! The function that removes what is over, every few minutes: connections that died quietly, and rows that nobody will ask for.

use std::collections::BTreeMap;

use chatchat_lambda::{Error, Event};
use chatchat_push::Service;
use serde_json::{Value, json};

/// How many rounds a sweep takes at most; what is left, the next one finds.
const ROUNDS: usize = 20;

/// Closes and forgets the connections that are not to be pushed to any more, removes the rows that are over, and gives how many of
/// each there were. What fails is left to the next sweep, which begins anew.
pub async fn sweep(service: &Service, event: &Event<Value>) -> Result<Value, Error> {
    event.in_time(async { Ok(json!({ "swept": all(service).await? })) }).await
}

async fn all(service: &Service) -> Result<BTreeMap<&'static str, i64>, Error> {
    let (store, delivery) = (&service.core.store, service.delivery()?);
    let mut swept = BTreeMap::new();
    for _ in 0..ROUNDS {
        let dead = store.dead_connections().await?;
        // One that is still open must not go on as if it were pushed to: its client connects again.
        delivery.connections.close_all(&dead).await;
        store.forget_connections(&dead).await?;
        let mut round = store.sweep().await?;
        round.push(("connections", i64::try_from(dead.len()).unwrap_or(i64::MAX)));
        for (table, rows) in &round {
            *swept.entry(*table).or_default() += rows;
        }
        if round.iter().all(|(_, rows)| *rows == 0) {
            break;
        }
    }
    tracing::info!(?swept, "swept");
    Ok(swept)
}
