//! The clients of a run. Each of the clients in Rust runs in its own task; those that use the client
//! library share a Node process.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use chatchat_harness::Failure;
use fastrand::Rng;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use super::{
    common::{Common, Phase, Status},
    library::{Library, LibraryClient},
    participant::{Identity, Participant, Record},
    plan::Plan,
    stage::Side,
};

/// The time between two checks of the clients' statuses.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The running clients. Dropping them ends their tasks.
pub(super) struct Clients {
    tasks: JoinSet<Result<Vec<Record>, Failure>>,
    statuses: Vec<(String, Arc<Status>)>,
    /// How many of them use the client library.
    pub(super) of_library: usize,
}

impl Clients {
    /// Starts the clients of all accounts. `url` is the origin of the system.
    pub(super) async fn start(
        sides: &[Side],
        plan: &Plan,
        url: &str,
        common: &Arc<Common>,
        phase: &watch::Sender<Phase>,
        rng: &mut Rng,
    ) -> Result<Self, Failure> {
        let outboxes: usize = sides.iter().map(|side| side.clients * side.rooms.len()).sum();
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 of them")]
        let think_time = Duration::from_secs_f64(outboxes as f64 / plan.rate);
        let mut clients = Self { tasks: JoinSet::new(), statuses: Vec::new(), of_library: 0 };
        let mut of_library = Vec::new();
        for side in sides {
            for number in 1..=side.clients {
                let name = format!("{} client {number}", side.name);
                if uses_library(clients.statuses.len(), plan.library_clients) {
                    let client =
                        LibraryClient::new(name.clone(), side, rng.u32(1..i32::MAX.unsigned_abs())).await;
                    clients.statuses.push((name, Arc::clone(&client.status)));
                    of_library.push(client);
                    continue;
                }
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
                clients.tasks.spawn(async { Ok(vec![participant.run().await]) });
            }
        }
        clients.of_library = of_library.len();
        if !of_library.is_empty() {
            let library = Library::start(of_library, url, think_time, Arc::clone(common)).await?;
            clients.tasks.spawn(library.run(phase.subscribe()));
        }
        Ok(clients)
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
            records.extend(record??);
        }
        Ok(records)
    }
}

/// Returns whether the client with this index uses the client library, so that about this percentage
/// of all clients does.
///
/// Two clients in a row are of one kind, and every second account has two clients. So some accounts
/// have two clients in Rust, some have two that use the library, and some have one of each.
fn uses_library(index: usize, percent: u8) -> bool {
    let until = |pairs: usize| pairs * usize::from(percent) / 100;
    until(index / 2 + 1) > until(index / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_distributed_in_pairs() {
        let chosen = |percent| (0..8).filter(|index| uses_library(*index, percent)).collect::<Vec<_>>();
        assert!(chosen(0).is_empty());
        assert_eq!(chosen(50), [2, 3, 6, 7]);
        assert_eq!(chosen(100), [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
