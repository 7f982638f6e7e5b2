//! Access tokens: signing and verifying.

use aws_lc_rs::hmac;
use chatchat_domain::{AccountId, AccountKind, SessionId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::Secret;

/// The maximum lifetime of an access token, in seconds. It is shorter if the session expires
/// earlier.
pub const ACCESS_TOKEN_SECONDS: i64 = 30 * 60;

const ISSUER: &str = "chatchat";
const AUDIENCE: &str = "chatchat-api";
/// The `typ` of access tokens (RFC 9068, section 2.1), which distinguishes them from other JWTs.
const TYPE: &str = "at+jwt";
/// The maximum difference between the clocks of two machines, in seconds.
const LEEWAY: i64 = 5;

/// The claims of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The account.
    pub account: AccountId,
    /// The kind of the account.
    pub kind: AccountKind,
    /// The session.
    pub session: SessionId,
}

/// Why a token is rejected.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The token names an unknown key. After a rotation, reading the keys again can help.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The token is malformed, forged, expired, not yet valid, or not an access token of this
    /// product.
    #[error("the token is not valid")]
    Invalid(#[source] Option<jsonwebtoken::errors::Error>),
}

impl From<jsonwebtoken::errors::Error> for TokenError {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        Self::Invalid(Some(error))
    }
}

/// A signing key.
#[derive(Clone)]
pub struct Key {
    id: String,
    secret: Vec<u8>,
}

impl Key {
    /// Creates a key. The id is the `kid` of the tokens that the key signs. Returns `None` for a
    /// secret of less than 256 bits.
    pub fn new(id: &str, secret: &[u8]) -> Option<Self> {
        (secret.len() >= 32).then(|| Self { id: id.to_owned(), secret: secret.to_owned() })
    }
}

/// The current key, which signs, and the previous one, which still verifies.
#[derive(Clone)]
pub struct Keys {
    current: Key,
    previous: Option<Key>,
}

/// The possible successors of a refresh token.
pub struct Successors {
    /// Derived with the current key.
    pub current: Secret,
    /// Derived with the previous key, which may have been used just before a rotation.
    previous: Option<Secret>,
}

impl Successors {
    /// Returns the successor with this SHA-256.
    pub fn with_hash(self, hash: &[u8; 32]) -> Option<Secret> {
        [Some(self.current), self.previous].into_iter().flatten().find(|successor| successor.hash() == *hash)
    }
}

#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    /// The product issues no token with this claim, but it is checked if present (RFC 7519, section
    /// 4.1.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    sub: String,
    sid: SessionId,
    role: AccountKind,
}

impl Keys {
    /// Creates keys that sign with `current` and verify with both.
    pub fn new(current: Key, previous: Option<Key>) -> Self {
        Self { current, previous }
    }

    /// Replaces the keys. Returns whether one of them was unknown.
    pub fn replace(&mut self, current: Key, previous: Option<Key>) -> bool {
        let before = std::mem::replace(self, Self { current, previous });
        self.all().any(|key| before.all().all(|known| known.id != key.id))
    }

    /// The current key first.
    fn all(&self) -> impl Iterator<Item = &Key> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten()
    }

    /// Returns the possible successors of a refresh token.
    pub fn successors(&self, refresh: &Secret) -> Successors {
        let successor = |key: &Key| refresh.successor(&hmac::Key::new(hmac::HMAC_SHA256, &key.secret));
        Successors { current: successor(&self.current), previous: self.previous.as_ref().map(successor) }
    }

    /// Returns the keys for HMAC-SHA256, the current one first.
    pub(crate) fn for_hmac(&self) -> impl Iterator<Item = hmac::Key> {
        self.all().map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key.secret))
    }

    /// Signs a token that is valid for `seconds` from `now`.
    pub fn sign(&self, claims: &Claims, now: OffsetDateTime, seconds: i64) -> Result<String, TokenError> {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.current.id.clone());
        let iat = now.unix_timestamp();
        let payload = Payload {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat,
            exp: iat + seconds,
            nbf: None,
            sub: claims.account.to_string(),
            sid: claims.session,
            role: claims.kind,
        };
        Ok(encode(&header, &payload, &EncodingKey::from_secret(&self.current.secret))?)
    }

    /// Returns the claims of a token that is valid at `now`.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Claims, TokenError> {
        let header = decode_header(token)?;
        // A critical extension that is not understood must be rejected (RFC 7515, section 4.1.11),
        // and this code understands no extension.
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return Err(TokenError::Invalid(None));
        }
        let id = header.kid.ok_or(TokenError::Invalid(None))?;
        let key = self.all().find(|key| key.id == id).ok_or(TokenError::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // The times are compared with `now` below.
        validation.validate_exp = false;
        let payload: Payload = decode(token, &DecodingKey::from_secret(&key.secret), &validation)?.claims;
        let now = now.unix_timestamp();
        let begins = payload.nbf.map_or(payload.iat, |nbf| nbf.max(payload.iat));
        if payload.exp <= now - LEEWAY || begins > now + LEEWAY {
            return Err(TokenError::Invalid(None));
        }
        Ok(Claims {
            account: payload.sub.parse().map_err(|_| TokenError::Invalid(None))?,
            kind: payload.role,
            session: payload.sid,
        })
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    fn key(id: &str) -> Key {
        Key::new(id, format!("{id:-<32}").as_bytes()).unwrap()
    }

    fn claims() -> Claims {
        Claims { account: 7.try_into().unwrap(), kind: AccountKind::Company, session: 9.try_into().unwrap() }
    }

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-22 09:30 UTC);

    #[test]
    fn token_is_valid_for_30_minutes() {
        let keys = Keys::new(key("a"), None);
        let token = keys.sign(&claims(), NOW, ACCESS_TOKEN_SECONDS).unwrap();
        assert_eq!(keys.verify(&token, NOW).unwrap(), claims());
        assert_eq!(keys.verify(&token, NOW + Duration::minutes(30)).unwrap(), claims());
        assert!(keys.verify(&token, NOW + Duration::minutes(31)).is_err());
        assert!(keys.verify(&token, NOW - Duration::minutes(1)).is_err());
        let short = keys.sign(&claims(), NOW, 60).unwrap();
        assert!(keys.verify(&short, NOW + Duration::minutes(1)).is_ok());
        assert!(keys.verify(&short, NOW + Duration::minutes(2)).is_err());
    }

    #[test]
    fn previous_key_still_verifies_after_a_rotation() {
        let token = Keys::new(key("old"), None).sign(&claims(), NOW, 60).unwrap();
        assert!(Keys::new(key("new"), Some(key("old"))).verify(&token, NOW).is_ok());
        assert!(matches!(Keys::new(key("new"), None).verify(&token, NOW), Err(TokenError::UnknownKey)));
    }

    #[test]
    fn keys_say_whether_one_was_unknown() {
        let mut keys = Keys::new(key("new"), None);
        assert!(!keys.replace(key("new"), None));
        assert!(keys.replace(key("new"), Some(key("old"))));
        assert!(!keys.replace(key("new"), Some(key("old"))));
        assert!(keys.replace(key("newer"), Some(key("new"))));
    }

    #[test]
    fn refresh_token_has_one_successor_per_key() {
        let (old, new) = (Keys::new(key("old"), None), Keys::new(key("new"), Some(key("old"))));
        let refresh = Secret::generate().unwrap();
        let before = old.successors(&refresh).current;
        let after = new.successors(&refresh).current;
        assert_ne!(before.reveal(), after.reveal());
        for known in [&before, &after] {
            let found = new.successors(&refresh).with_hash(&known.hash()).unwrap();
            assert_eq!(found.reveal(), known.reveal());
        }
        assert!(old.successors(&refresh).with_hash(&after.hash()).is_none());
        assert_ne!(before.reveal(), old.successors(&before).current.reveal());
    }

    #[test]
    fn key_of_less_than_256_bits_is_rejected() {
        assert!(Key::new("a", &[0; 31]).is_none());
    }

    /// Returns a token whose header and payload `change` has changed, signed with the right key.
    fn forged(change: impl Fn(&mut Header, &mut serde_json::Value)) -> String {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some("a".to_owned());
        let iat = NOW.unix_timestamp();
        let mut payload = serde_json::json!({
            "iss": ISSUER, "aud": AUDIENCE, "iat": iat, "exp": iat + 60, "sub": "7", "sid": 9, "role": "company",
        });
        change(&mut header, &mut payload);
        encode(&header, &payload, &EncodingKey::from_secret(&key("a").secret)).unwrap()
    }

    #[test]
    fn only_complete_access_tokens_are_accepted() {
        let keys = Keys::new(key("a"), None);
        assert!(keys.verify(&forged(|_, _| ()), NOW).is_ok());
        let refused = |name: &str, token: String| assert!(keys.verify(&token, NOW).is_err(), "{name}");
        refused("another typ", forged(|header, _| header.typ = Some("JWT".to_owned())));
        refused("no typ", forged(|header, _| header.typ = None));
        refused("no kid", forged(|header, _| header.kid = None));
        for claim in ["iss", "aud", "iat", "exp", "sub", "sid", "role"] {
            refused(claim, forged(|_, payload| drop(payload.as_object_mut().unwrap().remove(claim))));
        }
        for (claim, value) in [("iss", "x"), ("aud", "x"), ("sub", "0"), ("sub", "x"), ("role", "admin")] {
            refused(claim, forged(|_, payload| payload[claim] = value.into()));
        }
        let whole = forged(|_, _| ());
        refused("truncated", whole[..whole.len() - 1].to_owned());
        refused("no signature", format!("{}.", whole.rsplit_once('.').unwrap().0));
        refused("another algorithm", {
            let mut header = Header::new(Algorithm::HS384);
            header.typ = Some(TYPE.to_owned());
            header.kid = Some("a".to_owned());
            let body = serde_json::json!({"iss": ISSUER, "aud": AUDIENCE, "iat": 0, "exp": i64::MAX, "sub": "7", "sid": 9, "role": "company"});
            encode(&header, &body, &EncodingKey::from_secret(&key("a").secret)).unwrap()
        });
        refused(
            "another key",
            Keys::new(Key::new("a", &[1; 32]).unwrap(), None).sign(&claims(), NOW, 60).unwrap(),
        );
    }
}
