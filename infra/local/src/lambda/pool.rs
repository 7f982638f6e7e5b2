//! The processes of one function: which is free, which call waits, when to start another.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use rustix::process::Signal;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::process::{self, Output};
use super::slot::{Call, Delivery, Environment, Slot, State};
use super::{Function, InvokeError};
use crate::guard;
use crate::log::Log;

#[derive(Debug, Default)]
struct Inner {
    slots: BTreeMap<u64, Slot>,
    next_slot: u64,
    /// Frozen processes, the most recently used last.
    idle: Vec<u64>,
    waiting: VecDeque<Call>,
    /// Calls that have no answer yet.
    in_flight: usize,
    closed: bool,
}

#[derive(Debug)]
pub(super) struct Pool {
    pub(super) function: Function,
    pub(super) output: Output,
    log: Log,
    inner: Mutex<Inner>,
    slot_ended: Notify,
}

impl Pool {
    pub(super) fn new(function: Function, output: Output, log: Log) -> Self {
        Self { function, output, log, inner: Mutex::default(), slot_ended: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn invoke(self: &Arc<Self>, event: Bytes) -> Result<Bytes, InvokeError> {
        let limit = self.function.event_limit;
        if event.len() > limit {
            return Err(InvokeError::EventTooLarge { bytes: event.len(), limit });
        }
        let (answer, answered) = oneshot::channel();
        self.submit(Call { id: Uuid::new_v4(), event, answer })?;
        answered.await.unwrap_or(Err(InvokeError::Stopped))
    }

    fn submit(self: &Arc<Self>, call: Call) -> Result<(), InvokeError> {
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
    fn hand_out(self: &Arc<Self>, inner: &mut Inner) {
        while !inner.waiting.is_empty()
            && let Some(id) = inner.idle.pop()
        {
            let Some(slot) = inner.slots.get_mut(&id) else {
                continue;
            };
            let State::Idle(sender) = std::mem::replace(&mut slot.state, State::Ending) else {
                continue;
            };
            let Some(call) = inner.waiting.pop_front() else {
                return;
            };
            slot.signal(Signal::CONT);
            if let Err(delivery) = sender.send(self.deliver(id, slot, call)) {
                // The process has just ended; it never saw the event, so another one can have it.
                slot.take_back(delivery).into_iter().for_each(|call| inner.waiting.push_front(call));
            }
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

    fn deliver(self: &Arc<Self>, id: u64, slot: &mut Slot, call: Call) -> Delivery {
        let timeout = self.function.timeout;
        let pool = Arc::clone(self);
        let timer = tokio::spawn(async move {
            tokio::time::sleep(timeout).await;
            pool.time_out(id, call.id);
        });
        slot.served += 1;
        slot.state = State::Busy { call: call.id, answer: call.answer, timer: timer.abort_handle() };
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO) + timeout;
        Delivery { id: call.id, event: call.event, deadline: deadline.as_millis() }
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
            State::Starting | State::Idle(_) => {}
        }
        if let Some(call) = inner.waiting.pop_front() {
            _ = sender.send(self.deliver(id, slot, call));
        } else {
            // Under the lock, so that a CONT cannot come before this STOP.
            slot.signal(Signal::STOP);
            slot.state = State::Idle(sender);
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
        match std::mem::replace(&mut slot.state, State::Ending) {
            State::Busy { call: current, answer, timer } if current == call => {
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
            State::Starting | State::Idle(_) | State::Ending => return,
        };
        if current == call {
            slot.reason = Some(InvokeError::TimedOut(self.function.timeout));
            slot.signal(Signal::KILL);
        }
    }

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
            State::Idle(_) | State::Ending => {}
        }
        if !inner.closed {
            self.hand_out(&mut inner);
        }
        drop(inner);
        self.slot_ended.notify_waiters();
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
        if matches!(slot.state, State::Idle(_)) {
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
