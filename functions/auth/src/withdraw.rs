//! `DELETE /customers/me` and `DELETE /companies/me`: an account is withdrawn.

use chatchat_domain::{ErrorCode, Role};
use chatchat_lambda::{Answer, Error, Request};
use chatchat_push::Service;
use chatchat_store::Who;
use serde::Deserialize;

use crate::{cookie, passwords};

#[derive(Deserialize)]
struct Withdrawal {
    password: String,
}

/// Answers 204 and clears the cookie: all sessions are ended, all connections closed; 403 `wrong_password`, 429
/// `too_many_attempts`.
pub async fn withdraw<R: Role>(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<R>()?;
    let Withdrawal { password } = request.json()?;
    let own = passwords::check_own(service, request, Who::from(&caller), &password).await?;
    let closed = service.core.store.withdraw(Who::from(&caller), &own.hash).await?;
    let closed = closed.ok_or(ErrorCode::WrongPassword)?;
    service.delivery()?.connections.close_all(&closed).await;
    cookie::cleared::<R>(Answer::no_content())
}
