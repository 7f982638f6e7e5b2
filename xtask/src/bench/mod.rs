//! `cargo xtask bench`: measurements that are printed for a person to read.

mod abuse;
mod cold;
mod fan_out;
mod login;
mod reads;
mod times;
mod traffic;

use chatchat_harness::{Client, Failure, System, SystemOptions, build_functions};
use clap::Subcommand;
use tokio_postgres::Client as Database;

use self::traffic::Traffic;

/// A benchmark.
#[derive(Subcommand)]
pub enum Benchmark {
    /// Compares the time of a login with an unknown name and with a wrong password, 1,000 tries
    /// each
    Login,
    /// Measures lists and histories with 100,000 companies, a room of 200,000 messages, and lists
    /// of 200 and 10,000 rooms
    Reads,
    /// Measures pushes to 1,000 connections that take 20 ms each, concurrently and one by one
    FanOut,
    /// Measures the cold start of each artifact against a hello-world function (only on Linux)
    Cold {
        /// How often each program is started
        #[arg(long, default_value_t = 20)]
        starts: usize,
    },
    /// Compares the time of a send while 20 attackers use up all limits, and while an account opens
    /// 1,000 connections and floods `typing`, with an idle system in the same run (only on Linux)
    Abuse {
        /// How many rounds of four phases there are: idle, attackers, idle, flood
        #[arg(long, default_value_t = 8)]
        rounds: usize,
        /// How many seconds a phase takes
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Measures the share of cold starts in a small company's day, whose quiet times are skipped
    Traffic {
        /// How many messages there are in a day
        #[arg(long, value_delimiter = ',', default_value = "50,1000")]
        messages_per_day: Vec<usize>,
        /// After how many minutes an idle environment ends
        #[arg(long, value_delimiter = ',', default_value = "6,15,45")]
        idle_minutes: Vec<u32>,
        /// How many days are measured for each combination
        #[arg(long, default_value_t = 1)]
        days: u64,
        /// The seed of the first day
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Also print the calls that people wait for by route
        #[arg(long)]
        routes: bool,
    },
}

/// Runs a benchmark and prints the results.
pub async fn bench(benchmark: Benchmark) -> Result<(), Failure> {
    match benchmark {
        Benchmark::Login => in_system(login::login).await,
        Benchmark::Reads => in_system(reads::reads).await,
        Benchmark::FanOut => fan_out::fan_out().await,
        Benchmark::Cold { starts } => cold::cold(starts).await,
        Benchmark::Abuse { rounds, seconds } => abuse::abuse(rounds, seconds).await,
        Benchmark::Traffic { messages_per_day: messages, idle_minutes: idle, days, seed, routes } => {
            traffic::traffic(Traffic { messages, idle, days, seed, routes }).await
        }
    }
}

/// Runs a benchmark in a temporary system.
async fn in_system(
    measure: impl AsyncFnOnce(&Client, &Database) -> Result<(), Failure>,
) -> Result<(), Failure> {
    build_functions()?;
    let system = System::start(SystemOptions::default()).await?;
    let client = Client::new(&system.cloud.url())?;
    let measured = measure(&client, &system.superuser().await?).await;
    system.stop().await;
    measured
}
