//! Measures how many calls of a day are cold starts, in a small company's day with the compiled
//! functions.
//!
//! The local cloud's clock skips the time in which no function runs, so a day takes as long as its
//! calls, and environments and schedules behave as in a whole day. Times in the database, and those
//! of sessions, tokens and tickets, are real.

mod browser;
mod calls;
mod plan;
mod tally;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chatchat_harness::{Client, Failure, Person, System, SystemOptions, build_functions, new_username, root};
use chatchat_local::{Calls, Postgres, PostgresOptions, Settings};
use chatchat_template::{Function, Template};
use serde_json::json;
use tokio::task::JoinSet;

use self::{
    browser::{Browser, Room, World},
    plan::{DESKS, Plan},
    tally::{Counts, Tally},
};

/// How often the environments are counted, and the limits of callers are reset.
const SAMPLE_INTERVAL: Duration = Duration::from_mins(1);
/// The time of other schedules before the first page is loaded.
const NIGHT: Duration = Duration::from_hours(1);

/// The options of the benchmark.
pub struct Traffic {
    /// The numbers of messages in a day.
    pub messages: Vec<usize>,
    /// After how many minutes an idle environment ends.
    pub idle: Vec<u32>,
    /// How many days are measured for each combination.
    pub days: u64,
    /// The seed of the first day; the next days have the next seeds.
    pub seed: u64,
    /// Whether to print the calls that people wait for by route.
    pub routes: bool,
}

/// What was measured in some days.
#[derive(Default)]
struct Measured {
    counts: Counts,
    /// The number of environments, at regular times in the opening hours.
    environments: Vec<usize>,
}

/// Runs days for each number of messages and each idle life of environments, and prints a table.
pub async fn traffic(options: Traffic) -> Result<(), Failure> {
    build_functions()?;
    let postgres = Arc::new(Postgres::start(PostgresOptions::default()).await?);
    println!(
        "days  messages  idle life   waited for     cold   sends     cold  scheduled  all calls  environments"
    );
    for &messages in &options.messages {
        for &minutes in &options.idle {
            let (started, mut measured) = (Instant::now(), Measured::default());
            for day in 0..options.days {
                let idle = Duration::from_mins(minutes.into());
                run(Arc::clone(&postgres), messages, idle, options.seed + day, &mut measured).await?;
            }
            let Measured { counts, environments } = &mut measured;
            let Counts { waited, sends, scheduled, all, .. } = counts;
            environments.sort_unstable();
            println!(
                "{:>4}{messages:>10}{minutes:>7} min{:>13}{:>7.1} %{:>8}{:>7.2} %{:>11}{:>11}{:>14}",
                options.days,
                waited.calls,
                waited.percent(),
                sends.calls,
                sends.percent(),
                scheduled.calls,
                all.calls,
                environments.get(environments.len() / 2).copied().unwrap_or_default(),
            );
            if options.routes {
                for (route, count) in &counts.routes {
                    println!("    {route:<45}{:>6} calls{:>6} cold", count.calls, count.cold);
                }
            }
            eprintln!("({:.0} s)", started.elapsed().as_secs_f64());
        }
    }
    println!("Targets: at most 3 % of the calls that people wait for with 50 messages, 0.2 % of sends.");
    Ok(())
}

/// Runs a day in a new system.
async fn run(
    postgres: Arc<Postgres>,
    messages: usize,
    idle: Duration,
    seed: u64,
    measured: &mut Measured,
) -> Result<(), Failure> {
    let tally = Arc::new(Tally::default());
    let counted = Arc::clone(&tally);
    let calls: Calls = Arc::new(move |called| counted.add(called));
    let settings = Settings { idle_environment_limit: idle, ..Settings::default() };
    let system = System::start(SystemOptions {
        settings,
        warm: true,
        canary: true,
        calls: Some(calls),
        postgres: Some(postgres),
        ..SystemOptions::default()
    })
    .await?;
    let lived = live(&system, &tally, &Plan::new(messages, seed, idle + NIGHT), measured).await;
    system.stop().await;
    lived
}

/// Prepares the accounts, and does what is planned.
async fn live(
    system: &System,
    tally: &Arc<Tally>,
    plan: &Plan,
    measured: &mut Measured,
) -> Result<(), Failure> {
    let (browsers, rooms) = prepare(system, tally, plan).await?;
    let (clock, database) = (system.cloud.clock(), system.superuser().await?);
    let functions = Template::read(&root().join("infra/template.yaml"))?.functions()?;
    let start = clock.now();
    let mut turn = Arc::new(clock.turn());
    let mut next_sample = clock.wait_until(start + plan.open.start);
    clock.skip_quiet_time();

    let act = async {
        let mut tasks = JoinSet::new();
        for (number, &action) in plan.actions.iter().enumerate() {
            let next = clock.wait_until(start + action.at);
            drop(turn);
            turn = Arc::new(next.await);
            if number == 0 {
                // The preparations and the night are not a part of the day.
                tally.take();
            }
            let browser = Arc::clone(&browsers[action.browser]);
            let (room, turn) = (Arc::clone(&rooms[action.conversation]), Arc::clone(&turn));
            tasks.spawn(async move {
                let done = browser.perform(action.calls, room).await;
                drop(turn);
                done
            });
            while let Some(ended) = tasks.try_join_next() {
                ended??;
            }
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok::<_, Failure>(tally.take())
    };
    let sample = async {
        loop {
            let turn = next_sample.await;
            next_sample = clock.wait_until(clock.now() + SAMPLE_INTERVAL);
            if clock.now() < start + plan.open.end {
                let count = |function: &Function| system.cloud.environments(&function.id).len();
                measured.environments.push(functions.iter().map(count).sum::<usize>());
            }
            // The limits of callers count in real time, in which the day is much shorter.
            if let Err(error) = database.batch_execute("delete from limits; delete from attempts").await {
                break Failure::from(error);
            }
            drop(turn);
        }
    };
    let counts = tokio::select! {
        counts = act => counts?,
        failure = sample => return Err(failure),
    };
    tally.no_frame_failed()?;
    measured.counts.add(&counts);
    Ok(())
}

/// Creates the company with its employees, and the customers with a room in each conversation.
async fn prepare(
    system: &System,
    tally: &Arc<Tally>,
    plan: &Plan,
) -> Result<(Vec<Arc<Browser>>, Vec<Arc<Room>>), Failure> {
    let client = Client::new(&system.cloud.url())?;
    let company = Person::company(&client, "새벽빵집").await?;
    company.become_visible().await?;
    let entry = json!({ "question": "주차할 수 있나요?", "answer": "네, 편하게 오세요." });
    let entry = company.post("/company/auto-replies", &entry).await?.expect(201)?;
    let world = Arc::new(World {
        clock: system.cloud.clock().clone(),
        tally: Arc::clone(tally),
        company: company.id,
        entry: entry.body["id"].as_i64().ok_or("the entry has no id")?,
    });
    let mut browsers = Vec::new();
    for _ in 0..DESKS {
        let desk = Browser::new(&world, client.clone(), "company", company.username.clone());
        let desk = Arc::new(desk);
        Arc::clone(&desk).perform(calls::PREPARE_DESK, Arc::default()).await?;
        browsers.push(desk);
    }
    let mut rooms = Vec::new();
    for &returns in &plan.returning {
        let customer = Browser::new(&world, client.in_new_network()?, "customer", new_username("customer"));
        let (customer, room) = (Arc::new(customer), Arc::<Room>::default());
        if returns {
            Arc::clone(&customer).perform(calls::PREPARE_CUSTOMER, Arc::clone(&room)).await?;
        }
        browsers.push(customer);
        rooms.push(room);
    }
    Ok((browsers, rooms))
}
