//! `cargo xtask bench`: figures and ratios taken in one run, to look at.

mod cold;
mod fan_out;
mod login;
mod reads;

use std::time::Duration;

use chatchat_tests::{Client, Failure, System, SystemOptions, build_functions};
use clap::Subcommand;
use tokio_postgres::Client as Database;

/// What to measure.
#[derive(Subcommand)]
pub enum What {
    /// Whether a login tells by its time if the name exists: 1,000 tries of each, in turn
    Login,
    /// What lists and histories cost: 100,000 companies, a room of 200,000 messages, lists of 200
    /// and of 10,000 rooms
    Reads,
    /// Pushing to 1,000 connections that take 20 ms each: at once, and one after the other
    FanOut,
    /// Starting each artifact, to its first question for an event, against a hello-world function; Linux alone
    Cold {
        /// How often each is started
        #[arg(long, default_value_t = 20)]
        starts: usize,
    },
}

/// Measures, and prints.
pub async fn bench(what: What) -> Result<(), Failure> {
    match what {
        What::Login => in_system(login::login).await,
        What::Reads => in_system(reads::reads).await,
        What::FanOut => fan_out::fan_out().await,
        What::Cold { starts } => cold::cold(starts).await,
    }
}

/// Starts a system of its own and measures there.
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

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
