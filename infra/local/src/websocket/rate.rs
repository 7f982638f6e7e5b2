//! A limit on the number of events per second.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

#[derive(Debug)]
pub(super) struct RateLimit {
    per_second: u32,
    /// The start of the current second, and the number of events in it.
    second: Mutex<(Instant, u32)>,
}

impl RateLimit {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second, second: Mutex::new((Instant::now(), 0)) }
    }

    /// Counts an event. Returns false if it exceeds the limit of its second.
    pub(super) fn allows(&self, now: Instant) -> bool {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(second.0) >= Duration::from_secs(1) {
            *second = (now, 0);
        }
        second.1 += 1;
        second.1 <= self.per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_allows_the_limit() {
        let rate = RateLimit::new(2);
        let start = Instant::now() + Duration::from_secs(5);
        let allowed = [0, 1, 999, 1000, 1500, 1999, 2000];
        let allowed = allowed.map(|milliseconds| rate.allows(start + Duration::from_millis(milliseconds)));
        assert_eq!(allowed, [true, true, false, true, true, false, true]);
    }
}
