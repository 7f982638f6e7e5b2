//! The function that migrates the database. A deployment invokes it, because the database can only
//! be reached from inside the VPC.

use chatchat_function::{Error, Event, Owner};
use chatchat_store::Store;
use serde_json::{Value, json};

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// Applies the new files of `migrations/`, each in one transaction, and returns their versions.
/// Then creates the functions' role, if it does not exist, and sets its privileges.
///
/// Fails without changes if an applied migration differs from its file. An applied migration
/// without a file is ignored, so that an older release can be deployed again on a newer schema. A
/// call waits for another one that runs, because Lambda may deliver an event twice.
pub async fn migrate(owner: &Owner, event: &Event<Value>) -> Result<Value, Error> {
    event.in_time(apply(owner)).await
}

async fn apply(owner: &Owner) -> Result<Value, Error> {
    let lock = owner.store.lock_schema().await?;
    let applied = apply_files(&owner.store).await?;
    owner.set_up_role().await?;
    // Before the response, because the process may be frozen after it.
    lock.batch_execute("commit").await.map_err(Error::internal)?;
    tracing::info!(?applied, "migrated");
    Ok(json!({ "applied": applied }))
}

/// Closes its connection at the end, because few connections are left to the owner.
async fn apply_files(store: &Store) -> Result<Vec<String>, Error> {
    let mut connection = store.dedicated().await?;
    let runner = embedded::migrations::runner().set_abort_missing(false);
    let report = runner.run_async(&mut *connection).await.map_err(Error::internal)?;
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
}
