//! Pseudonyms: keyed hashes of personal data, for tables and logs that must not contain the data.

use std::fmt::Write;

use aws_lc_rs::hmac;

/// A key of pseudonyms. The key of a deployment's stored pseudonyms must not change, because a
/// pseudonym of a withdrawn account keeps its username taken. The canary has another key.
pub struct PseudonymKey(hmac::Key);

impl PseudonymKey {
    /// Returns `None` if the secret has less than 256 bits.
    pub fn new(secret: &[u8]) -> Option<Self> {
        (secret.len() >= 32).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// Returns the HMAC-SHA256 of a text for a purpose: 64 hexadecimal digits. The same text has
    /// unrelated pseudonyms for different purposes.
    pub fn of(&self, purpose: &str, text: &str) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(purpose.as_bytes());
        context.update(b"\0");
        context.update(text.as_bytes());
        context.sign().as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
            _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonym_depends_on_key_purpose_and_text() {
        let key = PseudonymKey::new(&[7; 32]).unwrap();
        let name = key.of("username", "haneul01");
        assert_eq!(name, key.of("username", "haneul01"));
        assert!(name.len() == 64 && name.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let other = PseudonymKey::new(&[8; 32]).unwrap();
        for different in
            [key.of("username", "haneul02"), key.of("network", "haneul01"), other.of("username", "haneul01")]
        {
            assert_ne!(name, different);
        }
        assert!(PseudonymKey::new(&[7; 31]).is_none());
    }
}
