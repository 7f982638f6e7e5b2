//! Sealed texts, which a client can send back, but cannot make or change.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::Keys;

/// The size of a tag in bytes: HMAC-SHA256.
const TAG: usize = 32;

impl Keys {
    /// Seals `bytes` for one purpose: the bytes and their tag in base64url. The client can read
    /// them.
    pub fn seal(&self, purpose: &str, bytes: &[u8]) -> String {
        let mut sealed = bytes.to_vec();
        if let Some(key) = self.for_hmac().next() {
            sealed.extend_from_slice(hmac::sign(&key, &tagged(purpose, bytes)).as_ref());
        }
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Returns the bytes of a text that was sealed for this purpose with the current or the
    /// previous key, and `None` for any other text.
    pub fn unseal(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        let mut sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let tag = sealed.split_off(sealed.len().checked_sub(TAG)?);
        let tagged = tagged(purpose, &sealed);
        self.for_hmac().any(|key| hmac::verify(&key, &tagged, &tag).is_ok()).then_some(sealed)
    }
}

/// The input of the tag. It begins neither like a JWT nor like the input of a refresh token's
/// successor, so a tag is never the signature of one of these.
fn tagged(purpose: &str, bytes: &[u8]) -> Vec<u8> {
    // With the length, so that different pairs of a purpose and bytes give different texts.
    let mut text = format!("sealed\0{}\0{purpose}", purpose.len()).into_bytes();
    text.extend_from_slice(bytes);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;

    fn key(id: &str) -> Key {
        Key::new(id, format!("{id:-<32}").as_bytes()).unwrap()
    }

    #[test]
    fn sealed_bytes_are_only_read_for_their_purpose() {
        let keys = Keys::new(key("a"), None);
        let sealed = keys.seal("rooms of 7", b"place");
        assert_eq!(keys.unseal("rooms of 7", &sealed), Some(b"place".to_vec()));
        for purpose in ["rooms of 8", "rooms of ", "rooms of 7p", ""] {
            assert_eq!(keys.unseal(purpose, &sealed), None, "{purpose}");
        }
    }

    #[test]
    fn previous_key_unseals_and_other_keys_do_not() {
        let sealed = Keys::new(key("old"), None).seal("p", b"place");
        assert!(Keys::new(key("new"), Some(key("old"))).unseal("p", &sealed).is_some());
        assert!(Keys::new(key("new"), Some(key("newer"))).unseal("p", &sealed).is_none());
    }

    #[test]
    fn changed_text_is_rejected() {
        let keys = Keys::new(key("a"), None);
        let sealed = keys.seal("p", &[7; 16]);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(keys.unseal("p", str::from_utf8(&changed).unwrap()), None, "at {place}");
        }
        for text in [
            "",
            "A",
            "가",
            &sealed[1..],
            &sealed[..sealed.len() - 1],
            &format!("{sealed}A"),
            &format!("{sealed}="),
        ] {
            assert_eq!(keys.unseal("p", text), None, "{text:?}");
        }
    }
}
