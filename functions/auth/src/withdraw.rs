//! `DELETE /customers/me` and `DELETE /companies/me`: an account is withdrawn.

use chatchat_delivery::Delivery;
use chatchat_domain::{Caller, EnteredPassword, ErrorCode, Role};
use chatchat_function::{Answer, Error, Pseudonyms, Request};
use serde::Deserialize;

use crate::{cookie, passwords};

#[derive(Deserialize)]
struct Withdrawal {
    password: EnteredPassword,
}

/// Answers 204, clears the cookie, erases the profile, ends all sessions and closes all
/// connections; 403 `wrong_password`, 429 `too_many_attempts`. The sweep later deletes the
/// pictures, and the contents of the messages.
pub async fn withdraw<R: Role>(
    (delivery, pseudonyms): &(Delivery, Pseudonyms),
    caller: &Caller<R>,
    request: &Request,
) -> Result<Answer, Error> {
    let Withdrawal { password } = request.json()?;
    let own = passwords::check_own(&delivery.store, caller, password).await?;
    let username_hash = pseudonyms.of_username(&own.username);
    let closed = delivery.store.withdraw(caller, &own.password_hash, &username_hash).await?;
    let closed = closed.ok_or(ErrorCode::WrongPassword)?;
    delivery.connections.close_all(&closed).await;
    Ok(cookie::without_session::<R>(Answer::no_content()))
}
