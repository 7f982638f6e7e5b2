//! The clients of a run, each in a task of its own.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use fastrand::Rng;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use super::{
    Plan,
    participant::{Common, Identity, Participant, Phase, Record, Status},
    stage::Side,
};
use crate::Failure;

/// How often the clients are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Running clients; dropping them ends them.
pub(super) struct Clients {
    tasks: JoinSet<Record>,
    statuses: Vec<(String, Arc<Status>)>,
}

impl Clients {
    /// Starts the clients of everybody.
    pub(super) fn start(
        sides: &[Side],
        plan: &Plan,
        common: &Arc<Common>,
        phase: &watch::Sender<Phase>,
        rng: &mut Rng,
    ) -> Self {
        let outboxes: usize = sides.iter().map(|side| side.clients * side.rooms.len()).sum();
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 of them")]
        let thinks = Duration::from_secs_f64(outboxes as f64 / plan.rate);
        let mut clients = Self { tasks: JoinSet::new(), statuses: Vec::new() };
        for side in sides {
            for number in 1..=side.clients {
                let name = format!("{} client {number}", side.name);
                let identity = Identity {
                    name: name.clone(),
                    account: side.account.clone(),
                    rooms: side.rooms.clone(),
                    thinks,
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

    /// From now on it takes another heartbeat for a client to count as settled.
    pub(super) fn unsettle(&self) {
        for (_, status) in &self.statuses {
            status.settled.store(false, Ordering::Relaxed);
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.statuses.len()
    }

    /// Waits until something is so of all clients, so long at most. Gives the names of those of which it is not.
    pub(super) async fn wait_for(&self, is_so: impl Fn(&Status) -> bool, time: Duration) -> Vec<String> {
        let until = Instant::now() + time;
        loop {
            let others = self.statuses.iter().filter(|(_, status)| !is_so(status));
            let others: Vec<String> = others.map(|(name, _)| name.clone()).collect();
            if others.is_empty() || Instant::now() > until {
                return others;
            }
            sleep(LOOK).await;
        }
    }

    /// What they leave behind; the run must be over.
    pub(super) async fn records(mut self) -> Result<Vec<Record>, Failure> {
        let mut records = Vec::new();
        while let Some(record) = self.tasks.join_next().await {
            records.push(record?);
        }
        Ok(records)
    }
}
