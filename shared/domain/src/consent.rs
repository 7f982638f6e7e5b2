//! The documents that an account accepts when it signs up.

/// The documents with their current versions, which are dates.
pub const DOCUMENTS: [(&str, &str); 2] = [("terms", "2026-11-27"), ("privacy", "2026-11-27")];
