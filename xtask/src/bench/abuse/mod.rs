//! Measures how much slower the sends of two users become while attackers are at their limits.
//!
//! The time of a send is compared with an idle system in the same run: idle and attacked phases
//! alternate, so that a change of the machine's speed affects both.
//!
//! On AWS, each environment of a function has its own share of a CPU, and the attackers have their
//! own machines. Here, they share the CPU with the honest users. So all functions except the one
//! that is measured run at a lower priority, in all phases. PostgreSQL, the gateway, the measured
//! function and the clients run at the usual priority: what they cost is in the ratio.

mod attackers;
mod honest;
mod processor;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chatchat_harness::{Client, Failure, Person, System, SystemOptions, build_optimised_functions, root};
use chatchat_template::Template;
use rustix::process::{Pid, getpriority_process, setpriority_pgrp};
use serde_json::Value;
use tokio::{task::JoinSet, time::sleep};
use tokio_postgres::Client as Database;

use self::{
    attackers::{Attack, Attacker, Tally},
    honest::{Observed, Pair},
    processor::{PARTS, cpu_times},
};
use super::times::{milliseconds, percentile};
use crate::failure;

/// The function whose time is measured.
const MEASURED: &str = "Realtime";
/// How much lower the priority of the other functions is. They then get a tenth of the CPU time
/// that another program gets.
const NICENESS: i32 = 10;
/// How many attackers each attack has.
const ATTACKERS: usize = 4;
/// How many connections the typing flood attempts in all its phases together.
const CONNECTIONS: usize = 1000;
/// The time after a phase in which requests of attackers end.
const PAUSE: Duration = Duration::from_secs(2);

/// What was measured in all phases of a kind.
#[derive(Default)]
struct Measured {
    observed: Observed,
    /// The times that the measured function waited for the database, in sends of the honest users.
    database: Vec<Duration>,
    cpu: [Duration; 4],
    time: Duration,
}

/// Runs `rounds` rounds of four phases of `seconds` each: idle, 20 attackers, idle, typing flood.
pub async fn abuse(rounds: usize, seconds: u64) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Err(failure("the CPU time of a process is read from /proc, which only Linux has"));
    }
    if rounds == 0 || seconds == 0 {
        return Err(failure("--rounds and --seconds must be greater than 0"));
    }
    let programs = build_optimised_functions()?;
    let system = System::start(SystemOptions { programs, ..SystemOptions::default() }).await?;
    let measured = measure(&system, rounds, Duration::from_secs(seconds)).await;
    system.stop().await;
    measured
}

async fn measure(system: &System, rounds: usize, phase: Duration) -> Result<(), Failure> {
    let client = Client::new(&system.cloud.url())?;
    let database = system.superuser().await?;
    let company = Person::company(&client.in_new_network()?, "새벽빵집").await?;
    company.become_visible().await?;
    let mut bench = Bench {
        system,
        functions: Template::read(&root().join("infra/template.yaml"))?
            .functions()?
            .into_iter()
            .map(|function| function.id)
            .collect(),
        database,
        pair: Pair::new(&client, &company).await?,
        attackers: Vec::new(),
        flooder: Attacker::new(&client, &company).await?,
        tallies: Attack::ALL.map(|(_, what)| (what, Arc::default())),
        flood: [Arc::default(), Arc::default()],
    };
    for _ in 0..ATTACKERS * Attack::ALL.len() {
        bench.attackers.push(Attacker::new(&client, &company).await?);
    }

    // Starts the processes of the functions, and is not counted.
    bench.pair.talk(Duration::from_secs(1), &mut Observed::default()).await?;
    let connections = CONNECTIONS.div_ceil(rounds);
    bench.attacked(Duration::from_secs(3), &mut Measured::default()).await?;
    bench.flooded(Duration::from_secs(3), connections, &mut Measured::default()).await?;
    bench.tallies = Attack::ALL.map(|(_, what)| (what, Arc::default()));
    bench.flood = [Arc::default(), Arc::default()];
    let [mut idle, mut attacked, mut flooded] = <[Measured; 3]>::default();
    for _ in 0..rounds {
        bench.honest(phase, &mut idle).await?;
        bench.attacked(phase, &mut attacked).await?;
        bench.honest(phase, &mut idle).await?;
        bench.flooded(phase, connections, &mut flooded).await?;
    }
    println!("two honest users talk; {rounds} rounds of four phases of {} s each", phase.as_secs());
    bench.report([idle, attacked, flooded])
}

impl Measured {
    /// Returns the given percentile of the times of sends and of their database, in milliseconds.
    fn percentile(&mut self, percent: usize) -> [f64; 2] {
        [&mut self.observed.sends, &mut self.database].map(|times| milliseconds(percentile(times, percent)))
    }

    fn print_line(&mut self, what: &str) {
        let ([p50, database_p50], [p99, database_p99]) = (self.percentile(50), self.percentile(99));
        let Self { observed: Observed { sends, requests, rejected }, cpu, time, .. } = self;
        let shares = cpu.map(|cpu| format!("{:.0} %", 100.0 * cpu.as_secs_f64() / time.as_secs_f64()));
        println!(
            "{what:<14}{:>6}{requests:>10}{:>10}{p50:>8.2}{p99:>8.2}{database_p50:>8.2}{database_p99:>8.2}   {}",
            sends.len(),
            rejected.len(),
            shares.join(", ")
        );
    }

    fn print_ratio(&mut self, what: &str, idle: &mut Self, target: &str) {
        let [p50, p99] = [50, 99].map(|percent| {
            let (attacked, idle) = (self.percentile(percent), idle.percentile(percent));
            [attacked[0] / idle[0], attacked[1] / idle[1]]
        });
        println!(
            "{:<38}{:>6.2} ×{:>6.2} ×{:>6.2} ×{:>6.2} ×   {target}",
            format!("  {what}, ratio to idle"),
            p50[0],
            p99[0],
            p50[1],
            p99[1]
        );
    }
}

struct Bench<'a> {
    system: &'a System,
    functions: Vec<String>,
    database: Database,
    pair: Pair,
    attackers: Vec<Attacker>,
    flooder: Attacker,
    tallies: [(&'static str, Arc<Tally>); 5],
    flood: [Arc<Tally>; 2],
}

impl Bench<'_> {
    fn report(&self, [mut idle, mut attacked, mut flooded]: [Measured; 3]) -> Result<(), Failure> {
        println!(
            "{:<14}{:>6}{:>10}{:>10}{:>16}{:>16}   CPU in percent of one:",
            "", "sends", "requests", "rejected", "send, ms", "database, ms"
        );
        println!("{:<40}{:>16}{:>16}   {}", "", "p50, p99", "p50, p99", PARTS.join(", "));
        idle.print_line("idle");
        attacked.print_line("20 attackers");
        flooded.print_line("typing flood");
        attacked.print_ratio("20 attackers", &mut idle, "target for p99: at most 2 ×");
        flooded.print_ratio("typing flood", &mut idle, "target: at most 1.5 ×");
        println!("{:<40}{:>10}{:>10}{:>10}", "what the attackers did", "accepted", "rejected", "failed");
        let flood = [("flood: connections", &self.flood[0]), ("flood: typing", &self.flood[1])];
        for (what, tally) in self.tallies.iter().map(|(what, tally)| (*what, tally)).chain(flood) {
            let [accepted, rejected, failed] = tally.counts();
            println!("  {what:<38}{accepted:>10}{rejected:>10}{failed:>10}");
        }
        let rejected = [idle, attacked, flooded].map(|measured| measured.observed.rejected).concat();
        if rejected.is_empty() {
            return Ok(());
        }
        Err(failure(format!("requests of the honest users were rejected: {}", rejected.join(", "))))
    }

    /// Measures while each attacker uses up its limits and continues.
    async fn attacked(&mut self, time: Duration, measured: &mut Measured) -> Result<(), Failure> {
        self.refill().await?;
        let mut attacks = JoinSet::new();
        for (index, attacker) in self.attackers.iter().enumerate() {
            let (attack, _) = Attack::ALL[index % Attack::ALL.len()];
            let (_, tally) = &self.tallies[index % Attack::ALL.len()];
            attacks.spawn(attacker.clone().attack(attack, Arc::clone(tally)));
        }
        self.honest(time, measured).await?;
        if let Some(ended) = attacks.try_join_next() {
            return Err(failure(format!("an attacker has stopped: {ended:?}")));
        }
        attacks.shutdown().await;
        sleep(PAUSE).await;
        Ok(())
    }

    /// Measures while one account opens `connections` connections and sends `typing` over them.
    async fn flooded(
        &mut self,
        time: Duration,
        connections: usize,
        measured: &mut Measured,
    ) -> Result<(), Failure> {
        self.refill().await?;
        let tickets = self.flooder.tickets(connections).await?;
        let mut flood = JoinSet::new();
        flood.spawn(self.flooder.clone().flood(tickets, self.flood.clone()));
        self.honest(time, measured).await?;
        flood.shutdown().await;
        sleep(PAUSE).await;
        Ok(())
    }

    /// Lets the honest users talk, and adds what they observed.
    async fn honest(&mut self, time: Duration, measured: &mut Measured) -> Result<(), Failure> {
        self.lower_priorities()?;
        let logged = self.system.log()?.len();
        let (started, before) = (Instant::now(), cpu_times()?);
        self.pair.talk(time, &mut measured.observed).await?;
        measured.time += started.elapsed();
        let after = cpu_times()?;
        for (part, sum) in measured.cpu.iter_mut().enumerate() {
            *sum += after[part].saturating_sub(before[part]);
        }
        let log = self.system.log()?;
        let lines = log[logged..].lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let sends = lines.filter(|line| {
            line["route"] == "sendMessage" && line["account"].as_i64().is_some_and(|id| self.pair.has(id))
        });
        let times = sends.filter_map(|line| line["database_ms"].as_f64());
        measured.database.extend(times.map(|time| Duration::from_secs_f64(time / 1000.0)));
        Ok(())
    }

    /// Returns all tokens and attempts, so that each attack begins with its full limit.
    async fn refill(&self) -> Result<(), Failure> {
        Ok(self.database.batch_execute("truncate limits, attempts").await?)
    }

    /// Gives the processes of all functions except the measured one a lower priority.
    fn lower_priorities(&self) -> Result<(), Failure> {
        let processes = |function: &str| self.system.cloud.environments(function);
        if processes(MEASURED).is_empty() {
            return Err(failure(format!("the function {MEASURED} has no process")));
        }
        let priority = getpriority_process(None)? + NICENESS;
        for function in self.functions.iter().filter(|function| *function != MEASURED) {
            for pid in processes(function).iter().filter_map(|one| Pid::from_raw(one.pid?.cast_signed())) {
                // The process may have ended.
                _ = setpriority_pgrp(Some(pid), priority);
            }
        }
        Ok(())
    }
}
