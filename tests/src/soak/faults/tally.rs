//! How often each fault was injected, and how often it happened.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::Kind;

/// Of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tallied {
    /// Times that it was set up.
    pub injected: u64,
    /// Times that it happened.
    pub happened: u64,
}

/// One fault that was set up.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// When, since the beginning.
    pub at: Duration,
    /// Which.
    pub kind: Kind,
    /// How often it happened, once it is over; none when it begins.
    pub happened: Option<u64>,
}

/// Of all kinds that were chosen.
#[derive(Debug)]
pub struct Tally {
    started: Instant,
    inner: Mutex<(BTreeMap<Kind, Tallied>, Vec<Event>)>,
}

impl Tally {
    pub(super) fn new(kinds: &[Kind]) -> Self {
        let numbers = kinds.iter().map(|kind| (*kind, Tallied::default())).collect();
        Self { started: Instant::now(), inner: Mutex::new((numbers, Vec::new())) }
    }

    fn lock(&self) -> MutexGuard<'_, (BTreeMap<Kind, Tallied>, Vec<Event>)> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn injected(&self, kind: Kind) {
        let (numbers, events) = &mut *self.lock();
        numbers.entry(kind).or_default().injected += 1;
        events.push(Event { at: self.started.elapsed(), kind, happened: None });
    }

    pub(super) fn happened(&self, kind: Kind, times: u64) {
        let (numbers, events) = &mut *self.lock();
        numbers.entry(kind).or_default().happened += times;
        events.push(Event { at: self.started.elapsed(), kind, happened: Some(times) });
    }

    /// All kinds with their numbers.
    pub fn numbers(&self) -> BTreeMap<Kind, Tallied> {
        self.lock().0.clone()
    }

    /// What has happened since this was last asked.
    pub fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut self.lock().1)
    }

    /// The kinds that have not happened.
    pub fn missing(&self) -> Vec<Kind> {
        self.lock().0.iter().filter(|(_, tallied)| tallied.happened == 0).map(|(kind, _)| *kind).collect()
    }
}
