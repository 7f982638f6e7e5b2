//! `GET /customers/me/export` and `GET /companies/me/export`: an account downloads everything that
//! is stored about it.

use chatchat_domain::{Caller, Role};
use chatchat_function::{Answer, Error, Request};
use chatchat_store::Store;

/// Answers 200 with the export, which browsers save as a file; 429 `too_many_requests`.
pub async fn export<R: Role>(store: &Store, caller: &Caller<R>, _: &Request) -> Result<Answer, Error> {
    Ok(Answer::file(store.export(caller).await?))
}
