//! What goes wrong on a client's side of the wire, armed by the faults and done by the next client that comes to it.

use std::sync::atomic::{AtomicU32, Ordering};

/// The faults of clients.
#[derive(Debug, Default)]
pub struct Wire {
    /// The connection is cut, without a closing frame, when a message was about to be sent.
    pub cut_before_send: Switch,
    /// The connection is cut right after a message was sent.
    pub cut_after_send: Switch,
    /// The connection is cut while the history is being fetched after a reconnect.
    pub cut_while_resyncing: Switch,
    /// A message's frame is sent twice in a row.
    pub send_twice: Switch,
}

/// One fault: how often it is still to happen, and how often it has.
#[derive(Debug, Default)]
pub struct Switch {
    armed: AtomicU32,
    happened: AtomicU32,
}

impl Switch {
    /// Has it happen so many times, from now on.
    pub fn arm(&self, times: u32) {
        self.armed.store(times, Ordering::Relaxed);
    }

    /// How often it has happened in all.
    pub fn happened(&self) -> u32 {
        self.happened.load(Ordering::Relaxed)
    }

    /// Whether it is to happen here and now.
    pub fn strikes(&self) -> bool {
        let strikes = self
            .armed
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |armed| armed.checked_sub(1))
            .is_ok();
        self.happened.fetch_add(u32::from(strikes), Ordering::Relaxed);
        strikes
    }
}
