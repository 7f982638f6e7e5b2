//! How long the connection was idle, and how far it can be trusted.
//!
//! A connection can go silent while its environment is frozen: the network forgets it, or its
//! server is replaced. A statement on it gets no error and no answer. The server also closes
//! connections that are idle for a minute, and a frozen environment does not see that at once.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A connection that was idle for this time is replaced before its use. It is shorter than the
/// server's `idle_session_timeout` (in `infra/database.yaml`), so no statement is sent on a
/// connection that the server has closed for being idle.
const MAX_IDLE: Duration = Duration::from_secs(45);

/// A connection that was idle for this time may be silent. Functions that are busy use theirs more
/// often, so an overloaded database does not get statements twice.
const DOUBTFUL_AFTER: Duration = Duration::from_secs(2);

/// How far a connection can be trusted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// It answered a moment ago.
    Alive,
    /// It may be silent.
    Doubtful,
    /// It must not be used.
    TooOld,
}

/// When the connection last answered.
#[derive(Debug, Default)]
pub(crate) struct LastAnswer(AtomicU64);

impl LastAnswer {
    /// Notes an answer of the server, or a new connection.
    pub(crate) fn note(&self) {
        self.0.store(now(), Ordering::Relaxed);
    }

    pub(crate) fn trust(&self) -> Trust {
        trust(Duration::from_millis(now().saturating_sub(self.0.load(Ordering::Relaxed))))
    }
}

/// Milliseconds of the wall clock. The monotonic clock may stand still while an environment is
/// frozen.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

fn trust(idle: Duration) -> Trust {
    if idle >= MAX_IDLE {
        Trust::TooOld
    } else if idle >= DOUBTFUL_AFTER {
        Trust::Doubtful
    } else {
        Trust::Alive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_shrinks_with_the_idle_time() {
        let after = |millis| trust(Duration::from_millis(millis));
        assert_eq!([after(0), after(1_999)], [Trust::Alive, Trust::Alive]);
        assert_eq!([after(2_000), after(44_999)], [Trust::Doubtful, Trust::Doubtful]);
        assert_eq!([after(45_000), after(3_600_000)], [Trust::TooOld, Trust::TooOld]);
    }

    #[test]
    fn answer_restores_the_trust() {
        let last = LastAnswer::default();
        assert_eq!(last.trust(), Trust::TooOld);
        last.note();
        assert_eq!(last.trust(), Trust::Alive);
    }
}
