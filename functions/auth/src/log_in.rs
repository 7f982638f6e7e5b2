//! `POST /customer/session` and `POST /company/session`: somebody logs in.

use chatchat_auth::{ACCESS_TOKEN_SECONDS, Claims, REFRESH_TOKEN_SECONDS, Secret};
use chatchat_domain::{ErrorCode, Role};
use chatchat_lambda::{Answer, Error, Request};
use serde::Deserialize;
use serde_json::json;

use crate::{Service, passwords};

/// Whatever is typed here is looked up, not validated: a name or password that cannot exist is simply wrong.
#[derive(Deserialize)]
struct LogIn {
    username: String,
    password: String,
}

/// Answers 201 with an access token, and the refresh token in a cookie; 400 `login_failed` for a wrong name and for a wrong
/// password alike, after the same work. It takes two statements, for the password is verified between them.
pub async fn log_in<R: Role>(service: &Service, request: &Request) -> Result<Answer, Error> {
    let LogIn { username, password } = request.json()?;
    // PostgreSQL refuses NUL in a text; no name has one.
    let username = username.trim().replace('\0', " ");
    let found = service.core.store.find_account(R::KIND, &username).await?;
    let hash = found.as_ref().map(|account| account.password_hash.clone());
    let right = passwords::verify(password, hash).await?;
    let account = found.filter(|_| right).ok_or(ErrorCode::LoginFailed)?;

    let refresh = Secret::generate().map_err(Error::internal)?;
    let session = service.core.store.begin_session(&account, &refresh.hash(), REFRESH_TOKEN_SECONDS).await?;
    let claims = Claims { account: account.id, kind: R::KIND, session };
    let token = service.core.sign(&claims).await?;
    Answer::created(&json!({ "accessToken": token, "expiresIn": ACCESS_TOKEN_SECONDS }))?
        .with_cookie(&refresh_cookie(&refresh, service.cookie_domain.as_deref()))
}

/// Strict, because web client and API are subdomains of one registrable domain, and so one site.
fn refresh_cookie(refresh: &Secret, domain: Option<&str>) -> String {
    let domain = domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default();
    format!(
        "__Secure-refreshToken={}; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age={REFRESH_TOKEN_SECONDS}{domain}",
        refresh.reveal()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_has_a_domain_only_if_configured() {
        let refresh = Secret::presented("abc");
        assert_eq!(
            refresh_cookie(&refresh, None),
            "__Secure-refreshToken=abc; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=1209600"
        );
        assert!(refresh_cookie(&refresh, Some("example.com")).ends_with("; Domain=example.com"));
    }
}
