//! Faults of clients, networks, AWS and the database, one per test.
//!
//! Each test checks that its fault occurred, and that message delivery keeps its guarantees: an
//! acknowledged message is stored once, under one seq, the same for both sides and without a gap. A
//! message that was not acknowledged can be sent again.

mod client;
mod clocks;
mod database;
mod fan_out;
mod functions;
mod gateway;
mod processes;
mod sweep;
mod table;
mod twice;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chatchat_harness::{Answer, Client, PATIENCE, Person, Socket, System, SystemOptions, build_functions};
use chatchat_local::{Fault, Injection, Postgres, PostgresOptions, Settings, Target};
use serde_json::{Value, json};
use tokio::{sync::OnceCell, time::timeout};
use uuid::Uuid;

use crate::{RUNTIME, World, client_of, eventually, lift_limits, next_event, post_message};
use processes::Processes;

/// Systems that no test uses at the moment.
static FREE: Mutex<Vec<World>> = Mutex::new(Vec::new());

/// Runs a test in a system with its own database server, which no other test uses meanwhile. A
/// later test uses the system again, unless this test fails. So there are as many systems as tests
/// that run at the same time.
fn with_faults(test: impl AsyncFnOnce(&World)) {
    run_in_system(SystemOptions::default().pooled, test);
}

/// The same without a pooler, for tests of how functions replace their own connection to
/// PostgreSQL. A pooler owns the connections to PostgreSQL: it opens a new one by its own rules (at
/// most five times a second), and until then it rejects statements with its own error messages.
fn with_faults_and_no_pooler(test: impl AsyncFnOnce(&World)) {
    run_in_system(false, test);
}

fn run_in_system(pooled: bool, test: impl AsyncFnOnce(&World)) {
    let free = || FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let take = || {
        let mut free = free();
        let fitting = free.iter().position(|world| world.system.pooled == pooled)?;
        Some(free.swap_remove(fitting))
    };
    RUNTIME.block_on(async {
        let unused = take();
        let world = if let Some(world) = unused { world } else { start(pooled).await };
        test(&world).await;
        free().push(world);
    });
}

async fn start(pooled: bool) -> World {
    static BUILT: OnceCell<()> = OnceCell::const_new();
    BUILT.get_or_init(async || _ = build_functions().unwrap()).await;
    // Not the shared server: these tests restart this one and use up its connections.
    let postgres = Arc::new(Postgres::launch(PostgresOptions::default()).await.unwrap());
    // No schedule calls a function, because faults count the calls of all functions.
    let schedule_minute = Duration::from_hours(24);
    let settings = Settings { environments: 120, schedule_minute, ..Settings::default() };
    let options = SystemOptions {
        postgres: Some(postgres),
        settings,
        pooled,
        relays: true,
        ..SystemOptions::default()
    };
    let system = System::start(options).await.unwrap();
    lift_limits(&system).await;
    let client = client_of(&system);
    World { system, client }
}

/// The function of the WebSocket API.
const REALTIME: &str = "Realtime";

/// The calls of [`REALTIME`] for `sendMessage` frames.
fn sends() -> Target {
    Target::route(REALTIME, "sendMessage")
}

/// Injects a fault at each of its next `times` opportunities.
fn inject(world: &World, fault: Fault, times: u32) -> Injection {
    world.system.cloud.inject(fault, 1, times)
}

/// Waits until a fault has occurred exactly `times` times, and removes it.
async fn assert_happened(injection: Injection, times: u32) {
    let happens = timeout(PATIENCE, injection.wait_until_happened(times)).await;
    assert!(happens.is_ok(), "it happened only {} times", injection.happened());
    assert_eq!(injection.happened(), times);
}

/// A `sendMessage` frame with a new `clientMessageId`.
fn message(room: i64, content: &str) -> Value {
    let id = Uuid::new_v4().to_string();
    json!({ "action": "sendMessage", "roomId": room, "clientMessageId": id, "content": content })
}

/// Sends the message of a `sendMessage` frame over HTTP.
async fn post(sender: &Person, frame: &Value) -> Answer {
    post_message(sender, frame["roomId"].as_i64().unwrap(), frame).await
}

/// The same person with a client that does not check answers against the OpenAPI document, which
/// does not contain API Gateway's own errors.
fn unchecked(person: &Person) -> Person {
    Person { client: Client::new(&person.client.url).unwrap(), ..person.clone() }
}

/// Sends a frame and returns the next event.
async fn ask(socket: &mut Socket, frame: &Value) -> Value {
    socket.send(frame).await.unwrap();
    next_event(socket).await
}

/// Sends a message, asserts that it is acknowledged with this seq, and returns the `ack`.
async fn assert_acknowledged(socket: &mut Socket, frame: &Value, seq: i64) -> Value {
    let ack = ask(socket, frame).await;
    assert_eq!((&ack["type"], &ack["clientMessageId"]), (&json!("ack"), &frame["clientMessageId"]), "{ack}");
    assert_eq!(ack["seq"], seq, "{ack}");
    ack
}

/// Asserts that the next event is the message with this seq, and returns the event.
async fn assert_receives(socket: &mut Socket, seq: i64) -> Value {
    let event = next_event(socket).await;
    assert_eq!((&event["type"], &event["message"]["seq"]), (&json!("message"), &json!(seq)), "{event}");
    event
}

/// Sends a heartbeat of a client that has a room's messages up to `seq`. Returns the room's newest
/// seq if the answer says that there are newer messages. Fails if another event arrives first.
async fn heartbeat(socket: &mut Socket, room: i64, seq: i64) -> Option<i64> {
    let rooms = [json!({ "roomId": room, "lastSeq": seq })];
    let event = ask(socket, &json!({ "action": "heartbeat", "rooms": rooms })).await;
    assert_eq!(event["type"], "heartbeat", "another event came first: {event}");
    event["rooms"].as_array().unwrap().first().map(|room| room["lastSeq"].as_i64().unwrap())
}

/// Asserts that the next frame is API Gateway's own error.
async fn assert_gateway_error(socket: &mut Socket) {
    let frame = socket.next().await.unwrap();
    assert_eq!(frame["message"], "Internal server error", "{frame}");
}

/// Asserts that the connection ends without a close frame, and that no event arrives before that.
async fn assert_cut(socket: &mut Socket) {
    assert_eq!(timeout(PATIENCE, socket.receive()).await, Ok(None));
}

/// Returns at most `limit` messages of a room that come after `seq`.
async fn messages_after(person: &Person, room: i64, seq: i64, limit: usize) -> Vec<Value> {
    let path = format!("{}/messages?after={seq}&limit={limit}", person.room(room));
    let answer = person.get(&path).await.unwrap().expect(200).unwrap();
    answer.body["messages"].as_array().cloned().unwrap()
}

/// Asserts that both sides have the same history: the company's guide message and then these, once
/// each, with seqs from 1 without a gap.
async fn assert_kept(sides: [&Person; 2], room: i64, contents: &[&str]) {
    let mut histories = [sides[0].history(room).await.unwrap(), sides[1].history(room).await.unwrap()];
    let seqs: Vec<_> = histories[0].iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len().try_into().unwrap()).collect::<Vec<i64>>());
    let kept: Vec<_> = histories[0][1..].iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(kept, contents);
    for message in histories.iter_mut().flatten() {
        // Only the sender sees it.
        message.as_object_mut().unwrap().remove("clientMessageId");
    }
    assert_eq!(histories[0], histories[1]);
}

/// The number of an account's connections in the database, which are those that pushes go to.
async fn connection_count(world: &World, person: &Person) -> i64 {
    let count = "select count(*) from connections where account_id = $1";
    world.database().await.query_one(count, &[&person.id]).await.unwrap().get(0)
}

/// Makes an account's connections older than 30 seconds, the age from which a 410 deletes their
/// rows.
async fn age_connections(world: &World, person: &Person) {
    let older =
        "update connections set connected_at = connected_at - interval '31 seconds' where account_id = $1";
    world.database().await.execute(older, &[&person.id]).await.unwrap();
}

/// Waits until an account has this many connections in the database.
async fn wait_for_connections(world: &World, person: &Person, count: i64) {
    let what = format!("the account has {count} connections");
    eventually(&what, async || connection_count(world, person).await == count).await;
}
