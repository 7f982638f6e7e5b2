//! `PATCH /customers/me/password` and `PATCH /companies/me/password`: an account changes its
//! password.

use chatchat_delivery::Delivery;
use chatchat_domain::{Caller, EnteredPassword, ErrorCode, Password, Problem, Role};
use chatchat_function::{Answer, Error, FieldError, Request, repeats};
use chatchat_tokens::Secret;
use serde::Deserialize;

use crate::{cookie, passwords};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    password: EnteredPassword,
    new_password: Password,
    /// Compared with `newPassword` while the body is read.
    #[serde(rename = "confirmNewPassword")]
    _confirm_new_password: String,
}

/// Answers 204 with a new refresh token in the cookie, and ends the other sessions of the account;
/// 403 `wrong_password`, 409 `password_unchanged`, 429 `too_many_attempts`. The new token is not
/// derived from the previous one, so a copy of the previous one becomes invalid.
pub async fn change<R: Role>(
    delivery: &Delivery,
    caller: &Caller<R>,
    request: &Request,
) -> Result<Answer, Error> {
    let Change { password, new_password, .. } = request
        .json_with_checks(|body| repeats(body, "newPassword", "confirmNewPassword").into_iter().collect())?;
    let own = passwords::check_own(&delivery.store, caller, password.clone()).await?;
    let new_password = EnteredPassword::from(new_password);
    if new_password == password {
        return Err(ErrorCode::PasswordUnchanged.into());
    }
    if new_password.contains(&own.username) {
        return Err(Error::Invalid(vec![FieldError::new("newPassword", Problem::ContainsUsername)]));
    }
    let new_hash = passwords::hash(new_password).await?;
    let refresh = Secret::generate().map_err(Error::internal)?;
    let changed =
        delivery.store.change_password(caller, &own.password_hash, &new_hash, &refresh.hash()).await?;
    let changed = changed.ok_or(ErrorCode::WrongPassword)?;
    delivery.connections.close_all(&changed.closed).await;
    Ok(cookie::set::<R>(Answer::no_content(), &refresh, changed.seconds))
}
