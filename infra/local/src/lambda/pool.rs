//! The processes of one function: which is free, which call waits, when to start another.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use rustix::process::Signal;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::process::{self, Output};
use super::slot::{Call, Delivery, Slot, State};
use super::{Function, InvokeError};
use crate::faults::{Faults, Point};
use crate::log::Log;

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) slots: BTreeMap<u64, Slot>,
    next_slot: u64,
    /// Frozen processes, the most recently used last.
    pub(super) idle: Vec<u64>,
    pub(super) waiting: VecDeque<Call>,
    /// Calls that have no answer yet.
    pub(super) in_flight: usize,
    pub(super) closed: bool,
}

#[derive(Debug)]
pub(super) struct Pool {
    pub(super) function: Function,
    pub(super) output: Output,
    pub(super) log: Log,
    pub(super) faults: Arc<Faults>,
    inner: Mutex<Inner>,
    pub(super) slot_ended: Notify,
}

impl Pool {
    pub(super) fn new(function: Function, output: Output, log: Log, faults: Arc<Faults>) -> Self {
        Self { function, output, log, faults, inner: Mutex::default(), slot_ended: Notify::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn invoke(self: &Arc<Self>, event: Bytes) -> Result<Bytes, InvokeError> {
        let limit = self.function.event_limit;
        if event.len() > limit {
            return Err(InvokeError::EventTooLarge { bytes: event.len(), limit });
        }
        let (answer, answered) = oneshot::channel();
        self.submit_once_or_twice(Call { id: Uuid::new_v4(), event, answer })?;
        answered.await.unwrap_or(Err(InvokeError::Stopped))
    }

    pub(super) fn submit(self: &Arc<Self>, call: Call) -> Result<(), InvokeError> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(InvokeError::Stopped);
        }
        if inner.in_flight >= self.function.environments {
            return Err(InvokeError::Throttled(self.function.environments));
        }
        inner.in_flight += 1;
        inner.waiting.push_back(call);
        self.hand_out(&mut inner);
        Ok(())
    }

    /// Gives waiting calls to idle processes, and starts processes for those that are left and that no process will come free for.
    pub(super) fn hand_out(self: &Arc<Self>, inner: &mut Inner) {
        while !inner.waiting.is_empty()
            && let Some(id) = inner.idle.pop()
        {
            let Some(slot) = inner.slots.get_mut(&id) else {
                continue;
            };
            let State::Idle { next: sender, .. } = std::mem::replace(&mut slot.state, State::Ending) else {
                continue;
            };
            let Some(call) = inner.waiting.pop_front() else {
                return;
            };
            slot.signal(Signal::CONT);
            // A process that has just ended never saw the event, so another one can have it.
            self.give(id, slot, call, sender).into_iter().for_each(|call| inner.waiting.push_front(call));
        }
        let coming = inner
            .slots
            .values()
            .filter(|slot| matches!(slot.state, State::Starting | State::Finishing { .. }))
            .count();
        for _ in coming..inner.waiting.len() {
            let id = inner.next_slot;
            inner.next_slot += 1;
            inner.slots.insert(id, Slot::starting());
            tokio::spawn(process::run(Arc::clone(self), id));
        }
    }

    /// Gives a process its next event, or gives the call back.
    fn give(
        self: &Arc<Self>,
        id: u64,
        slot: &mut Slot,
        call: Call,
        next: oneshot::Sender<Delivery>,
    ) -> Option<Call> {
        let timeout = self.function.timeout;
        let pool = Arc::clone(self);
        let timer = tokio::spawn(async move {
            tokio::time::sleep(timeout).await;
            pool.time_out(id, call.id);
        });
        slot.served += 1;
        slot.state =
            State::Busy { call: call.id, answer: call.answer, timer: timer.abort_handle(), pushes: 0 };
        if self.kills(slot, Point::BeforeWork) {
            return None;
        }
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO) + timeout;
        let delivery = Delivery { id: call.id, event: call.event, deadline: deadline.as_millis() };
        next.send(delivery).err().and_then(|delivery| slot.take_back(delivery))
    }

    /// A process asks for its next event. Without a call for it, it is frozen until there is one.
    pub(super) fn next(self: &Arc<Self>, id: u64) -> oneshot::Receiver<Delivery> {
        let (sender, receiver) = oneshot::channel();
        let mut inner = self.lock();
        let inner = &mut *inner;
        let Some(slot) = inner.slots.get_mut(&id) else {
            return receiver;
        };
        match std::mem::replace(&mut slot.state, State::Ending) {
            State::Ending => return receiver,
            State::Finishing { timer, .. } => timer.abort(),
            // Asking again instead of answering: the call is lost.
            State::Busy { answer, timer, .. } => {
                timer.abort();
                inner.in_flight -= 1;
                _ = answer.send(Err(InvokeError::Crashed(
                    "it asked for the next event without an answer".to_owned(),
                )));
            }
            State::Starting | State::Idle { .. } => {}
        }
        if let Some(call) = inner.waiting.pop_front() {
            // The receiver is here, so that nothing comes back.
            _ = self.give(id, slot, call, sender);
        } else {
            // Under the lock, so that a CONT cannot come before this STOP.
            slot.signal(Signal::STOP);
            slot.state = State::Idle { next: sender, since: Instant::now() };
            inner.idle.retain(|other| *other != id);
            inner.idle.push(id);
        }
        receiver
    }

    /// A process answers a call; false when it has no such call.
    pub(super) fn answer(&self, id: u64, call: Uuid, result: Result<Bytes, InvokeError>) -> bool {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let Some(slot) = inner.slots.get_mut(&id) else {
            return false;
        };
        if self.kills(slot, Point::BeforeAnswer) {
            return false;
        }
        match std::mem::replace(&mut slot.state, State::Ending) {
            State::Busy { call: current, answer, timer, .. } if current == call => {
                slot.state = State::Finishing { call, timer };
                inner.in_flight -= 1;
                _ = answer.send(result);
                true
            }
            other => {
                slot.state = other;
                false
            }
        }
    }

    fn time_out(&self, id: u64, call: Uuid) {
        let mut inner = self.lock();
        let Some(slot) = inner.slots.get_mut(&id) else {
            return;
        };
        let current = match &slot.state {
            State::Busy { call, .. } | State::Finishing { call, .. } => *call,
            State::Starting | State::Idle { .. } | State::Ending => return,
        };
        if current == call {
            slot.reason = Some(InvokeError::TimedOut(self.function.timeout));
            slot.signal(Signal::KILL);
        }
    }
}
