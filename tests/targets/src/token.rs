//! Verifying access tokens.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chatchat_domain::AccountKind;
use chatchat_tokens::{Claims, Key, Keys};
use serde_json::Value;
use time::OffsetDateTime;

const NOW: i64 = 1_795_000_000;
/// The maximum difference between two clocks, in seconds.
const LEEWAY: i64 = 5;

/// Verifies tokens that are made from the input in three ways.
///
/// - The input is a token. It is accepted only if it has a signature of one of the keys.
/// - The input is the header and the payload of a token, separated by a line feed, which is signed.
///   It is accepted only with the header and claims of an access token that is valid now.
/// - A token that the product signed is changed as the input says. It is never accepted.
pub fn token(input: &[u8]) {
    let keys = Keys::new(key("a"), Some(key("b")));
    if let Ok(text) = str::from_utf8(input) {
        check(&keys, text);
    }
    if let Some(at) = input.iter().position(|byte| *byte == b'\n') {
        let (header, payload) = (&input[..at], &input[at + 1..]);
        let message = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        for id in ["a", "b"] {
            let signature = hmac::sign(&hmac_key(id), message.as_bytes());
            check(&keys, &format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)));
        }
    }
    changed(&keys, input);
}

/// Verifies a token. If it is accepted, checks its signature, header and claims with other code.
fn check(keys: &Keys, token: &str) {
    let Ok(claims) = keys.verify(token, now()) else { return };
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let [header, payload] = [header, payload].map(|part| {
        let json = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice::<Value>(&json).unwrap()
    });
    let id = header["kid"].as_str().unwrap();
    assert!(["a", "b"].contains(&id), "{id}");
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    hmac::verify(&hmac_key(id), message.as_bytes(), &signature).unwrap();
    assert_eq!((&header["alg"], &header["typ"]), (&"HS256".into(), &"at+jwt".into()));
    assert!(header.get("crit").is_none_or(Value::is_null), "{header}");
    assert_eq!((&payload["iss"], &payload["aud"]), (&"chatchat".into(), &"chatchat-api".into()));
    let [iat, exp] = ["iat", "exp"].map(|claim| payload[claim].as_i64().unwrap());
    let nbf = payload["nbf"].as_i64().unwrap_or(iat);
    assert!(exp > NOW - LEEWAY && iat <= NOW + LEEWAY && nbf <= NOW + LEEWAY, "{payload}");
    let account: i64 = payload["sub"].as_str().unwrap().parse().unwrap();
    assert_eq!((claims.account.get(), Some(claims.session.get())), (account, payload["sid"].as_i64()));
    let kind = claims.kind.as_str();
    assert_eq!(payload["role"], kind);
}

/// Signs a token, replaces one byte by another one, and adds and removes bytes at its end.
fn changed(keys: &Keys, input: &[u8]) {
    let [at, new, account, session, rest @ ..] = input else { return };
    let kind = if account % 2 == 0 { AccountKind::Company } else { AccountKind::Customer };
    let claims = Claims {
        account: (i64::from(*account) + 1).try_into().unwrap(),
        kind,
        session: (i64::from(*session) + 1).try_into().unwrap(),
    };
    let token = keys.sign(&claims, now(), 60).unwrap();
    assert_eq!(keys.verify(&token, now()).unwrap(), claims);
    let mut bytes = token.clone().into_bytes();
    let at = (usize::from(*at) + rest.len()) % bytes.len();
    bytes[at] = *new;
    for changed in [
        String::from_utf8(bytes).ok(),
        Some(token[..at].to_owned()),
        str::from_utf8(rest).ok().map(|rest| format!("{token}{rest}")),
    ] {
        let Some(changed) = changed.filter(|changed| *changed != token) else { continue };
        assert!(keys.verify(&changed, now()).is_err(), "{changed:?} was not signed");
    }
}

fn key(id: &str) -> Key {
    Key::new(id, secret(id).as_bytes()).unwrap()
}

fn hmac_key(id: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret(id).as_bytes())
}

fn secret(id: &str) -> String {
    format!("{id:-<32}")
}

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW).unwrap()
}
