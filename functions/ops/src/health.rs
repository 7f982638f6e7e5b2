//! `GET /health`: whether the product works, for the smoke test and for monitoring.

use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;
use serde::Serialize;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// Answers 200 with the version; 503 if the database does not answer.
pub async fn health(store: &Store, _: &Request) -> Result<Answer, Error> {
    store.ping().await?;
    Answer::ok(&Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
