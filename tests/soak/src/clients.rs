//! The clients of a run. Each runs in its own task.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use chatchat_harness::Failure;
use fastrand::Rng;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use super::{
    Plan,
    participant::{Common, Identity, Participant, Phase, Record, Status},
    stage::Side,
};

/// The time between two checks of the clients' statuses.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The running clients. Dropping them ends their tasks.
pub(super) struct Clients {
    tasks: JoinSet<Record>,
    statuses: Vec<(String, Arc<Status>)>,
}

impl Clients {
    /// Starts the clients of all accounts.
    pub(super) fn start(
        sides: &[Side],
        plan: &Plan,
        common: &Arc<Common>,
        phase: &watch::Sender<Phase>,
        rng: &mut Rng,
    ) -> Self {
        let outboxes: usize = sides.iter().map(|side| side.clients * side.rooms.len()).sum();
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 of them")]
        let think_time = Duration::from_secs_f64(outboxes as f64 / plan.rate);
        let mut clients = Self { tasks: JoinSet::new(), statuses: Vec::new() };
        for side in sides {
            for number in 1..=side.clients {
                let name = format!("{} client {number}", side.name);
                let identity = Identity {
                    name: name.clone(),
                    account: side.account.clone(),
                    rooms: side.rooms.clone(),
                    think_time,
                };
                let status = Arc::new(Status::default());
                clients.statuses.push((name, Arc::clone(&status)));
                let participant =
                    Participant::new(identity, Arc::clone(common), status, phase.subscribe(), rng.fork());
                clients.tasks.spawn(participant.run());
            }
        }
        clients
    }

    /// Resets the `settled` statuses: each client needs another heartbeat to count as settled.
    pub(super) fn unsettle(&self) {
        for (_, status) in &self.statuses {
            status.settled.store(false, Ordering::Relaxed);
        }
    }

    /// Returns the number of clients.
    pub(super) fn len(&self) -> usize {
        self.statuses.len()
    }

    /// Waits until a condition holds for all clients, for at most `time`. Returns the names of the
    /// clients for which it does not hold.
    pub(super) async fn wait_for(&self, holds: impl Fn(&Status) -> bool, time: Duration) -> Vec<String> {
        let until = Instant::now() + time;
        loop {
            let others = self.statuses.iter().filter(|(_, status)| !holds(status));
            let others: Vec<String> = others.map(|(name, _)| name.clone()).collect();
            if others.is_empty() || Instant::now() > until {
                return others;
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits for the clients to end and returns their records. The phase must be `Over`.
    pub(super) async fn records(mut self) -> Result<Vec<Record>, Failure> {
        let mut records = Vec::new();
        while let Some(record) = self.tasks.join_next().await {
            records.push(record?);
        }
        Ok(records)
    }
}
