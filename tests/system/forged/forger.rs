//! The forged access tokens. The forger knows the signing key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chatchat_harness::Person;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use crate::{World, changed};

/// An attacker who knows the signing key and the claims of a customer's token.
pub(super) struct Forger {
    kid: String,
    secret: String,
    pub(super) claims: Value,
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A message with a signature.
fn signed(message: &str, secret: &str, algorithm: Algorithm) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    format!("{message}.{}", crypto::sign(message.as_bytes(), &key, algorithm).unwrap())
}

fn claims(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

impl Forger {
    pub(super) fn new(world: &World, of: &Person) -> Self {
        let (kid, secret) = world.system.signing_key().unwrap();
        Self { kid, secret, claims: claims(&of.token) }
    }

    pub(super) fn header(&self) -> Value {
        json!({ "alg": "HS256", "typ": "at+jwt", "kid": self.kid })
    }

    /// A message with a signature of the product's key.
    fn sign(&self, message: &str, algorithm: Algorithm) -> String {
        signed(message, &self.secret, algorithm)
    }

    pub(super) fn token(&self, header: &Value, claims: &Value) -> String {
        self.sign(&format!("{}.{}", part(header), part(claims)), Algorithm::HS256)
    }

    /// The token that the product would issue.
    pub(super) fn unchanged(&self) -> String {
        self.token(&self.header(), &self.claims)
    }

    /// A token with a changed header field, which null removes.
    fn with_header(&self, field: &str, value: Value) -> String {
        self.token(&changed(self.header(), field, value), &self.claims)
    }

    pub(super) fn with_claim(&self, field: &str, value: Value) -> String {
        self.token(&self.header(), &changed(self.claims.clone(), field, value))
    }

    /// A token with another algorithm name in its header, signed with an algorithm.
    fn with_algorithm(&self, name: &str, algorithm: Algorithm) -> String {
        let header = changed(self.header(), "alg", name.into());
        self.sign(&format!("{}.{}", part(&header), part(&self.claims)), algorithm)
    }

    fn unsigned(&self, alg: &str) -> String {
        format!("{}.{}.", part(&changed(self.header(), "alg", alg.into())), part(&self.claims))
    }

    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        let long = "k".repeat(5000);
        let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode("0".repeat(32)) });
        vec![
            ("alg none", self.unsigned("none")),
            ("alg None", self.unsigned("None")),
            ("alg nOnE", self.unsigned("nOnE")),
            ("alg none, with the right signature", self.with_algorithm("none", Algorithm::HS256)),
            ("alg empty", self.with_header("alg", "".into())),
            ("alg missing", self.with_header("alg", Value::Null)),
            ("alg hs256", self.with_header("alg", "hs256".into())),
            ("alg a list", self.with_header("alg", json!(["HS256"]))),
            ("alg HS384", self.with_algorithm("HS384", Algorithm::HS384)),
            ("alg HS512", self.with_algorithm("HS512", Algorithm::HS512)),
            ("alg RS256, the key as a public key", self.with_algorithm("RS256", Algorithm::HS256)),
            ("alg ES256", self.with_algorithm("ES256", Algorithm::HS256)),
            ("alg EdDSA", self.with_algorithm("EdDSA", Algorithm::HS256)),
            ("alg HS256, signed with HS512", self.with_algorithm("HS256", Algorithm::HS512)),
            ("typ missing", self.with_header("typ", Value::Null)),
            ("typ JWT", self.with_header("typ", "JWT".into())),
            ("typ of a refresh token", self.with_header("typ", "rt+jwt".into())),
            ("kid missing", self.with_header("kid", Value::Null)),
            ("kid empty", self.with_header("kid", "".into())),
            ("kid unknown", self.with_header("kid", "0191e3a8-0000-7000-8000-000000000000".into())),
            ("kid a path", self.with_header("kid", "../../../../dev/null".into())),
            ("kid with SQL", self.with_header("kid", "' or '1'='1".into())),
            ("kid with NUL", self.with_header("kid", format!("{}\0", self.kid).into())),
            ("kid very long", self.with_header("kid", long.into())),
            ("kid a number", self.with_header("kid", json!(1))),
            ("jwk with the forger's key", {
                let header = changed(self.header(), "jwk", jwk);
                let message = format!("{}.{}", part(&header), part(&self.claims));
                signed(&message, &"0".repeat(32), Algorithm::HS256)
            }),
            ("header not an object", self.token(&json!("HS256"), &self.claims)),
        ]
    }

    pub(super) fn bodies(&self) -> Vec<(&'static str, String)> {
        let now = self.claims["iat"].as_i64().unwrap();
        vec![
            ("aud missing", self.with_claim("aud", Value::Null)),
            ("aud another", self.with_claim("aud", "chatchat-admin".into())),
            ("aud empty", self.with_claim("aud", "".into())),
            ("iss missing", self.with_claim("iss", Value::Null)),
            ("iss another", self.with_claim("iss", "https://evil.example".into())),
            ("exp missing", self.with_claim("exp", Value::Null)),
            ("exp past", self.with_claim("exp", json!(now - 60))),
            ("exp zero", self.with_claim("exp", json!(0))),
            ("exp negative", self.with_claim("exp", json!(-1))),
            ("exp a text", self.with_claim("exp", json!((now + 600).to_string()))),
            (
                "exp with a fraction",
                self.with_claim("exp", json!(600.5 + f64::from(u32::try_from(now).unwrap()))),
            ),
            ("exp too large for an integer", self.with_claim("exp", json!(1e300))),
            ("iat missing", self.with_claim("iat", Value::Null)),
            ("iat in the future", self.with_claim("iat", json!(now + 3600))),
            ("iat a text", self.with_claim("iat", json!("now"))),
            ("nbf in the future", self.with_claim("nbf", json!(now + 3600))),
            ("sub missing", self.with_claim("sub", Value::Null)),
            ("sub 0", self.with_claim("sub", "0".into())),
            ("sub letters", self.with_claim("sub", "admin".into())),
            ("sub negative", self.with_claim("sub", "-1".into())),
            ("sub a number", self.with_claim("sub", json!(1))),
            ("sub larger than any id", self.with_claim("sub", "9007199254740992".into())),
            ("sid missing", self.with_claim("sid", Value::Null)),
            ("sid 0", self.with_claim("sid", json!(0))),
            ("sid negative", self.with_claim("sid", json!(-1))),
            ("sid a text", self.with_claim("sid", self.claims["sid"].to_string().into())),
            ("sid unknown", self.with_claim("sid", json!(9_007_199_254_740_991_i64))),
            ("role missing", self.with_claim("role", Value::Null)),
            ("role unknown", self.with_claim("role", "admin".into())),
            ("role in capitals", self.with_claim("role", "CUSTOMER".into())),
            ("claims not an object", self.token(&self.header(), &json!([1]))),
            ("claims empty", self.token(&self.header(), &json!({}))),
            ("a token in a token", self.token(&self.header(), &json!(self.unchanged()))),
        ]
    }

    /// Damaged forms of a valid token.
    pub(super) fn damaged(&self, good: &str) -> Vec<(&'static str, String)> {
        let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else {
            panic!("a token has three parts")
        };
        let other_last = if signature.starts_with('A') { 'B' } else { 'A' };
        let other_key =
            signed(&format!("{head}.{body}"), "another key of more than 256 bits", Algorithm::HS256);
        let promoted = part(&changed(self.claims.clone(), "role", "company".into()));
        vec![
            ("signed with another key", other_key),
            ("other claims under the signature", format!("{head}.{promoted}.{signature}")),
            ("first bit of the signature flipped", format!("{head}.{body}.{other_last}{}", &signature[1..])),
            ("signature cut by one", good[..good.len() - 1].to_owned()),
            ("signature longer by one", format!("{good}A")),
            ("signature empty", format!("{head}.{body}.")),
            ("no signature", format!("{head}.{body}")),
            ("body empty", format!("{head}..{signature}")),
            ("header empty", format!(".{body}.{signature}")),
            ("only dots", "..".to_owned()),
            ("header doubled", format!("{head}.{good}")),
            ("token doubled", format!("{good}.{good}")),
            ("four parts", format!("{good}.{signature}")),
            ("five parts, as an encrypted one", format!("{head}.{head}.{body}.{body}.{signature}")),
            ("parts swapped", format!("{body}.{head}.{signature}")),
            ("white space in the middle", format!("{head}. {body}.{signature}")),
            ("a tab in the middle", format!("{head}.\t{body}.{signature}")),
            ("base64 with padding", format!("{head}.{body}.{signature}=")),
            ("characters of plain base64", format!("{head}.{body}.+/{}", &signature[2..])),
            ("characters that are not base64", format!("{head}.{body}.!*{}", &signature[2..])),
            ("percent-encoded dots", good.replace('.', "%2E")),
            (
                "JSON serialisation",
                json!({ "payload": body, "signatures": [{ "protected": head, "signature": signature }] })
                    .to_string(),
            ),
            ("30 KB long", format!("{head}.{}.{signature}", body.repeat(30_000 / body.len()))),
            ("100 KB long", "A".repeat(100_000)),
            ("twice, with a comma", format!("{good}, Bearer {good}")),
            ("null", "null".to_owned()),
            ("undefined", "undefined".to_owned()),
        ]
    }
}
