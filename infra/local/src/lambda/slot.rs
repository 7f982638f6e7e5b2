//! One process of a function as the pool sees it, and the calls it is given.

use std::time::Instant;

use axum::body::Bytes;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::InvokeError;

pub(super) type Answer = oneshot::Sender<Result<Bytes, InvokeError>>;

/// A call that waits for a process.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: Uuid,
    pub(super) event: Bytes,
    pub(super) answer: Answer,
}

/// An event on its way to a process.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) id: Uuid,
    pub(super) event: Bytes,
    /// Milliseconds since the epoch.
    pub(super) deadline: u128,
}

/// What a process of a function is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentState {
    /// It has not asked for its first event.
    Starting,
    /// It is frozen and waits for an event.
    Idle,
    /// It works on an event.
    Busy,
    /// It has answered and not yet asked for the next event.
    Finishing,
    /// It has been killed.
    Ending,
}

/// A process of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The process id; nothing until it has been started.
    pub pid: Option<u32>,
    /// What it is doing.
    pub state: EnvironmentState,
    /// Events it has been given.
    pub served: u64,
}

#[derive(Debug)]
pub(super) enum State {
    Starting,
    Idle { next: oneshot::Sender<Delivery>, since: Instant },
    Busy { call: Uuid, answer: Answer, timer: AbortHandle, pushes: u32 },
    Finishing { call: Uuid, timer: AbortHandle },
    Ending,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) pid: Option<u32>,
    pub(super) state: State,
    pub(super) served: u64,
    /// Why it was killed, or what it reported to `init/error`.
    pub(super) reason: Option<InvokeError>,
    /// A fault has killed it: whatever else it still gets to do does not count.
    pub(super) doomed: bool,
}

impl Slot {
    /// For a process that is about to be started.
    pub(super) fn starting() -> Self {
        Self { pid: None, state: State::Starting, served: 0, reason: None, doomed: false }
    }

    /// Signals the process and all it has started; a process that is gone needs no signal.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid.and_then(|pid| Pid::from_raw(pid.cast_signed())) {
            _ = kill_process_group(pid, signal);
        }
    }

    /// What others may know of it.
    pub(super) fn view(&self) -> Environment {
        let state = match self.state {
            State::Starting => EnvironmentState::Starting,
            State::Idle { .. } => EnvironmentState::Idle,
            State::Busy { .. } => EnvironmentState::Busy,
            State::Finishing { .. } => EnvironmentState::Finishing,
            State::Ending => EnvironmentState::Ending,
        };
        Environment { pid: self.pid, state, served: self.served }
    }

    /// Takes back an event that the process never saw.
    pub(super) fn take_back(&mut self, delivery: Delivery) -> Option<Call> {
        match std::mem::replace(&mut self.state, State::Ending) {
            State::Busy { answer, timer, .. } => {
                timer.abort();
                self.served -= 1;
                Some(Call { id: delivery.id, event: delivery.event, answer })
            }
            _ => None,
        }
    }
}
