//! The function that brings the database's schema up to date; invoked by a deployment, from inside the VPC.

use chatchat_lambda::{Error, Event};
use chatchat_push::Service;
use serde_json::{Value, json};

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// Applies what is new in `migrations/`, each in a transaction of its own, and gives the versions that it applied. What was
/// applied before and differs now is an error, and nothing is applied. What was applied and is not known here is none: an older release, which is to
/// go on with the newer schema, is deployed with this too.
pub async fn migrate(service: &Service, _: &Event<Value>) -> Result<Value, Error> {
    let mut connection = service.core.store.dedicated().await?;
    let runner = embedded::migrations::runner().set_abort_missing(false);
    let report = runner.run_async(&mut *connection).await.map_err(Error::internal)?;
    let applied: Vec<String> = report.applied_migrations().iter().map(ToString::to_string).collect();
    tracing::info!(?applied, "migrated");
    Ok(json!({ "applied": applied }))
}
