//! `GET /companies/{id}`: any client reads a company's profile.

use chatchat_domain::{AnyRole, Caller, CompanyId};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;

/// Answers 200 with the company; 404 `company_not_found`, also for a hidden company, except to
/// itself and its customers.
pub async fn show(
    store: &Store,
    caller: Option<&Caller<AnyRole>>,
    request: &Request,
) -> Result<Answer, Error> {
    let id = request.path::<CompanyId>("id")?;
    Answer::ok(&store.company(caller, id).await?)
}
