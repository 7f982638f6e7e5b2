//! Tests of the whole product from outside: compiled functions, real PostgreSQL, real WebSockets.
//!
//! Most tests share one system, and each creates its own accounts. A test that restarts the system
//! or uses up its resources starts a separate one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::disallowed_methods, reason = "the tests' own statements go to PostgreSQL without a pooler")]

mod accounts;
mod canary;
mod client_library;
mod contract;
mod conversation;
mod docs;
mod environments;
mod erasure;
mod example;
mod faq;
mod faults;
mod forged;
mod handlers;
mod limits;
mod matrix;
mod migrations;
mod operations;
mod paths;
mod pictures;
mod profiles;
mod realtime;
mod role;
mod room_lists;
mod rooms;
mod round_trips;
mod sessions;
mod smoke;
mod sql;
mod statements;
mod support;
mod texts;
mod unusual_requests;
mod up;
mod viewer;
mod web_manifests;
mod wrong_input;

use std::sync::{Arc, LazyLock, OnceLock};

use chatchat_harness::{Client, Person, System, SystemOptions, Watch, build_functions, root};
use chatchat_local::{Postgres, PostgresOptions, Settings};
use chatchat_template::{HttpRoute, Template};
use contract::Contract;
use support::{
    assert_refused, blocked_backends, changed, cookie, end_processes, eventually, mark_read, message_body,
    next_event, npm_succeeds, post_message, send_message, send_message_with_id, wait_for_blocked, withdraw,
    wrong_fields,
};
use tokio::{runtime::Runtime, sync::OnceCell};

/// A system, and a client of it that checks each answer against the OpenAPI document.
struct World {
    system: System,
    client: Client,
}

/// The runtime of all tests, because the shared system runs in it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static POSTGRES: OnceCell<Arc<Postgres>> = OnceCell::const_new();
static WORLD: OnceCell<World> = OnceCell::const_new();

fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| Contract::load().unwrap())
}

/// Checks each answer against the OpenAPI document.
fn watch() -> Watch {
    Arc::new(|method, path, answer| {
        let body = (!answer.body.is_null()).then_some(&answer.body);
        let fits = contract().check_answer(method.as_str(), path, answer.status, body);
        assert!(fits.is_ok(), "{}", fits.unwrap_err());
    })
}

/// The number of rounds of each race: the variable `RACE_ROUNDS`, by default 5.
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

/// Runs a test in a system with limits for each caller that no other test uses.
fn in_world_with_limits(test: impl AsyncFnOnce(&World)) {
    in_own_world(async |world| {
        let end = "drop trigger limits_fill_bucket on limits";
        world.database().await.batch_execute(end).await.unwrap();
        test(world).await;
    });
}

/// Runs a test that does not need the shared system.
fn block_on<F: Future>(test: impl FnOnce() -> F) -> F::Output {
    RUNTIME.block_on(async { test().await })
}

/// The database server that most systems of these tests share. Each system has its own database.
async fn postgres() -> Arc<Postgres> {
    let start = || async {
        build_functions().unwrap();
        Arc::new(Postgres::start(PostgresOptions::default()).await.unwrap())
    };
    Arc::clone(POSTGRES.get_or_init(start).await)
}

async fn start_system() -> System {
    let system = System::start(system_options().await).await.unwrap();
    lift_limits(&system).await;
    system
}

/// Lifts the limits for each caller, because many tests send more than a caller may. The statements
/// still use the table `limits`, but each bucket is always full.
async fn lift_limits(system: &System) {
    let full = "create function fill_bucket() returns trigger language plpgsql as $$
                begin
                    new.full_at := now();
                    new.day_full_at := '-infinity';
                    new.refused := false;
                    return new;
                end $$;
                create trigger limits_fill_bucket before insert or update on limits
                for each row execute function fill_bucket();";
    database(system).await.batch_execute(full).await.unwrap();
}

async fn system_options() -> SystemOptions {
    SystemOptions {
        postgres: Some(postgres().await),
        // Several tests can send a burst of 50 requests at the same time.
        settings: Settings { environments: 120, ..Settings::default() },
        ..SystemOptions::default()
    }
}

fn client_of(system: &System) -> Client {
    Client::new(&system.cloud.url()).unwrap().watched(watch())
}

impl World {
    async fn start() -> Self {
        let system = start_system().await;
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

    /// A customer, a visible company, and their room.
    async fn pair(&self) -> (Person, Person, i64) {
        let (customer, company) = (self.customer().await, self.company().await);
        let room = customer.open_room(&company).await.unwrap();
        (customer, company, room)
    }

    /// A connection to the database as its superuser.
    async fn database(&self) -> tokio_postgres::Client {
        database(&self.system).await
    }
}

/// A connection to a system's database as its superuser.
async fn database(system: &System) -> tokio_postgres::Client {
    system.superuser().await.unwrap()
}

/// The routes of the template that are operations of the API: all except `$default`, and except
/// HEAD, which a client uses in place of GET.
fn operations(template: &Template) -> Vec<HttpRoute> {
    let routes = template.http_routes().unwrap().into_iter();
    routes.filter(|route| route.path != "$default" && route.method != "HEAD").collect()
}

fn template() -> Template {
    Template::read(&root().join("infra/template.yaml")).unwrap()
}
