//! `GET /companies/{id}`: anybody looks at a company.

use chatchat_domain::CompanyId;
use chatchat_lambda::{Answer, Error, Request};

use crate::service::Service;

/// Answers 200 with the company; 404 `company_not_found` also for a hidden one, except to itself and its customers.
pub async fn show(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.optional_caller()?;
    let id = request.path::<CompanyId>("id")?;
    let core = &service.core;
    Answer::ok(&core.store.company(caller, id).await?)
}
