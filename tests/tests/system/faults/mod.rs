//! The faults of clients, networks, AWS and the database, one by one: each is seen to happen, and what delivery promises holds: what
//! was acknowledged is kept, once, under one seq, the same for both sides and without a gap; what was not can be sent again.

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

use std::sync::{Arc, Mutex, PoisonError};

use chatchat_local::{Fault, Injection, Postgres, PostgresOptions, Settings};
use chatchat_tests::{Answer, Client, PATIENCE, Person, Socket, System, SystemOptions, build_functions};
use serde_json::{Value, json};
use tokio::{sync::OnceCell, time::timeout};
use uuid::Uuid;

use crate::{RUNTIME, World, client_of, contract, eventually};
use processes::Processes;

/// Systems in which no test is at the moment.
static FREE: Mutex<Vec<World>> = Mutex::new(Vec::new());

/// Runs a test in a system with a database server of its own, where no other test is at the same time. It is used again by the next
/// test unless this one fails, so that there are as many as tests run at a time.
fn with_faults(test: impl AsyncFnOnce(&World)) {
    in_one(SystemOptions::default().pooled, test);
}

/// The same for tests of how functions replace their own connection to PostgreSQL. With a pooler the connection to PostgreSQL is the
/// pooler's, which opens another when it sees fit (five times a second), and until then refuses in words of its own.
fn with_faults_and_no_pooler(test: impl AsyncFnOnce(&World)) {
    in_one(false, test);
}

fn in_one(pooled: bool, test: impl AsyncFnOnce(&World)) {
    let free = || FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let take = || {
        let mut free = free();
        let fitting = free.iter().position(|world| world.system.pooled == pooled)?;
        Some(free.swap_remove(fitting))
    };
    RUNTIME.block_on(async {
        let found = take();
        let world = if let Some(world) = found { world } else { start(pooled).await };
        test(&world).await;
        free().push(world);
    });
}

async fn start(pooled: bool) -> World {
    static BUILT: OnceCell<()> = OnceCell::const_new();
    BUILT.get_or_init(async || _ = build_functions().unwrap()).await;
    // Never the server that is shared: this one is restarted and starved.
    let postgres = Arc::new(Postgres::launch(PostgresOptions::default()).await.unwrap());
    // A thousand connections from one machine come faster than API Gateway's 500 a second, which is a subject of its own.
    let settings = Settings { environments: 120, connects_per_second: 5000, ..Settings::default() };
    let options = SystemOptions { postgres: Some(postgres), settings, pooled, ..SystemOptions::default() };
    let system = System::start(options).await.unwrap();
    let client = client_of(&system);
    World { system, client }
}

/// Has a fault happen, each time that it could, and so many times.
fn inject(world: &World, fault: Fault, times: u32) -> Injection {
    world.system.cloud.inject(fault, 1, times)
}

/// Waits until a fault has happened as often as it was to, and ends it.
async fn happened(injection: Injection, times: u32) {
    let happens = timeout(PATIENCE, injection.happens(times)).await;
    assert!(happens.is_ok(), "it happened {} times only", injection.happened());
    assert_eq!(injection.happened(), times);
}

/// The frame that sends a message, each under a name of its own.
fn message(room: i64, content: &str) -> Value {
    let id = Uuid::new_v4().to_string();
    json!({ "action": "sendMessage", "roomId": room, "clientMessageId": id, "content": content })
}

/// Sends over HTTP what a frame would send.
async fn post(sender: &Person, frame: &Value) -> Answer {
    let path = format!("{}/messages", sender.room(frame["roomId"].as_i64().unwrap()));
    sender.post(&path, frame).await.unwrap()
}

/// The same person with a client whose answers are not held against the OpenAPI document: API Gateway's own errors are not in it.
fn through_gateway(person: &Person) -> Person {
    Person { client: Client::new(&person.client.url).unwrap(), ..person.clone() }
}

/// The next event, which must fit the `AsyncAPI` document.
async fn next(socket: &mut Socket) -> Value {
    let event = socket.next().await.unwrap();
    assert_eq!(contract().check_event(&event), Ok(()));
    event
}

/// Sends a frame and gives the event that answers it.
async fn ask(socket: &mut Socket, frame: &Value) -> Value {
    socket.send(frame).await.unwrap();
    next(socket).await
}

/// Sends a message, which is acknowledged as the one with that seq.
async fn acknowledged(socket: &mut Socket, frame: &Value, seq: i64) -> Value {
    let ack = ask(socket, frame).await;
    assert_eq!((&ack["type"], &ack["clientMessageId"]), (&json!("ack"), &frame["clientMessageId"]), "{ack}");
    assert_eq!(ack["seq"], seq, "{ack}");
    ack
}

/// The next event is the message with that seq.
async fn told(socket: &mut Socket, seq: i64) -> Value {
    let event = next(socket).await;
    assert_eq!((&event["type"], &event["message"]["seq"]), (&json!("message"), &json!(seq)), "{event}");
    event
}

/// A client that has a room up to `seq` asks; it is told how far the room is, or nothing where it has all. No other event came before.
async fn ahead(socket: &mut Socket, room: i64, seq: i64) -> Option<i64> {
    let rooms = [json!({ "roomId": room, "lastSeq": seq })];
    let event = ask(socket, &json!({ "action": "heartbeat", "rooms": rooms })).await;
    assert_eq!(event["type"], "heartbeat", "nothing else came: {event}");
    event["rooms"].as_array().unwrap().first().map(|room| room["lastSeq"].as_i64().unwrap())
}

/// The next frame is API Gateway's own error.
async fn gateway_error(socket: &mut Socket) {
    let frame = socket.next().await.unwrap();
    assert_eq!(frame["message"], "Internal server error", "{frame}");
}

/// The connection ends without a closing frame, and before that nothing comes.
async fn is_cut(socket: &mut Socket) {
    assert_eq!(timeout(PATIENCE, socket.receive()).await, Ok(None));
}

/// A part of a room's history, from after `seq` on.
async fn messages_after(person: &Person, room: i64, seq: i64, limit: usize) -> Vec<Value> {
    let path = format!("{}/messages?after={seq}&limit={limit}", person.room(room));
    let answer = person.get(&path).await.unwrap().expect(200).unwrap();
    answer.body["messages"].as_array().cloned().unwrap()
}

/// Both sides have the same history: the company's guide and then these, once each, with seqs from 1 without a gap.
async fn assert_kept(sides: [&Person; 2], room: i64, contents: &[&str]) {
    let mut histories = [sides[0].history(room).await.unwrap(), sides[1].history(room).await.unwrap()];
    let seqs: Vec<_> = histories[0].iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len().try_into().unwrap()).collect::<Vec<i64>>());
    let kept: Vec<_> = histories[0][1..].iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(kept, contents);
    for message in histories.iter_mut().flatten() {
        // Only its sender is told.
        message.as_object_mut().unwrap().remove("clientMessageId");
    }
    assert_eq!(histories[0], histories[1]);
}

/// How many connections of somebody are to be pushed to.
async fn connections(world: &World, person: &Person) -> i64 {
    let count = "select count(*) from connections where account_id = $1";
    world.database().await.query_one(count, &[&person.id]).await.unwrap().get(0)
}

/// Makes an account's connections older than 30 seconds, the age from which a 410 deletes their rows.
async fn make_older(world: &World, person: &Person) {
    let older =
        "update connections set connected_at = connected_at - interval '31 seconds' where account_id = $1";
    world.database().await.execute(older, &[&person.id]).await.unwrap();
}

/// Somebody's connections become so many.
async fn connections_become(world: &World, person: &Person, how_many: i64) {
    let what = format!("there are {how_many} connections to push to");
    eventually(&what, async || connections(world, person).await == how_many).await;
}

/// How many statements wait for a lock.
async fn waiting(database: &tokio_postgres::Client) -> i64 {
    let count = "select count(*) from pg_stat_activity
                 where wait_event_type = 'Lock' and datname = current_database()";
    database.query_one(count, &[]).await.unwrap().get(0)
}
