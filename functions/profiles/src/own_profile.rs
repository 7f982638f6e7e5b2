//! `GET /customers/me` and `GET /companies/me`: somebody looks at their own profile.

use chatchat_domain::{Company, Customer};
use chatchat_lambda::{Answer, Core, Error, Request};

/// Answers 200 with the customer's profile.
pub async fn customer(service: &Core, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<Customer>()?;
    Answer::ok(&service.store.customer_profile(&caller).await?)
}

/// Answers 200 with the company's profile.
pub async fn company(service: &Core, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<Company>()?;
    Answer::ok(&service.store.company_profile(&caller).await?)
}
