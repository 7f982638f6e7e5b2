//! Versions of PostgreSQL.

/// The oldest major version that is used.
pub(crate) const MINIMUM: u32 = 15;

/// The major version of a version such as `15.18` or `19beta1`.
pub(super) fn major(version: &str) -> Option<u32> {
    version.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}
