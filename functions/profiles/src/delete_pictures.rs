//! The function that deletes the pictures that no profile shows, every hour.

use chatchat_function::{Error, Event};
use chatchat_store::Store;
use serde_json::{Value, json};

use crate::bucket::Deletions;

/// Deletes the objects of expired pictures and then their rows, and returns the number of pictures.
/// After a failure, the next call does the rest: deleting an object again has no effect.
pub async fn delete((store, deletions): &(Store, Deletions), event: &Event<Value>) -> Result<Value, Error> {
    let deleted = async {
        let mut deleted = 0;
        loop {
            let keys = store.deletable_pictures().await?;
            if keys.is_empty() {
                break;
            }
            deletions.delete(&keys).await?;
            store.forget_pictures(&keys).await?;
            deleted += keys.len();
        }
        tracing::info!(deleted, "deleted pictures");
        Ok(json!({ "deleted": deleted }))
    };
    event.in_time(deleted).await
}
