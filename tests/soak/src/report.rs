//! The report of a run.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{
    checker::Verdict,
    faults::{FaultCounts, Kind},
    participant::Times,
};

/// The report of a run.
#[derive(Debug)]
pub struct Report {
    /// The violations of the delivery promise.
    pub verdict: Verdict,
    /// Messages that were written.
    pub attempted: u64,
    /// Messages that were acknowledged.
    pub acknowledged: u64,
    /// Acknowledged messages that had to be sent more than once.
    pub recovered: u64,
    /// Messages that were not acknowledged at the end, with the reasons.
    pub given_up: Vec<String>,
    /// The names of clients that did not become complete.
    pub unsettled: Vec<String>,
    /// The number of clients.
    pub clients: usize,
    /// How many of them use the client library.
    pub library_clients: usize,
    /// The number of rooms.
    pub rooms: usize,
    /// The measurements of all clients.
    pub times: Times,
    /// How long messages were written.
    pub lasted: Duration,
    /// The errors that clients received, by code.
    pub refusals: BTreeMap<String, u64>,
    /// The selected faults, with how often they happened.
    pub faults: BTreeMap<Kind, FaultCounts>,
}

impl Report {
    /// Returns the selected faults that did not happen.
    pub fn missing(&self) -> Vec<Kind> {
        self.faults.iter().filter(|(_, tallied)| tallied.happened == 0).map(|(kind, _)| *kind).collect()
    }

    /// Describes why the run failed, or returns `None` if it succeeded.
    pub fn broken(&self) -> Option<String> {
        let mut broken: Vec<String> = self
            .verdict
            .counts()
            .iter()
            .filter(|(_, count)| count.number > 0)
            .map(|(name, count)| format!("{} {name}", count.number))
            .collect();
        if !self.given_up.is_empty() {
            broken.push(format!("{} messages were given up", self.given_up.len()));
        }
        if !self.unsettled.is_empty() {
            broken.push(format!("{} clients did not settle", self.unsettled.len()));
        }
        let missing: Vec<_> = self.missing().iter().map(|kind| kind.name()).collect();
        if !missing.is_empty() {
            broken.push(format!("faults that did not happen: {}", missing.join(", ")));
        }
        (!broken.is_empty()).then(|| broken.join("; "))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.verdict)?;
        writeln!(out)?;
        for (name, number) in [
            ("attempted", self.attempted),
            ("acknowledged", self.acknowledged),
            ("recovered", self.recovered),
            ("given up", self.given_up.len() as u64),
            ("clients not settled", self.unsettled.len() as u64),
            ("pushes seen", self.times.pushes),
            ("connections lost", self.times.lost),
        ] {
            writeln!(out, "{name:<20} {number:>8}{}", note(name))?;
        }
        for example in self.given_up.iter().chain(&self.unsettled).take(6) {
            writeln!(out, "    {example}")?;
        }
        let seconds = self.lasted.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 messages")]
        let rate = self.acknowledged as f64 / seconds;
        writeln!(
            out,
            "{:<20} {rate:>8.1}   for {seconds:.0} s, in {} rooms by {} clients in Rust and {} of the library",
            "messages a second",
            self.rooms,
            self.clients - self.library_clients,
            self.library_clients
        )?;
        writeln!(out)?;
        spread(out, "heal", &self.times.heals, "noticing a loss → whole again")?;
        spread(out, "replay", &self.times.replays, "connection back → caught up")?;
        if !self.refusals.is_empty() {
            writeln!(out, "\n{:<32} {:>8}", "errors that clients received", "times")?;
            for (refusal, times) in &self.refusals {
                writeln!(out, "{refusal:<32} {times:>8}")?;
            }
        }
        if self.faults.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{:<24} {:>8} {:>9}   each time", "fault", "injected", "happened")?;
        for (kind, FaultCounts { injected, happened }) in &self.faults {
            writeln!(out, "{kind:<24} {injected:>8} {happened:>9}   {}", kind.description())?;
        }
        Ok(())
    }
}

fn note(name: &str) -> &'static str {
    match name {
        "recovered" => "   acknowledged only after they were sent again",
        _ => "",
    }
}

fn spread(out: &mut fmt::Formatter<'_>, name: &str, times: &[Duration], what: &str) -> fmt::Result {
    let [p50, p99, max] = [50, 99, 100].map(|percent| percentile(times, percent).as_secs_f64() * 1000.0);
    writeln!(
        out,
        "{name:<8} p50 {p50:7.0} ms   p99 {p99:7.0} ms   max {max:7.0} ms   of {:>6}   {what}",
        times.len()
    )
}

/// Returns the given percentile of the times, or zero for an empty slice.
pub fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    let index = (times.len() * percent).div_ceil(100).max(1) - 1;
    times.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Report {
        let happened = FaultCounts { injected: 1, happened: 2 };
        Report {
            verdict: Verdict::default(),
            attempted: 2,
            acknowledged: 2,
            recovered: 1,
            given_up: Vec::new(),
            unsettled: Vec::new(),
            clients: 1,
            library_clients: 0,
            rooms: 1,
            times: Times::default(),
            lasted: Duration::from_secs(1),
            refusals: BTreeMap::new(),
            faults: BTreeMap::from([(Kind::Restart, happened)]),
        }
    }

    #[test]
    fn broken_names_violations_given_up_messages_unsettled_clients_and_missing_faults() {
        assert_eq!(good().broken(), None);
        let mut report = good();
        report.verdict.lost.number = 1;
        assert_eq!(report.broken().as_deref(), Some("1 lost"));
        let mut report = good();
        report.verdict.marker_regressions.number = 2;
        report.given_up.push("no acknowledgement".to_owned());
        assert_eq!(report.broken().as_deref(), Some("2 marker regressions; 1 messages were given up"));
        let mut report = good();
        report.unsettled.push("customer 1".to_owned());
        report.faults.insert(Kind::Crash, FaultCounts { injected: 1, happened: 0 });
        let broken = "1 clients did not settle; faults that did not happen: crash";
        assert_eq!(report.broken().as_deref(), Some(broken));
    }

    #[test]
    fn percentile_is_one_of_the_times() {
        let times: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        let at = |percent| percentile(&times, percent).as_millis();
        assert_eq!((at(0), at(50), at(99), at(100)), (1, 100, 198, 200));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
