//! `GET /auto-replies?companyId=`: any client reads the questions that a company answers at once,
//! and the answers.

use chatchat_domain::{CompanyId, Problem};
use chatchat_lambda::{Answer, Error, FieldError, Request};
use chatchat_push::Service;
use serde_json::json;

/// Answers 200 with all entries, oldest first; 404 `company_not_found` under the same conditions as
/// `GET /companies/{id}`.
pub async fn list(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.optional_caller()?;
    let company = request
        .query::<CompanyId>("companyId")?
        .ok_or_else(|| Error::Invalid(vec![FieldError::new("companyId", Problem::Required)]))?;
    let entries = service.core.store.auto_replies(caller, company).await?;
    Answer::ok(&json!({ "autoReplies": entries }))
}
