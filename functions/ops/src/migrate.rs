//! The function that migrates the database. A deployment invokes it, because the database can only
//! be reached from inside the VPC.

use chatchat_function::{Error, Event, Owner};
use serde_json::{Value, json};

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// Applies the new files of `migrations/`, each in one transaction, and returns their versions.
/// Then creates the functions' role, if it does not exist, and sets its privileges.
///
/// Fails without changes if an applied migration differs from its file. An applied migration
/// without a file is ignored, so that an older release can be deployed again on a newer schema.
pub async fn migrate(owner: &Owner, _: &Event<Value>) -> Result<Value, Error> {
    let mut connection = owner.store.dedicated().await?;
    let runner = embedded::migrations::runner().set_abort_missing(false);
    let report = runner.run_async(&mut *connection).await.map_err(Error::internal)?;
    owner.set_up_role().await?;
    let applied: Vec<String> = report.applied_migrations().iter().map(ToString::to_string).collect();
    tracing::info!(?applied, "migrated");
    Ok(json!({ "applied": applied }))
}
