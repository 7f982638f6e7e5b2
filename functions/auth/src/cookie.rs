//! The cookie that carries the refresh token.

use chatchat_auth::{ACCESS_TOKEN_SECONDS, Claims, REFRESH_TOKEN_SECONDS, Secret};
use chatchat_lambda::{Answer, Error, Request, optional};
use chatchat_push::Service;
use serde_json::json;

const NAME: &str = "__Secure-refreshToken";

/// The refresh token that a request carries.
pub fn presented(request: &Request) -> Option<Secret> {
    request.cookie(NAME).filter(|token| !token.is_empty()).map(Secret::presented)
}

/// 201 with an access token, and the refresh token in its cookie.
pub async fn tokens(service: &Service, claims: &Claims, refresh: &Secret) -> Result<Answer, Error> {
    let token = service.core.sign(claims).await?;
    Answer::created(&json!({ "accessToken": token, "expiresIn": ACCESS_TOKEN_SECONDS }))?
        .with_cookie(&cookie(refresh.reveal(), REFRESH_TOKEN_SECONDS, optional("COOKIE_DOMAIN").as_deref()))
}

/// The same answer with the cookie taken back.
pub fn cleared(answer: Answer) -> Result<Answer, Error> {
    answer.with_cookie(&cookie("", 0, optional("COOKIE_DOMAIN").as_deref()))
}

/// `Domain` only if configured: the registrable domain of web client and API, where they are subdomains of one. They are one site then,
/// so the cookie can be strict.
fn cookie(value: &str, max_age: i64, domain: Option<&str>) -> String {
    let domain = domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default();
    format!("{NAME}={value}; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age={max_age}{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_has_a_domain_only_if_configured() {
        assert_eq!(
            cookie("abc", 60, None),
            "__Secure-refreshToken=abc; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=60"
        );
        assert!(cookie("abc", 60, Some("example.com")).ends_with("; Domain=example.com"));
    }
}
