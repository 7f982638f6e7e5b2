//! Client-side faults: a fault arms a switch, and the next client that passes the switch triggers
//! it.

use std::sync::atomic::{AtomicU32, Ordering};

use super::faults::Kind;

/// The switches of all client-side faults.
#[derive(Debug, Default)]
pub struct Wire {
    /// Cuts the connection, without a close frame, just before a message is sent.
    pub cut_before_send: Switch,
    /// Cuts the connection just after a message was sent.
    pub cut_after_send: Switch,
    /// Cuts the connection while the history is being fetched after a reconnect.
    pub cut_while_resyncing: Switch,
    /// Sends a message's frame twice.
    pub send_twice: Switch,
}

/// The switch of one fault, with the number of times it will still happen and has happened.
#[derive(Debug, Default)]
pub struct Switch {
    armed: AtomicU32,
    happened: AtomicU32,
}

impl Wire {
    /// Returns all switches with the names of their faults.
    pub fn switches(&self) -> [(&'static str, &Switch); 4] {
        [
            (Kind::CutBeforeSend.name(), &self.cut_before_send),
            (Kind::CutAfterSend.name(), &self.cut_after_send),
            (Kind::CutWhileResyncing.name(), &self.cut_while_resyncing),
            (Kind::SentTwice.name(), &self.send_twice),
        ]
    }
}

impl Switch {
    /// Makes the fault happen the next `times` times.
    pub fn arm(&self, times: u32) {
        self.armed.store(times, Ordering::Relaxed);
    }

    /// Returns how often the fault still has to happen.
    pub fn armed(&self) -> u32 {
        self.armed.load(Ordering::Relaxed)
    }

    /// Notes that the fault happened in another process.
    pub fn happened_elsewhere(&self, times: u32) {
        let count_down = |armed: u32| Some(armed.saturating_sub(times));
        _ = self.armed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count_down);
        self.happened.fetch_add(times, Ordering::Relaxed);
    }

    /// Returns how often the fault has happened.
    pub fn happened(&self) -> u32 {
        self.happened.load(Ordering::Relaxed)
    }

    /// Counts down and returns true if the fault has to happen now.
    pub fn fire(&self) -> bool {
        let fires = self
            .armed
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |armed| armed.checked_sub(1))
            .is_ok();
        self.happened.fetch_add(u32::from(fires), Ordering::Relaxed);
        fires
    }
}
