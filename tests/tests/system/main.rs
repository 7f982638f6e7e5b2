//! The whole product, from outside: compiled functions, real PostgreSQL, real WebSockets.
//!
//! The tests share one system, and each makes its own people; those that restart or starve a system start one of their own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]
#![allow(
    clippy::disallowed_methods,
    reason = "the tests' own questions to the database go through no pooler"
)]

mod accounts;
mod client_library;
mod contract;
mod conversation;
mod docs;
mod environments;
mod example;
mod faq;
mod faults;
mod forged;
mod handlers;
mod matrix;
mod paths;
mod pictures;
mod profiles;
mod realtime;
mod room_lists;
mod rooms;
mod sessions;
mod statements;
mod up;
mod viewer;
mod web_manifests;
mod wrong_input;

use std::{
    process::Command,
    sync::{Arc, LazyLock, OnceLock},
    time::Instant,
};

use chatchat_local::{Postgres, PostgresOptions, Settings};
use chatchat_template::Template;
use chatchat_tests::{
    Answer, Client, PASSWORD, PATIENCE, Person, System, SystemOptions, Watch, build_functions, root,
};
use contract::Contract;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{runtime::Runtime, sync::OnceCell};

/// The shared system, and a client of it whose every exchange is held against the OpenAPI document.
struct World {
    system: System,
    client: Client,
}

/// One runtime for all tests, because the shared system lives in it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static POSTGRES: OnceCell<Arc<Postgres>> = OnceCell::const_new();
static WORLD: OnceCell<World> = OnceCell::const_new();

fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| Contract::load().unwrap())
}

fn watch() -> Watch {
    Arc::new(|method, path, answer| {
        let body = (!answer.body.is_null()).then_some(&answer.body);
        let fits = contract().check_answer(method.as_str(), path, answer.status, body);
        assert!(fits.is_ok(), "{}", fits.unwrap_err());
    })
}

/// How many rounds each race is run: `RACE_ROUNDS`, 5 unless set.
fn rounds() -> usize {
    std::env::var("RACE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5)
}

/// Runs a test in the shared system.
fn in_world<F: Future>(test: impl FnOnce(&'static World) -> F) -> F::Output {
    RUNTIME.block_on(async { test(WORLD.get_or_init(World::start).await).await })
}

/// Runs a test in a system that no other test uses.
fn in_own_world(test: impl AsyncFnOnce(&World)) {
    RUNTIME.block_on(async {
        let world = World::start().await;
        test(&world).await;
        world.system.stop().await;
    });
}

/// Runs a test that starts a system of its own.
fn alone<F: Future>(test: impl FnOnce() -> F) -> F::Output {
    RUNTIME.block_on(async { test().await })
}

/// The database server that all systems here share, each with a database of its own.
async fn postgres() -> Arc<Postgres> {
    let start = || async {
        build_functions().unwrap();
        Arc::new(Postgres::start(PostgresOptions::default()).await.unwrap())
    };
    Arc::clone(POSTGRES.get_or_init(start).await)
}

async fn own_system() -> System {
    let options = SystemOptions {
        postgres: Some(postgres().await),
        // The bursts of fifty of several tests may meet.
        settings: Settings { environments: 120, ..Settings::default() },
        ..SystemOptions::default()
    };
    System::start(options).await.unwrap()
}

fn client_of(system: &System) -> Client {
    Client::new(&system.cloud.url()).unwrap().watched(watch())
}

impl World {
    async fn start() -> Self {
        let system = own_system().await;
        let client = client_of(&system);
        Self { system, client }
    }

    async fn customer(&self) -> Person {
        Person::customer(&self.client, "김하늘").await.unwrap()
    }

    /// A visible company.
    async fn company(&self) -> Person {
        let company = Person::company(&self.client, "새벽빵집").await.unwrap();
        company.become_visible().await.unwrap();
        company
    }

    /// A customer and a company with a room.
    async fn pair(&self) -> (Person, Person, i64) {
        let (customer, company) = (self.customer().await, self.company().await);
        let room = customer.open_room(&company).await.unwrap();
        (customer, company, room)
    }

    /// The database, as its superuser.
    async fn database(&self) -> tokio_postgres::Client {
        database(&self.system).await
    }
}

async fn database(system: &System) -> tokio_postgres::Client {
    system.superuser().await.unwrap()
}

fn template() -> Template {
    Template::read(&root().join("infra/template.yaml")).unwrap()
}

/// The wrong fields of an answer with their codes, in order.
fn wrong_fields(body: &Value) -> Vec<(&str, &str)> {
    body["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|field| {
            (field["field"].as_str().unwrap_or_default(), field["code"].as_str().unwrap_or_default())
        })
        .collect()
}

/// The same object with one field changed, or taken away by null.
fn changed(mut object: Value, field: &str, value: Value) -> Value {
    let fields = object.as_object_mut().unwrap();
    if value.is_null() {
        fields.remove(field);
    } else {
        fields.insert(field.to_owned(), value);
    }
    object
}

/// The refresh cookie that an answer sets, as a client sends it back.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.body);
}

async fn withdraw(person: &Person) -> Answer {
    let body = json!({ "password": PASSWORD });
    person.call(Method::DELETE, person.profile(), &body).await.unwrap()
}

/// Ends all processes of a function; the next call starts a new one.
async fn end_processes(system: &System, function: &str) {
    let pids: Vec<_> = system.cloud.environments(function).into_iter().filter_map(|one| one.pid).collect();
    for pid in &pids {
        system.cloud.kill_environment(*pid);
    }
    eventually("the processes are gone", async || {
        system.cloud.environments(function).iter().all(|one| one.pid.is_none_or(|pid| !pids.contains(&pid)))
    })
    .await;
}

/// Runs a script of `web` against the product, and shows what it prints if it fails.
async fn npm_succeeds(mut npm: Command) {
    // Waited for on a thread of its own, because the system runs in this one's runtime.
    let ran = tokio::task::spawn_blocking(move || npm.output()).await.unwrap().unwrap();
    let printed = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(ran.status.success(), "{}", printed.concat());
}

/// Waits until it holds, up to [`PATIENCE`].
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let limit = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < limit, "it never came to hold that {what}");
        tokio::task::yield_now().await;
    }
}
