//! `GET /companies?keyword=&page=`: anybody searches the directory.

use chatchat_domain::{Keyword, PageNumber};
use chatchat_lambda::{Answer, Error, Request, both};
use serde_json::json;

use crate::service::Service;

/// Answers 200 with a page of the visible companies whose name contains the keyword, newest first.
pub async fn find(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.optional_caller()?;
    let (keyword, page) = both(request.query::<Keyword>("keyword"), request.query::<PageNumber>("page"))?;
    let core = &service.core;
    let (companies, page) = core.store.companies(caller, keyword.as_ref(), page.unwrap_or_default()).await?;
    Answer::ok(&json!({ "companySummaries": companies, "page": page }))
}
