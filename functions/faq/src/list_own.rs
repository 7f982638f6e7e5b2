//! `GET /company/auto-replies`: a company looks at its FAQ.

use chatchat_domain::Company;
use chatchat_lambda::{Answer, Error, Request};
use chatchat_push::Service;
use serde_json::json;

/// Answers 200 with all entries, oldest first.
pub async fn list(service: &Service, request: &Request) -> Result<Answer, Error> {
    let company = request.caller::<Company>()?;
    let entries = service.core.store.own_auto_replies(&company).await?;
    Answer::ok(&json!({ "autoReplies": entries }))
}
