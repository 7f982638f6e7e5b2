//! The injected faults: when each one happens, and how often it has happened.
//!
//! The methods of [`Faults`] only decide. The code that asks carries out the fault.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::{Answer, Fault, Moment, Point, Tampering};

/// The injected faults of a cloud.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Whether there are rules. While there are none, nothing is locked.
    any: AtomicBool,
    rules: Mutex<Vec<Rule>>,
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    every: u32,
    times: u32,
    /// How often the fault could have happened since it last did.
    chances: u32,
    happened: Arc<watch::Sender<u32>>,
}

/// A fault that has been injected. Dropping it ends the fault.
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

    /// Whether any fault is injected.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Whether a process of the function is killed at this point of its work.
    pub(crate) fn kills(&self, function: &str, route: Option<&str>, point: Point) -> bool {
        let matching = |fault: &Fault| match fault {
            Fault::Kill { target, at } => (*at == point && target.contains(function, route)).then_some(()),
            _ => None,
        };
        self.fire(matching).is_some()
    }

    /// Whether an event of the function is delivered twice: how often this has happened, including
    /// this time.
    pub(crate) fn delivers_twice(&self, function: &str, route: Option<&str>) -> Option<u32> {
        let matching = |fault: &Fault| match fault {
            Fault::DeliverTwice { target } => target.contains(function, route).then_some(()),
            _ => None,
        };
        self.fire(matching).map(|((), happened)| happened)
    }

    /// Whether the function becomes inactive with this call: how long further calls fail.
    pub(crate) fn deactivates(&self, function: &str, route: Option<&str>) -> Option<Duration> {
        self.choose(|fault| match fault {
            Fault::Inactive { target, pending } => target.contains(function, route).then_some(*pending),
            _ => None,
        })
    }

    /// Whether a call is throttled while this number of calls runs in the account: the limit.
    pub(crate) fn throttles(&self, running: usize) -> Option<usize> {
        self.choose(|fault| match fault {
            Fault::AccountLimit(limit) => (running >= *limit).then_some(*limit),
            _ => None,
        })
    }

    /// What happens to a frame that a client has sent.
    pub(crate) fn received(&self) -> Option<Tampering> {
        self.choose(|fault| match fault {
            Fault::Received(tampering) => Some(*tampering),
            _ => None,
        })
    }

    /// What happens to a frame that is sent to a client.
    pub(crate) fn pushed(&self) -> Option<Tampering> {
        self.choose(|fault| match fault {
            Fault::Pushed(tampering) => Some(*tampering),
            _ => None,
        })
    }

    /// How a call of `@connections` is answered instead of being carried out.
    pub(crate) fn connections_call(&self) -> Option<Answer> {
        self.choose(|fault| match fault {
            Fault::Connections(answer) => Some(*answer),
            _ => None,
        })
    }

    /// When the connection of a frame that has arrived is cut.
    pub(crate) fn cuts(&self) -> Option<Moment> {
        self.choose(|fault| match fault {
            Fault::Cut(moment) => Some(*moment),
            _ => None,
        })
    }

    /// Whether the function of `$disconnect` is not called.
    pub(crate) fn withholds_disconnect(&self) -> bool {
        self.choose(|fault| matches!(fault, Fault::WithholdDisconnect).then_some(())).is_some()
    }

    /// Whether a handshake is refused as if its stage did not exist.
    pub(crate) fn refuses_handshake(&self) -> bool {
        self.choose(|fault| matches!(fault, Fault::Handshake).then_some(())).is_some()
    }

    /// Whether Secrets Manager fails.
    pub(crate) fn fails_secrets(&self) -> bool {
        self.choose(|fault| matches!(fault, Fault::Secrets).then_some(())).is_some()
    }

    /// Whether Secrets Manager fails to read one of several secrets.
    pub(crate) fn fails_secret_of_batch(&self) -> bool {
        self.choose(|fault| matches!(fault, Fault::SecretOfBatch).then_some(())).is_some()
    }

    /// Whether S3 fails.
    pub(crate) fn fails_storage(&self) -> bool {
        self.choose(|fault| matches!(fault, Fault::Storage).then_some(())).is_some()
    }

    fn choose<T>(&self, matching: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.fire(matching).map(|(found, _)| found)
    }

    /// Gives each rule that matches a chance to fire. Returns what `matching` returned for the rule
    /// that fires, and how often that rule has fired. At most one rule fires; another one that
    /// could fire does so at its next chance.
    fn fire<T>(&self, matching: impl Fn(&Fault) -> Option<T>) -> Option<(T, u32)> {
        if !self.any() {
            return None;
        }
        let mut fired = None;
        for rule in self.lock().iter_mut() {
            let happened = *rule.happened.borrow();
            let Some(found) = matching(&rule.fault).filter(|_| happened < rule.times) else {
                continue;
            };
            rule.chances += 1;
            if fired.is_none() && rule.chances >= rule.every {
                rule.chances = 0;
                rule.happened.send_replace(happened + 1);
                fired = Some((found, happened + 1));
            }
        }
        fired
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Injection {
    /// How often the fault has happened.
    pub fn happened(&self) -> u32 {
        *self.happened.borrow()
    }

    /// Waits until the fault has happened `n` times. Never returns if `n` is more than the number
    /// of times it was injected for.
    pub async fn wait_until_happened(&self, n: u32) {
        // This injection holds the sender, so the wait cannot fail.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn fired(faults: &Faults, chances: usize) -> Vec<Option<Tampering>> {
        (0..chances).map(|_| faults.received()).collect()
    }

    #[test]
    fn fault_happens_at_each_nth_chance_up_to_its_maximum() {
        let faults = Arc::new(Faults::default());
        let injection = faults.inject(Fault::Received(Tampering::Drop), 2, 2);
        let drop = Some(Tampering::Drop);
        assert_eq!(fired(&faults, 6), [None, drop, None, drop, None, None]);
        assert_eq!(injection.happened(), 2);
    }

    #[test]
    fn at_most_one_of_two_faults_happens_at_a_chance() {
        let faults = Arc::new(Faults::default());
        let _first = faults.inject(Fault::Received(Tampering::Drop), 1, 1);
        let _second = faults.inject(Fault::Received(Tampering::Double), 1, 1);
        assert_eq!(fired(&faults, 3), [Some(Tampering::Drop), Some(Tampering::Double), None]);
    }

    #[test]
    fn dropped_injection_ends_the_fault() {
        let faults = Arc::new(Faults::default());
        drop(faults.inject(Fault::Received(Tampering::Drop), 1, 1));
        assert!(!faults.any());
        assert_eq!(faults.received(), None);
    }
}
