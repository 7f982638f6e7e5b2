//! The state that the clients of a run share with the run.

use std::sync::atomic::{AtomicBool, AtomicU64};

use crate::{refusals::Refusals, wire::Wire};

/// The phases of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The clients connect and verify for the first time that they have all messages.
    Arriving,
    /// The clients write new messages.
    Sending,
    /// The clients send the written messages until all are acknowledged.
    Draining,
    /// The clients verify that they have all messages.
    Settling,
    /// The clients end.
    Over,
}

/// The state that all clients of a run share.
#[derive(Debug, Default)]
pub struct Common {
    /// The switches of client-side faults.
    pub wire: Wire,
    /// The errors that clients received.
    pub refusals: Refusals,
    /// Messages written so far.
    pub written: AtomicU64,
    /// Messages acknowledged so far.
    pub acknowledged: AtomicU64,
}

/// The status of a running client.
#[derive(Debug, Default)]
pub struct Status {
    /// Whether no message waits for an acknowledgement.
    pub empty: AtomicBool,
    /// Whether, in a phase without new messages, the answer to a heartbeat confirmed that this
    /// client has all messages.
    pub settled: AtomicBool,
}
