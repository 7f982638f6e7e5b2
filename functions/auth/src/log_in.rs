//! `POST /customer/session` and `POST /company/session`: an account logs in.

use chatchat_delivery::Delivery;
use chatchat_domain::{EnteredPassword, ErrorCode, Role};
use chatchat_function::{Answer, Error, Pseudonyms, Request, SigningKeys};
use chatchat_store::{NewSession, network};
use chatchat_tokens::{Claims, Secret};
use serde::Deserialize;

use crate::{cookie, passwords};

/// These fields are not validated: a username or password that cannot exist gets the same answer as
/// a wrong one.
#[derive(Deserialize)]
struct LogIn {
    username: String,
    password: EnteredPassword,
}

/// Answers 201 with an access token, and with the refresh token in a cookie; 400 `login_failed` for
/// a wrong username or a wrong password, after the same work; 403 `origin_not_allowed`, or
/// `account_restricted` if the password is correct but the account is restricted; 429
/// `too_many_attempts`. If the request has a refresh token already, its session ends. This takes two
/// statements, because the password is verified between them, and one more if the hash of the
/// password was computed with other parameters than a new hash.
pub async fn log_in<R: Role>(
    ((delivery, keys), pseudonyms): &((Delivery, SigningKeys), Pseudonyms),
    request: &Request,
) -> Result<Answer, Error> {
    request.check_origin()?;
    let LogIn { username, password } = request.json()?;
    // PostgreSQL rejects NUL in a text. No username contains one.
    let username = username.trim().replace('\0', " ");
    let (store, address) = (&delivery.store, request.viewer_address());
    let username_hash = pseudonyms.of_username(&username);
    request.ids.set_username(&username_hash);
    request.ids.set_network(&pseudonyms.of_network(&network(address)));
    let found = store.find_account(R::KIND, &username, &username_hash, address).await?;
    let hash = found.as_ref().map(|account| account.password_hash.clone());
    let right = passwords::verify(password.clone(), hash).await?;
    let mut account = found.filter(|_| right).ok_or(ErrorCode::LoginFailed)?;
    if account.is_restricted {
        return Err(ErrorCode::AccountRestricted.into());
    }
    if passwords::is_outdated(&account.password_hash) {
        let new_hash = passwords::hash(password.clone()).await?;
        let current = store.replace_hash(&account, &new_hash).await?.ok_or(ErrorCode::LoginFailed)?;
        // Another login has replaced the hash, or the password was changed.
        if current != new_hash && !passwords::verify(password, Some(current.clone())).await? {
            return Err(ErrorCode::LoginFailed.into());
        }
        account.password_hash = current;
    }

    let refresh = Secret::generate().map_err(Error::internal)?;
    let begun = store
        .begin_session(&NewSession {
            account: &account,
            kind: R::KIND,
            username_hash: &username_hash,
            address,
            refresh_hash: &refresh.hash(),
            replaced: &cookie::hashes(&cookie::presented::<R>(request)),
        })
        .await?;
    request.ids.set_session(account.id, begun.id);
    delivery.connections.close_all(&begun.closed).await;
    let claims = Claims { account: account.id, kind: R::KIND, session: begun.id };
    cookie::session_response::<R>(keys, &claims, &refresh, begun.seconds).await
}
