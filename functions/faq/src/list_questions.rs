//! `GET /auto-replies?companyId=`: any client reads the questions that a company answers at once,
//! and the answers.

use chatchat_domain::{AnyRole, Caller, CompanyId, Problem};
use chatchat_lambda::{Answer, Error, FieldError, Request};
use chatchat_store::Store;
use serde_json::json;

/// Answers 200 with all entries, oldest first; 404 `company_not_found` under the same conditions as
/// `GET /companies/{id}`.
pub async fn list(
    store: &Store,
    caller: Option<&Caller<AnyRole>>,
    request: &Request,
) -> Result<Answer, Error> {
    let company = request
        .query::<CompanyId>("companyId")?
        .ok_or_else(|| Error::Invalid(vec![FieldError::new("companyId", Problem::Required)]))?;
    let entries = store.auto_replies(caller, company).await?;
    Answer::ok(&json!({ "autoReplies": entries }))
}
