//! `GET /companies?keyword=&page=`: any client searches the directory.

use chatchat_domain::{AnyRole, Caller, CompanySummary, Keyword, Page, PageNumber};
use chatchat_function::{Answer, Error, Request, zip_invalid};
use chatchat_store::Store;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundCompanies {
    company_summaries: Vec<CompanySummary>,
    page: Page,
}

/// Answers 200 with a page of the visible companies whose name contains the keyword, newest first.
pub async fn find(
    store: &Store,
    caller: Option<&Caller<AnyRole>>,
    request: &Request,
) -> Result<Answer, Error> {
    let (keyword, page) =
        zip_invalid(request.query::<Keyword>("keyword"), request.query::<PageNumber>("page"))?;
    let (companies, page) = store.companies(caller, keyword.as_ref(), page.unwrap_or_default()).await?;
    Answer::ok(&FoundCompanies { company_summaries: companies, page })
}
