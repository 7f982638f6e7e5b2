//! `GET /customers/me` and `GET /companies/me`: an account reads its own profile.

use chatchat_domain::{Caller, Company, Customer};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;

/// Answers 200 with the customer's profile.
pub async fn customer(store: &Store, caller: &Caller<Customer>, _: &Request) -> Result<Answer, Error> {
    Answer::ok(&store.customer_profile(caller).await?)
}

/// Answers 200 with the company's profile.
pub async fn company(store: &Store, caller: &Caller<Company>, _: &Request) -> Result<Answer, Error> {
    Answer::ok(&store.company_profile(caller).await?)
}
