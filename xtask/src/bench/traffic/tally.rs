//! Counts the calls of functions, and how many of them were cold.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chatchat_harness::Failure;
use chatchat_local::Called;
use serde_json::Value;
use tokio::{sync::watch, time::timeout};

/// A header of requests and a field of frames: `yes` if a person waits for the call. Functions
/// ignore it.
pub const WAITED: &str = "x-waited";
/// How long a frame may take until its function has ended.
const PATIENCE: Duration = Duration::from_mins(1);

/// Calls, and how many of them were cold.
#[derive(Clone, Copy, Default)]
pub struct Count {
    pub calls: u32,
    pub cold: u32,
}

impl Count {
    /// The share of cold calls in percent.
    pub fn percent(self) -> f64 {
        100.0 * f64::from(self.cold) / f64::from(self.calls.max(1))
    }

    fn call(&mut self, is_cold: bool) {
        self.add(Self { calls: 1, cold: u32::from(is_cold) });
    }

    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.cold += other.cold;
    }
}

/// What was counted.
#[derive(Default)]
pub struct Counts {
    /// Calls that a person waits for. Sends are among them.
    pub waited: Count,
    pub sends: Count,
    /// Calls of schedules.
    pub scheduled: Count,
    pub all: Count,
    /// Calls that a person waits for, by route.
    pub routes: BTreeMap<String, Count>,
}

impl Counts {
    /// Adds what was counted in another day.
    pub fn add(&mut self, other: &Self) {
        self.waited.add(other.waited);
        self.sends.add(other.sends);
        self.scheduled.add(other.scheduled);
        self.all.add(other.all);
        for (route, count) in &other.routes {
            self.routes.entry(route.clone()).or_default().add(*count);
        }
    }
}

/// Counts calls. Also waits for the ends of frames, because a client gets no answer to some of
/// them.
#[derive(Default)]
pub struct Tally {
    counts: Mutex<Counts>,
    frames_sent: AtomicU64,
    frames_ended: watch::Sender<u64>,
    /// The first `error` that a frame got.
    failure: OnceLock<String>,
}

/// Returns the mark in the headers of a request, or in the fields of a frame. In events of the
/// WebSocket API, the names of headers have capital letters.
fn mark(fields: &Value) -> Option<&str> {
    let mut fields = fields.as_object()?.iter();
    fields.find(|(name, _)| name.eq_ignore_ascii_case(WAITED)).and_then(|(_, value)| value.as_str())
}

impl Tally {
    /// Counts a call that has ended.
    pub fn add(&self, called: &Called<'_>) {
        let event: Value = serde_json::from_slice(called.event).unwrap_or_default();
        let context = &event["requestContext"];
        let route = context["routeKey"].as_str();
        let body = event["body"].as_str().unwrap_or_default();
        let frame: Value = serde_json::from_str(body).unwrap_or_default();
        let marked = [&event["headers"], &frame].map(mark);
        let is_waited_for = marked.contains(&Some("yes"));
        let mut counts = self.counts();
        counts.all.call(called.is_cold);
        match route {
            None => counts.scheduled.call(called.is_cold),
            Some(route) if is_waited_for => {
                counts.waited.call(called.is_cold);
                counts.routes.entry(route.to_owned()).or_default().call(called.is_cold);
                if route == "sendMessage" {
                    counts.sends.call(called.is_cold);
                }
            }
            Some(_) => {}
        }
        // Other clients, such as the canary, send frames without a mark.
        if marked[1].is_some() {
            self.frames_ended.send_modify(|ended| *ended += 1);
        }
    }

    /// Returns what was counted since the last call of this method.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts())
    }

    /// Notes that a frame is about to be sent. Returns its number.
    pub fn frame(&self) -> u64 {
        self.frames_sent.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Waits until the functions of the first `number` frames have ended.
    pub async fn frames_end(&self, number: u64) -> Result<(), Failure> {
        let mut ended = self.frames_ended.subscribe();
        let reached = ended.wait_for(|ended| *ended >= number);
        timeout(PATIENCE, reached).await.map_err(|_| "the function of a frame has not ended in time")??;
        Ok(())
    }

    /// Notes the answer to a frame that failed.
    pub fn frame_failed(&self, error: &Value) {
        _ = self.failure.set(error.to_string());
    }

    /// Fails if a frame has failed.
    pub fn no_frame_failed(&self) -> Result<(), Failure> {
        self.failure.get().map_or(Ok(()), |error| Err(format!("a frame failed: {error}").into()))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
