//! The cookies that carry refresh tokens: one for each role, so that one browser can be logged in
//! as both.

use std::collections::BTreeSet;

use chatchat_domain::Role;
use chatchat_function::{Answer, Error, Request, SigningKeys};
use chatchat_tokens::{ACCESS_TOKEN_SECONDS, Claims, Secret};
use serde::Serialize;

/// The maximum number of refresh tokens that are checked in one request. API Gateway accepts 10,240
/// bytes of headers, which is less than this many tokens, so planted cookies cannot push the valid
/// one past the limit.
const MAX_TOKENS: usize = 200;

/// The body of a login and of a renewal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    access_token: String,
    /// In seconds.
    expires_in: i64,
}

/// The cookie's name. Browsers accept a cookie with this prefix only from its own host, over TLS,
/// for all paths and without a `Domain` (RFC 6265bis, section 4.1.3.2).
fn name<R: Role>() -> String {
    format!("__Host-{}", R::KIND.as_str())
}

/// The refresh tokens in a request, for the role `R`. There is more than one only if a cookie was
/// planted.
pub fn presented<R: Role>(request: &Request) -> Vec<Secret> {
    let name = name::<R>();
    let values: BTreeSet<&str> = request.cookies(&name).collect();
    values.into_iter().filter_map(Secret::presented).take(MAX_TOKENS).collect()
}

/// The SHA-256 of each token.
pub fn hashes(tokens: &[Secret]) -> Vec<[u8; 32]> {
    tokens.iter().map(Secret::hash).collect()
}

/// Returns 201 with an access token, and with the refresh token in its cookie. Neither lives longer
/// than the session, which expires in `seconds`.
pub async fn session_response<R: Role>(
    keys: &SigningKeys,
    claims: &Claims,
    refresh: &Secret,
    seconds: i64,
) -> Result<Answer, Error> {
    let expires_in = seconds.min(ACCESS_TOKEN_SECONDS);
    let access_token = keys.sign(claims, expires_in).await?;
    let answer = Answer::created(&Tokens { access_token, expires_in })?;
    Ok(set::<R>(answer, refresh, seconds))
}

/// Returns the same answer with the cookie set for `seconds`.
pub fn set<R: Role>(answer: Answer, refresh: &Secret, seconds: i64) -> Answer {
    answer.with_cookie(cookie::<R>(refresh.reveal(), seconds))
}

/// Returns the same answer with the cookie cleared.
pub fn without_session<R: Role>(answer: Answer) -> Answer {
    answer.with_cookie(cookie::<R>("", 0))
}

fn cookie<R: Role>(value: &str, max_age: i64) -> String {
    format!("{}={value}; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age={max_age}", name::<R>())
}

#[cfg(test)]
mod tests {
    use chatchat_domain::{Company, Customer};

    use super::*;

    #[test]
    fn each_role_has_a_host_only_cookie() {
        assert_eq!(
            cookie::<Customer>("abc", 60),
            "__Host-customer=abc; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=60"
        );
        assert_eq!(
            cookie::<Company>("", 0),
            "__Host-company=; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=0"
        );
    }
}
