//! The function that removes dead connections and expired rows, and erases the messages of
//! withdrawn accounts, every few minutes.

use std::collections::BTreeMap;

use chatchat_delivery::Delivery;
use chatchat_function::{Error, Event, required};
use serde_json::{Value, json};

/// The maximum number of rounds in one sweep. The next sweep handles the remaining rows.
const ROUNDS: usize = 20;

/// Closes dead connections, deletes their rows and expired rows, erases messages, and returns the
/// number of rows by table. After a failure, the next sweep does the rest.
pub async fn sweep(delivery: &Delivery, event: &Event<Value>) -> Result<Value, Error> {
    event.in_time(async { Ok(json!({ "swept": all(delivery).await? })) }).await
}

async fn all(delivery: &Delivery) -> Result<BTreeMap<&'static str, i64>, Error> {
    let days = required("ERASE_AFTER_DAYS")
        .map_err(Error::internal)?
        .parse()
        .map_err(|_| Error::internal("ERASE_AFTER_DAYS is not a number"))?;
    let store = &delivery.store;
    let mut swept = BTreeMap::new();
    for _ in 0..ROUNDS {
        let dead = store.dead_connections().await?;
        // A dead connection may still be open. Its client reconnects after the close.
        delivery.connections.close_all(&dead).await;
        store.forget_connections(&dead).await?;
        let mut round = store.sweep().await?;
        if days > 0 {
            round.push(("messages", store.erase_messages(days).await?));
        }
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
