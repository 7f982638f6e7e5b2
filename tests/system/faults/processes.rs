//! The processes of a function: whether they are still the same, and how many events they served.

use std::collections::BTreeMap;

use chatchat_local::EnvironmentState;

use crate::{World, eventually};

/// A function's processes at one moment, with the number of events that each had been given.
pub(super) struct Processes<'a> {
    world: &'a World,
    function: &'a str,
    before: BTreeMap<u32, u64>,
}

impl<'a> Processes<'a> {
    pub(super) fn of(world: &'a World, function: &'a str) -> Self {
        let mut this = Self { world, function, before: BTreeMap::new() };
        this.before = this.now();
        this
    }

    fn now(&self) -> BTreeMap<u32, u64> {
        let environments = self.world.system.cloud.environments(self.function);
        environments.into_iter().filter_map(|one| Some((one.pid?, one.served))).collect()
    }

    /// Waits until the function's processes, old and new, have served exactly this many events
    /// since then and are idle.
    pub(super) async fn wait_until_served(&self, events: u64) {
        let served = |processes: &BTreeMap<u32, u64>| processes.values().sum::<u64>();
        let what = format!("{} has served {events} events", self.function);
        eventually(&what, async || {
            let environments = self.world.system.cloud.environments(self.function);
            environments.iter().all(|one| one.state == EnvironmentState::Idle)
                && served(&self.now()) == served(&self.before) + events
        })
        .await;
    }

    /// Asserts that the same processes have served this many events since then, and that no other
    /// process was started.
    pub(super) async fn assert_reused(&self, events: u64) {
        self.wait_until_served(events).await;
        let now = self.now();
        assert!(
            !now.is_empty() && now.keys().eq(self.before.keys()),
            "before: {:?}, now: {now:?}",
            self.before
        );
    }
}
