//! The life of a function's processes, from the start to whatever end.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;

use super::InvokeError;
use super::pool::{Inner, Pool};
use super::slot::{Environment, Slot, State};
use crate::guard;

impl Pool {
    /// The process runs.
    pub(super) fn started(&self, id: u64, pid: u32) {
        guard::watch_function(pid);
        let mut inner = self.lock();
        let closed = inner.closed;
        if let Some(slot) = inner.slots.get_mut(&id) {
            slot.pid = Some(pid);
            if closed {
                slot.signal(Signal::KILL);
            }
        }
    }

    /// The process reports that it cannot start; it ends by itself.
    pub(super) fn init_failed(&self, id: u64, reason: InvokeError) {
        if let Some(slot) = self.lock().slots.get_mut(&id) {
            slot.reason = Some(reason);
        }
    }

    /// Kills the process if it has not asked for its first event.
    pub(super) fn end_init(&self, id: u64) {
        if let Some(slot) = self.lock().slots.get_mut(&id)
            && matches!(slot.state, State::Starting)
        {
            let message = format!("it did not ask for an event within {:?}", self.function.init_limit);
            slot.reason = Some(InvokeError::Init(message));
            slot.signal(Signal::KILL);
        }
    }

    /// The process has ended, or could not be started; `why` is what is known of it. The call it had fails, and no other.
    pub(super) fn ended_because(self: &Arc<Self>, id: u64, why: &str) {
        let mut inner = self.lock();
        let Some(slot) = inner.slots.remove(&id) else {
            return;
        };
        if let Some(pid) = slot.pid {
            guard::forget(pid);
        }
        inner.idle.retain(|other| *other != id);
        match slot.state {
            State::Busy { answer, timer, .. } => {
                timer.abort();
                inner.in_flight -= 1;
                let reason = slot.reason.unwrap_or_else(|| InvokeError::Crashed(why.to_owned()));
                self.report(&reason);
                _ = answer.send(Err(reason));
            }
            State::Starting => {
                let reason = slot.reason.unwrap_or_else(|| InvokeError::Init(why.to_owned()));
                self.report(&reason);
                if let Some(call) = inner.waiting.pop_front() {
                    inner.in_flight -= 1;
                    _ = call.answer.send(Err(reason));
                }
            }
            State::Finishing { timer, .. } => timer.abort(),
            State::Idle { .. } | State::Ending => {}
        }
        if !inner.closed {
            self.hand_out(&mut inner);
        }
        drop(inner);
        self.slot_ended.notify_waiters();
    }

    /// Ends the processes that have waited for an event for so long.
    pub(super) fn end_idle(&self, limit: Duration) {
        let mut inner = self.lock();
        let Inner { slots, idle, .. } = &mut *inner;
        idle.retain(|id| {
            let Some(slot) = slots.get_mut(id) else {
                return false;
            };
            let waits = matches!(slot.state, State::Idle { since, .. } if since.elapsed() < limit);
            if !waits {
                slot.state = State::Ending;
                slot.signal(Signal::KILL);
            }
            waits
        });
    }

    fn report(&self, reason: &InvokeError) {
        self.log.line(|| format!("{}: {reason}", self.function.id));
    }

    pub(super) fn environments(&self) -> Vec<Environment> {
        self.lock().slots.values().map(Slot::view).collect()
    }

    pub(super) fn kill(&self, pid: u32) -> bool {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let Some((id, slot)) = inner.slots.iter_mut().find(|(_, slot)| slot.pid == Some(pid)) else {
            return false;
        };
        if matches!(slot.state, State::Idle { .. }) {
            slot.state = State::Ending;
            inner.idle.retain(|other| other != id);
        }
        slot.signal(Signal::KILL);
        true
    }

    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        for call in std::mem::take(&mut inner.waiting) {
            _ = call.answer.send(Err(InvokeError::Stopped));
        }
        for slot in inner.slots.values_mut() {
            slot.reason = Some(InvokeError::Stopped);
            slot.signal(Signal::KILL);
        }
    }

    pub(super) async fn ended(&self) {
        loop {
            let mut ended = std::pin::pin!(self.slot_ended.notified());
            ended.as_mut().enable();
            if self.lock().slots.is_empty() {
                return;
            }
            ended.await;
        }
    }
}
