//! The processes of functions: whether they are still the same, and how much they have done.

use std::collections::BTreeMap;

use chatchat_local::EnvironmentState;

use crate::{World, eventually};

/// A function's processes at some time, with how many events each had been given.
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

    /// Waits until they, with whatever others were started, have done so many events since, and have nothing to do.
    pub(super) async fn have_done(&self, events: u64) {
        let served = |processes: &BTreeMap<u32, u64>| processes.values().sum::<u64>();
        let what = format!("{} has done {events} events", self.function);
        eventually(&what, async || {
            let environments = self.world.system.cloud.environments(self.function);
            environments.iter().all(|one| one.state == EnvironmentState::Idle)
                && served(&self.now()) == served(&self.before) + events
        })
        .await;
    }

    /// The very same processes have done so many events since, and no other was started: nothing had to begin anew.
    pub(super) async fn live_on(&self, events: u64) {
        self.have_done(events).await;
        let now = self.now();
        assert!(!now.is_empty() && now.keys().eq(self.before.keys()), "{:?}, and now {now:?}", self.before);
    }
}
