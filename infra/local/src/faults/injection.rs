//! Rules that say when something goes wrong, and what is known of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Fault;

/// All that is to go wrong in a cloud.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Nothing is locked while nothing is to go wrong.
    any: AtomicBool,
    rules: Mutex<Vec<Rule>>,
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    every: u32,
    times: u32,
    /// Times that it could have happened since it last did.
    chances: u32,
    happened: Arc<watch::Sender<u32>>,
}

/// A fault that has been injected; it ends when this is dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the fault"]
pub struct Injection {
    faults: Arc<Faults>,
    happened: Arc<watch::Sender<u32>>,
}

impl Faults {
    pub(crate) fn inject(self: &Arc<Self>, fault: Fault, every: u32, times: u32) -> Injection {
        let happened = Arc::new(watch::Sender::new(0));
        let rule = Rule { fault, every, times, chances: 0, happened: Arc::clone(&happened) };
        let mut rules = self.lock();
        rules.push(rule);
        self.any.store(true, Ordering::Relaxed);
        drop(rules);
        Injection { faults: Arc::clone(self), happened }
    }

    /// Whether anything is to go wrong at all.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Here one of the faults that `fits` could happen: what `fits` makes of the one that does, and how often that one has happened
    /// with this time. Where two would, the second one does at its next chance.
    pub(crate) fn strikes<T>(&self, fits: impl Fn(&Fault) -> Option<T>) -> Option<(T, u32)> {
        if !self.any() {
            return None;
        }
        let mut struck = None;
        for rule in self.lock().iter_mut() {
            let happened = *rule.happened.borrow();
            let Some(found) = fits(&rule.fault).filter(|_| happened < rule.times) else {
                continue;
            };
            rule.chances += 1;
            if struck.is_none() && rule.chances >= rule.every {
                rule.chances = 0;
                rule.happened.send_replace(happened + 1);
                struck = Some((found, happened + 1));
            }
        }
        struck
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Injection {
    /// How often it has happened.
    pub fn happened(&self) -> u32 {
        *self.happened.borrow()
    }

    /// Waits until it has happened `n` times; for ever, when that is more than the times it was injected for.
    pub async fn happens(&self, n: u32) {
        // The sender is this one's own, so that the wait cannot fail.
        _ = self.happened.subscribe().wait_for(|happened| *happened >= n).await;
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        let mut rules = self.faults.lock();
        rules.retain(|rule| !Arc::ptr_eq(&rule.happened, &self.happened));
        self.faults.any.store(!rules.is_empty(), Ordering::Relaxed);
    }
}
