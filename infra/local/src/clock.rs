//! The clock of schedules and of the idle life of environments. It can skip quiet time.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep},
};

/// The clock of schedules and of the idle life of environments. It runs as fast as other clocks,
/// but after [`Clock::skip_quiet_time`] it goes to the next event at once whenever no function runs
/// and no [`Turn`] exists.
#[derive(Clone, Default)]
pub struct Clock(Arc<Mutex<State>>);

struct State {
    started: Instant,
    skips: bool,
    /// The sum of the times that were skipped.
    skipped: watch::Sender<Duration>,
    turns: usize,
    /// Events that will happen, in their order.
    next: BTreeMap<(Duration, u64), oneshot::Sender<Turn>>,
    number: u64,
}

impl Default for State {
    fn default() -> Self {
        let skipped = watch::Sender::new(Duration::ZERO);
        Self { started: Instant::now(), skips: false, skipped, turns: 0, next: BTreeMap::new(), number: 0 }
    }
}

/// While it exists, the clock skips no time.
#[derive(Debug)]
#[must_use = "without it, the clock may skip time"]
pub struct Turn(Clock);

impl Clock {
    /// The time since the start of the cloud, with skipped times.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.lock().now()
    }

    /// Skips quiet time from now on. The caller should hold a [`Turn`] until its first event is
    /// known, and then always hold a turn or wait for an event. Otherwise, time passes without it.
    pub fn skip_quiet_time(&self) {
        self.lock().skips = true;
        self.skip();
    }

    /// Keeps the clock from skipping time until the turn is dropped.
    pub fn turn(&self) -> Turn {
        self.lock().turns += 1;
        Turn(self.clone())
    }

    /// Waits for a time. The clock knows of the event as soon as this returns, before the future is
    /// polled. The clock skips no time until the returned turn is dropped.
    pub fn wait_until(&self, time: Duration) -> impl Future<Output = Turn> + Send + use<> {
        let (sender, mut receiver) = oneshot::channel();
        let (key, mut skipped) = {
            let mut state = self.lock();
            state.number += 1;
            let key = (time, state.number);
            state.next.insert(key, sender);
            (key, state.skipped.subscribe())
        };
        self.skip();
        let clock = self.clone();
        async move {
            loop {
                tokio::select! {
                    Ok(turn) = &mut receiver => return turn,
                    () = sleep(time.saturating_sub(clock.now())) => {
                        clock.lock().next.remove(&key);
                        return clock.turn();
                    }
                    // The rest of the wait is shorter now.
                    Ok(()) = skipped.changed() => {}
                }
            }
        }
    }

    /// Goes to the next event if this time is quiet.
    fn skip(&self) {
        let (event, turn) = {
            let mut state = self.lock();
            if !state.skips || state.turns > 0 {
                return;
            }
            // Remove the events whose futures were dropped.
            state.next.retain(|_, event| !event.is_closed());
            let Some(((time, _), event)) = state.next.pop_first() else { return };
            let quiet = time.saturating_sub(state.now());
            state.skipped.send_modify(|skipped| *skipped += quiet);
            state.turns += 1;
            (event, Turn(self.clone()))
        };
        // If the future was dropped just now, the turn is dropped too, which locks the state again.
        drop(event.send(turn));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn now(&self) -> Duration {
        self.started.elapsed() + *self.skipped.borrow()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.lock().turns -= 1;
        self.0.skip();
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Clock").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn quiet_time_is_skipped_in_the_order_of_the_events() {
        let clock = Clock::default();
        let (later, sooner) = (clock.wait_until(HOUR * 2), clock.wait_until(HOUR));
        clock.skip_quiet_time();
        let turn = sooner.await;
        assert!((HOUR..HOUR + HOUR / 2).contains(&clock.now()), "{clock:?}");
        drop(turn);
        let _turn = later.await;
        assert!((HOUR * 2..HOUR * 3).contains(&clock.now()), "{clock:?}");
    }

    #[tokio::test]
    async fn clock_has_its_usual_speed_while_a_turn_exists() {
        let clock = Clock::default();
        clock.skip_quiet_time();
        let turn = clock.wait_until(HOUR).await;
        let before = Instant::now();
        let soon = clock.now() + Duration::from_millis(20);
        drop(clock.wait_until(soon).await);
        assert!(clock.now() >= soon && before.elapsed() >= Duration::from_millis(20), "{clock:?}");
        let mut later = Box::pin(clock.wait_until(HOUR * 2));
        tokio::select! {
            _ = &mut later => panic!("time was skipped during a turn"),
            () = sleep(Duration::from_millis(20)) => {}
        }
        drop(turn);
        drop(later.await);
        assert!(clock.now() >= HOUR * 2);
    }

    #[tokio::test]
    async fn rest_of_a_wait_becomes_shorter_when_time_is_skipped() {
        let clock = Clock::default();
        clock.skip_quiet_time();
        let (first, next) = (clock.wait_until(HOUR), clock.wait_until(HOUR + Duration::from_millis(10)));
        let _turn = first.await;
        assert!(tokio::time::timeout(Duration::from_secs(10), next).await.is_ok());
    }

    #[tokio::test]
    async fn event_whose_future_was_dropped_does_not_stop_the_clock() {
        let clock = Clock::default();
        drop(clock.wait_until(HOUR));
        clock.skip_quiet_time();
        let _turn = clock.wait_until(HOUR * 2).await;
        assert!(clock.now() >= HOUR * 2);
        assert_eq!(Arc::strong_count(&clock.0), 2, "only the clock and the turn");
    }
}
