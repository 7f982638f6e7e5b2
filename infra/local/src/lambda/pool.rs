//! The processes and calls of one function: which process gets which call, and when another process
//! is needed. Starts no process and waits for nothing.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::body::Bytes;
use rustix::process::Signal;
use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};
use uuid::Uuid;

use super::{
    InvokeError,
    call::{Call, Delivery},
    function::Function,
    slot::{Environment, Slot, State},
};
use crate::{
    clock::Clock,
    faults::{Faults, Point},
    log::Log,
};

/// A pool that several tasks use.
#[derive(Clone, Debug)]
pub(super) struct SharedPool(Arc<Mutex<Pool>>);

impl SharedPool {
    pub(super) fn new(pool: Pool) -> Self {
        Self(Arc::new(Mutex::new(pool)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Pool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(super) struct Pool {
    function: Arc<Function>,
    log: Log,
    faults: Arc<Faults>,
    clock: Clock,
    slots: BTreeMap<u64, Slot>,
    next_slot: u64,
    /// Frozen processes, the most recently used last.
    idle: Vec<u64>,
    waiting: VecDeque<Call>,
    /// The number of calls without a result.
    in_flight: usize,
    /// When the function is active again. Until then, its calls fail.
    pending_until: Option<Instant>,
    closed: bool,
}

/// A process that the caller must start, and report as started or ended.
#[derive(Debug)]
#[must_use = "the pool waits for this process"]
pub(super) struct NewProcess {
    pub(super) id: u64,
    /// When the caller must call [`Pool::time_out`].
    pub(super) deadline: watch::Receiver<Option<Instant>>,
}

impl Pool {
    pub(super) fn new(function: Arc<Function>, log: Log, faults: Arc<Faults>, clock: Clock) -> Self {
        Self {
            function,
            log,
            faults,
            clock,
            slots: BTreeMap::new(),
            next_slot: 0,
            idle: Vec::new(),
            waiting: VecDeque::new(),
            in_flight: 0,
            pending_until: None,
            closed: false,
        }
    }

    /// Accepts a call. Returns the processes to start for it.
    pub(super) fn submit(&mut self, call: Call) -> Result<Vec<NewProcess>, InvokeError> {
        if self.closed {
            return Err(InvokeError::Stopped);
        }
        if self.pending_until.is_some_and(|until| Instant::now() < until) {
            return Err(InvokeError::NotActive("Pending"));
        }
        if self.in_flight >= self.function.environments {
            return Err(InvokeError::Throttled(self.function.environments));
        }
        self.in_flight += 1;
        self.waiting.push_back(call);
        Ok(self.assign())
    }

    /// Gives waiting calls to idle processes. Returns the processes to start for the calls that no
    /// process will become free for.
    fn assign(&mut self) -> Vec<NewProcess> {
        while !self.waiting.is_empty()
            && let Some(id) = self.idle.pop()
        {
            let Some(slot) = self.slots.get_mut(&id) else {
                continue;
            };
            let State::Idle { next, .. } = std::mem::replace(&mut slot.state, State::Ending) else {
                continue;
            };
            let Some(call) = self.waiting.pop_front() else {
                break;
            };
            slot.signal(Signal::CONT);
            // A process that has just ended did not receive the event, so another one can have it.
            if let Some(call) = self.give(id, call, next) {
                self.waiting.push_front(call);
            }
        }
        let coming = self
            .slots
            .values()
            .filter(|slot| matches!(slot.state, State::Starting | State::Finishing(_)))
            .count();
        (coming..self.waiting.len()).map(|_| self.add_slot()).collect()
    }

    fn add_slot(&mut self) -> NewProcess {
        let id = self.next_slot;
        self.next_slot += 1;
        let slot = Slot::starting();
        let deadline = slot.deadline.subscribe();
        self.slots.insert(id, slot);
        NewProcess { id, deadline }
    }

    /// Gives a process its next event. Returns the call if the process has ended.
    fn give(&mut self, id: u64, call: Call, next: oneshot::Sender<Delivery>) -> Option<Call> {
        let timeout = self.function.timeout;
        let slot = self.slots.get_mut(&id)?;
        slot.served += 1;
        slot.state = State::Busy { call: call.id, route: call.route, answer: call.answer, pushes: 0 };
        slot.deadline.send_replace(Some(Instant::now() + timeout));
        if self.fault_kills(id, Point::BeforeWork) {
            return None;
        }
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO) + timeout;
        let delivery = Delivery { id: call.id, event: call.event, deadline: deadline.as_millis() };
        let unsent = next.send(delivery).err()?;
        self.slots.get_mut(&id)?.take_back(unsent)
    }

    /// Whether a fault kills the process at this point of its work, or has killed it before.
    fn fault_kills(&mut self, id: u64, point: Point) -> bool {
        let Some(slot) = self.slots.get_mut(&id) else {
            return false;
        };
        let route = match &slot.state {
            State::Busy { route, .. } => route.as_deref(),
            _ => None,
        };
        if !slot.doomed && self.faults.kills(&self.function.id, route, point) {
            slot.doomed = true;
            slot.signal(Signal::KILL);
        }
        slot.doomed
    }

    /// The process has been started.
    pub(super) fn started(&mut self, id: u64, pid: u32) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.pid = Some(pid);
            slot.deadline.send_replace(Some(Instant::now() + self.function.init_limit));
            if self.closed {
                slot.signal(Signal::KILL);
            }
        }
    }

    /// The process asks for its next event. It is frozen until there is one.
    pub(super) fn next(&mut self, id: u64) -> oneshot::Receiver<Delivery> {
        let (sender, receiver) = oneshot::channel();
        let Some(slot) = self.slots.get_mut(&id) else {
            return receiver;
        };
        let turn = match std::mem::replace(&mut slot.state, State::Ending) {
            State::Ending => return receiver,
            State::Busy { answer, .. } => {
                self.in_flight -= 1;
                _ = answer.send(Err(InvokeError::Crashed(
                    "it asked for the next event without an answer".to_owned(),
                )));
                None
            }
            State::Finishing(turn) => Some(turn),
            State::Starting | State::Idle { .. } => None,
        };
        slot.deadline.send_replace(None);
        if let Some(call) = self.waiting.pop_front() {
            // The receiver is alive, so the call does not come back.
            _ = self.give(id, call, sender);
        } else {
            // The pool is locked, so no CONT can come before this STOP.
            slot.signal(Signal::STOP);
            slot.state = State::Idle { next: sender, since: self.clock.now() };
            self.idle.retain(|other| *other != id);
            self.idle.push(id);
        }
        // Only now may the clock skip time, because the process is idle or has its next event.
        drop(turn);
        receiver
    }

    /// The process answers a call. Returns false if it has no such call.
    pub(super) fn answer(&mut self, id: u64, call: Uuid, result: Result<Bytes, InvokeError>) -> bool {
        if self.fault_kills(id, Point::BeforeAnswer) {
            return false;
        }
        let Some(slot) = self.slots.get_mut(&id) else {
            return false;
        };
        match std::mem::replace(&mut slot.state, State::Finishing(self.clock.turn())) {
            State::Busy { call: current, answer, .. } if current == call => {
                self.in_flight -= 1;
                _ = answer.send(result);
                true
            }
            other => {
                slot.state = other;
                false
            }
        }
    }

    /// The process calls `@connections`. Returns false if the call must not be carried out, because
    /// a fault kills the process or it has ended.
    pub(super) fn push(&mut self, id: u64) -> bool {
        match self.slots.get_mut(&id) {
            Some(Slot { doomed: false, state: State::Busy { pushes, .. }, .. }) => {
                *pushes += 1;
                let point = Point::AtPush(*pushes);
                !self.fault_kills(id, point)
            }
            Some(slot) => !slot.doomed,
            None => false,
        }
    }

    /// The process reports that it cannot start; it then ends by itself.
    pub(super) fn init_failed(&mut self, id: u64, reason: InvokeError) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.reason = Some(reason);
        }
    }

    /// Kills the process if its deadline has passed.
    pub(super) fn time_out(&mut self, id: u64) {
        let Some(slot) = self.slots.get_mut(&id) else {
            return;
        };
        // The deadline may have moved since the caller saw it.
        if slot.deadline.borrow().is_none_or(|deadline| deadline > Instant::now()) {
            return;
        }
        slot.reason = Some(if matches!(slot.state, State::Starting) {
            let limit = self.function.init_limit;
            InvokeError::Init(format!("it did not ask for an event within {limit:?}"))
        } else {
            InvokeError::TimedOut(self.function.timeout)
        });
        slot.deadline.send_replace(None);
        slot.signal(Signal::KILL);
    }

    /// The process has ended, or could not be started, because of `why`. Its call fails; the other
    /// calls do not. Returns the processes to start in its place.
    #[must_use]
    pub(super) fn ended(&mut self, id: u64, why: &str) -> Vec<NewProcess> {
        let Some(slot) = self.slots.remove(&id) else {
            return Vec::new();
        };
        self.idle.retain(|other| *other != id);
        match slot.state {
            State::Busy { answer, .. } => {
                self.in_flight -= 1;
                let reason = slot.reason.unwrap_or_else(|| InvokeError::Crashed(why.to_owned()));
                self.log(&reason);
                _ = answer.send(Err(reason));
            }
            State::Starting => {
                let reason = slot.reason.unwrap_or_else(|| InvokeError::Init(why.to_owned()));
                self.log(&reason);
                if let Some(call) = self.waiting.pop_front() {
                    self.in_flight -= 1;
                    _ = call.answer.send(Err(reason));
                }
            }
            State::Finishing(_) | State::Idle { .. } | State::Ending => {}
        }
        if self.closed { Vec::new() } else { self.assign() }
    }

    fn log(&self, reason: &InvokeError) {
        self.log.line(|| format!("{}: {reason}", self.function.id));
    }

    /// Kills the processes that have been idle for at least `limit`.
    pub(super) fn end_idle(&mut self, limit: Duration) {
        let now = self.clock.now();
        let Self { slots, idle, .. } = self;
        idle.retain(|id| {
            let Some(slot) = slots.get_mut(id) else {
                return false;
            };
            let waits = matches!(slot.state, State::Idle { since, .. } if now < since + limit);
            if !waits {
                slot.state = State::Ending;
                slot.signal(Signal::KILL);
            }
            waits
        });
    }

    /// Ends the processes that have no call, and rejects calls for the time `pending`.
    pub(super) fn deactivate(&mut self, pending: Duration) {
        self.end_idle(Duration::ZERO);
        for slot in self.slots.values().filter(|slot| matches!(slot.state, State::Finishing(_))) {
            slot.signal(Signal::KILL);
        }
        self.pending_until = Some(Instant::now() + pending);
    }

    /// Returns the number of calls without a result.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Kills the process with this process id. Returns false if the pool has no such process.
    pub(super) fn kill(&mut self, pid: u32) -> bool {
        let Some((id, slot)) = self.slots.iter_mut().find(|(_, slot)| slot.pid == Some(pid)) else {
            return false;
        };
        if matches!(slot.state, State::Idle { .. }) {
            slot.state = State::Ending;
            self.idle.retain(|other| other != id);
        }
        slot.signal(Signal::KILL);
        true
    }

    /// Kills all processes and accepts no more calls.
    pub(super) fn close(&mut self) {
        self.closed = true;
        for call in std::mem::take(&mut self.waiting) {
            _ = call.answer.send(Err(InvokeError::Stopped));
        }
        for slot in self.slots.values_mut() {
            slot.reason = Some(InvokeError::Stopped);
            slot.signal(Signal::KILL);
        }
    }

    pub(super) fn environments(&self) -> Vec<Environment> {
        self.slots.values().map(Slot::view).collect()
    }
}
