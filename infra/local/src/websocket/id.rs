//! Ids of connections and requests, in the form that API Gateway uses.

use base64::{Engine, engine::general_purpose::URL_SAFE};

/// The bytes of an id. Its text has sixteen characters and ends in `=`.
const BYTES: usize = 11;

/// Returns a random id.
pub(super) fn random() -> String {
    URL_SAFE.encode(&uuid::Uuid::new_v4().as_bytes()[..BYTES])
}

/// Whether a text has the form of an id.
pub(super) fn is_well_formed(text: &str) -> bool {
    URL_SAFE.decode(text).is_ok_and(|bytes| bytes.len() == BYTES)
}
