//! `GET /health`: whether the product works.

use chatchat_lambda::{Answer, Error, Request};
use chatchat_push::Service;
use serde_json::json;

/// Answers 200 with the version; 503 when the database does not answer.
pub async fn health(service: &Service, _: &Request) -> Result<Answer, Error> {
    service.core.store.ping().await?;
    Answer::ok(&json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}
