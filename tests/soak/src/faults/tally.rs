//! Counts how often each fault was injected and how often it happened.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::kind::Kind;

/// The counts of one kind of fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// How often it was injected.
    pub injected: u64,
    /// How often it happened. One injection can make a fault happen several times, or not at all.
    pub happened: u64,
}

/// The begin or end of an injected fault.
#[derive(Clone, Copy, Debug)]
pub struct FaultEvent {
    /// The time since the start of the run.
    pub at: Duration,
    /// The kind of fault.
    pub kind: Kind,
    /// How often it happened, at its end; `None` at its begin.
    pub happened: Option<u64>,
}

/// The counts of all selected kinds of faults.
#[derive(Debug)]
pub struct Tally {
    started: Instant,
    inner: Mutex<(BTreeMap<Kind, FaultCounts>, Vec<FaultEvent>)>,
}

impl Tally {
    pub(super) fn new(kinds: &[Kind]) -> Self {
        let numbers = kinds.iter().map(|kind| (*kind, FaultCounts::default())).collect();
        Self { started: Instant::now(), inner: Mutex::new((numbers, Vec::new())) }
    }

    fn lock(&self) -> MutexGuard<'_, (BTreeMap<Kind, FaultCounts>, Vec<FaultEvent>)> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn injected(&self, kind: Kind) {
        let (numbers, events) = &mut *self.lock();
        numbers.entry(kind).or_default().injected += 1;
        events.push(FaultEvent { at: self.started.elapsed(), kind, happened: None });
    }

    pub(super) fn happened(&self, kind: Kind, times: u64) {
        let (numbers, events) = &mut *self.lock();
        numbers.entry(kind).or_default().happened += times;
        events.push(FaultEvent { at: self.started.elapsed(), kind, happened: Some(times) });
    }

    /// Returns the counts of all selected kinds.
    pub fn numbers(&self) -> BTreeMap<Kind, FaultCounts> {
        self.lock().0.clone()
    }

    /// Returns the events since the last call.
    pub fn take_events(&self) -> Vec<FaultEvent> {
        std::mem::take(&mut self.lock().1)
    }

    /// Returns the selected kinds that have not happened.
    pub fn missing(&self) -> Vec<Kind> {
        self.lock().0.iter().filter(|(_, tallied)| tallied.happened == 0).map(|(kind, _)| *kind).collect()
    }
}
