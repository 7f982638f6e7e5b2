//! Secrets of 256 random bits: refresh tokens and tickets. The database only has their hashes.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// A secret: 43 characters of base64url.
pub struct Secret(String);

impl Secret {
    /// Generates a secret. Fails only if the system provides no random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Parses the secret in a client's request. Returns `None` for a text that does not have the
    /// form of a secret, which saves a query. The database may not know the returned secret.
    pub fn presented(text: &str) -> Option<Self> {
        let has_form = text.len() == 43
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        has_form.then(|| Self(text.to_owned()))
    }

    /// Returns the successor of this refresh token. It is a keyed hash of the token, so exchanging
    /// the token twice returns the same successor, and only the key's owner can compute it.
    pub(crate) fn successor(&self, key: &hmac::Key) -> Self {
        let mut context = hmac::Context::with_key(key);
        // No JWT begins with this text, so the result is never the signature of a token.
        context.update(b"refresh token after\0");
        context.update(self.0.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(context.sign()))
    }

    /// Returns the text of the secret, which only its owner may see.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns the SHA-256 of the secret, for the database.
    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }
}

/// Returns the SHA-256 of a text.
pub fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_have_256_bits() {
        let (one, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(URL_SAFE_NO_PAD.decode(one.reveal()).unwrap().len(), 32);
        assert_ne!(one.hash(), other.hash());
    }

    #[test]
    fn presented_secret_has_the_hash_of_the_generated_one() {
        let secret = Secret::generate().unwrap();
        assert_eq!(Secret::presented(secret.reveal()).unwrap().hash(), secret.hash());
    }

    #[test]
    fn text_without_the_form_of_a_secret_is_rejected() {
        let good = "-_09azAZ".repeat(6)[..43].to_owned();
        assert!(Secret::presented(&good).is_some());
        let changed = |last: &str| format!("{}{last}", &good[..42]);
        for text in ["", &good[1..], &format!("{good}A"), &changed("="), &changed(" "), &changed("\0")] {
            assert!(Secret::presented(text).is_none(), "{text:?}");
        }
        // 43 bytes, and 43 characters, of which some are not in the base64url alphabet.
        assert!(Secret::presented(&format!("{}가", &good[..40])).is_none());
        assert!(Secret::presented(&"가".repeat(43)).is_none());
    }
}
