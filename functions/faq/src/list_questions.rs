//! `GET /auto-replies?companyId=`: any client reads the questions that a company answers at once,
//! and the answers.

use chatchat_domain::{AnyRole, AutoReply, Caller, CompanyId, Problem};
use chatchat_function::{Answer, Error, FieldError, Request};
use chatchat_store::Store;
use serde::Serialize;

/// The FAQ of a company.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entries {
    pub auto_replies: Vec<AutoReply>,
}

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
    Answer::ok(&Entries { auto_replies: entries })
}
