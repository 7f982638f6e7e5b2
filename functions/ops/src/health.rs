//! `GET /health`: whether the product works, for the smoke test and for monitoring.

use chatchat_lambda::{Answer, Error, Request};
use chatchat_store::Store;
use serde_json::json;

/// Answers 200 with the version; 503 if the database does not answer.
pub async fn health(store: &Store, _: &Request) -> Result<Answer, Error> {
    store.ping().await?;
    Answer::ok(&json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}
