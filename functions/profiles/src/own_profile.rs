//! `GET /customers/me` and `GET /companies/me`: somebody looks at their own profile.

use chatchat_domain::{Company, Customer};
use chatchat_lambda::{Answer, Error, Request};

use crate::service::Service;

/// Answers 200 with the customer's profile.
pub async fn customer(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<Customer>()?;
    let core = &service.core;
    Answer::ok(&core.store.customer_profile(&caller).await?)
}

/// Answers 200 with the company's profile.
pub async fn company(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<Company>()?;
    let core = &service.core;
    Answer::ok(&core.store.company_profile(&caller).await?)
}
