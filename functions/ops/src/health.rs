//! `GET /health`: whether the product works.

use chatchat_lambda::{Answer, Core, Error, Request};
use serde_json::json;

/// Answers 200 with the version; 503 when the database does not answer.
pub async fn health(service: &Core, _: &Request) -> Result<Answer, Error> {
    service.store.ping().await?;
    Answer::ok(&json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}
