//! The networks whose last sign-up was over their limit. A process rejects their next ones without
//! the database, and so before it computes the hash of a password, which takes much CPU time.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use chatchat_function::Error;

/// The networks, with the time from which a sign-up can succeed. The monotonic clock may stand still
/// while an environment is frozen, so this is the wall clock.
static REFUSED: LazyLock<Mutex<HashMap<String, SystemTime>>> = LazyLock::new(Mutex::default);

/// Fails with 429 `too_many_requests` while a sign-up of the network would be over its limit.
pub fn check(network: &str) -> Result<(), Error> {
    let until = refused().get(network).copied();
    match until.map(|until| until.duration_since(SystemTime::now())) {
        Some(Ok(wait)) => Err(Error::TooManyRequests(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX) + 1)),
        _ => Ok(()),
    }
}

/// Notes that a sign-up of the network was over its limit, and can succeed in `seconds`.
pub fn note(network: String, seconds: u32) {
    let now = SystemTime::now();
    let mut refused = refused();
    // A network gets here only after many sign-ups, so there are few.
    refused.retain(|_, until| *until > now);
    refused.insert(network, now + Duration::from_secs(seconds.into()));
}

fn refused() -> MutexGuard<'static, HashMap<String, SystemTime>> {
    REFUSED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_is_refused_until_its_wait_has_passed() {
        for (network, seconds) in [("192.0.2.0/24", 100), ("198.51.100.0/24", 0)] {
            note(network.to_owned(), seconds);
        }
        assert!(matches!(check("192.0.2.0/24"), Err(Error::TooManyRequests(1..=100))));
        for other in ["198.51.100.0/24", "203.0.113.0/24"] {
            assert!(check(other).is_ok(), "{other}");
        }
    }
}
