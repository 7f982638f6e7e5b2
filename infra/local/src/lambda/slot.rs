//! One process of a function as the pool sees it.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};
use uuid::Uuid;

use super::{
    InvokeError,
    call::{Answer, Call, Delivery},
};
use crate::clock::Turn;

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
    /// The process id; `None` until the process has been started.
    pub pid: Option<u32>,
    /// What the process is doing.
    pub state: EnvironmentState,
    /// The number of events that it has been given.
    pub served: u64,
}

#[derive(Debug)]
pub(super) enum State {
    Starting,
    /// `since` is a time of the cloud's [`Clock`](crate::Clock).
    Idle {
        next: oneshot::Sender<Delivery>,
        since: Duration,
    },
    Busy {
        call: Uuid,
        route: Option<String>,
        answer: Answer,
        pushes: u32,
    },
    /// The clock skips no time until the process is idle.
    Finishing(Turn),
    Ending,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) pid: Option<u32>,
    pub(super) state: State,
    pub(super) served: u64,
    /// Why the process was killed, or what it reported to `init/error`.
    pub(super) reason: Option<InvokeError>,
    /// Whether a fault has killed the process. Requests that it still sends are ignored.
    pub(super) doomed: bool,
    /// When the process is killed, unless it has asked for the next event by then.
    pub(super) deadline: watch::Sender<Option<Instant>>,
}

impl Slot {
    /// Creates a slot for a process that is about to be started.
    pub(super) fn starting() -> Self {
        let deadline = watch::Sender::new(None);
        Self { pid: None, state: State::Starting, served: 0, reason: None, doomed: false, deadline }
    }

    /// Sends a signal to the process and all its descendants. Does nothing if they have ended.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid.and_then(|pid| Pid::from_raw(pid.cast_signed())) {
            _ = kill_process_group(pid, signal);
        }
    }

    /// The process as the users of this crate see it.
    pub(super) fn view(&self) -> Environment {
        let state = match self.state {
            State::Starting => EnvironmentState::Starting,
            State::Idle { .. } => EnvironmentState::Idle,
            State::Busy { .. } => EnvironmentState::Busy,
            State::Finishing(_) => EnvironmentState::Finishing,
            State::Ending => EnvironmentState::Ending,
        };
        Environment { pid: self.pid, state, served: self.served }
    }

    /// Takes back an event that the process did not receive.
    pub(super) fn take_back(&mut self, delivery: Delivery) -> Option<Call> {
        match std::mem::replace(&mut self.state, State::Ending) {
            State::Busy { route, answer, .. } => {
                self.deadline.send_replace(None);
                self.served -= 1;
                Some(Call { id: delivery.id, event: delivery.event, route, answer })
            }
            _ => None,
        }
    }
}
