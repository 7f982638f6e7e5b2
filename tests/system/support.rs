//! Helpers that tests of several modules use.

use std::{process::Command, time::Instant};

use chatchat_harness::{Answer, PASSWORD, PATIENCE, Person, Socket, System};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client as Database;
use uuid::Uuid;

use crate::contract;

/// Asserts that an answer is an error with this status and code.
#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.body);
}

/// The wrong fields of an answer with their codes, in order.
pub(crate) fn wrong_fields(body: &Value) -> Vec<(&str, &str)> {
    body["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|field| {
            (field["field"].as_str().unwrap_or_default(), field["code"].as_str().unwrap_or_default())
        })
        .collect()
}

/// The object with one field changed, or removed if the value is null.
pub(crate) fn changed(mut object: Value, field: &str, value: Value) -> Value {
    let fields = object.as_object_mut().unwrap();
    if value.is_null() {
        fields.remove(field);
    } else {
        fields.insert(field.to_owned(), value);
    }
    object
}

/// The refresh cookie that an answer sets, in the form in which a client sends it back.
pub(crate) fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

/// Withdraws an account with its password.
pub(crate) async fn withdraw(person: &Person) -> Answer {
    let body = json!({ "password": PASSWORD });
    person.call(Method::DELETE, person.profile(), &body).await.unwrap()
}

/// The body of a message with a new `clientMessageId`.
pub(crate) fn message_body(content: &str) -> Value {
    json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": content })
}

/// Sends a message over HTTP with a new `clientMessageId`.
pub(crate) async fn send_message(person: &Person, room: i64, content: &str) -> Answer {
    post_message(person, room, &message_body(content)).await
}

/// Sends a message over HTTP with this `clientMessageId`.
pub(crate) async fn send_message_with_id(person: &Person, room: i64, id: Uuid, content: &str) -> Answer {
    let body = json!({ "clientMessageId": id.to_string(), "content": content });
    post_message(person, room, &body).await
}

/// Posts a body to the messages of a room.
pub(crate) async fn post_message(person: &Person, room: i64, body: &Value) -> Answer {
    person.post(&format!("{}/messages", person.room(room)), body).await.unwrap()
}

/// Moves an account's read marker in a room.
pub(crate) async fn mark_read(person: &Person, room: i64, seq: i64) {
    let path = format!("{}/read", person.room(room));
    person.call(Method::PUT, &path, &json!({ "seq": seq })).await.unwrap().expect(204).unwrap();
}

/// The next event of a connection. Fails if the event does not fit the `AsyncAPI` document.
pub(crate) async fn next_event(socket: &mut Socket) -> Value {
    let event = socket.next().await.unwrap();
    assert_eq!(contract().check_event(&event), Ok(()));
    event
}

/// The process ids of the database's backends that wait for a lock.
pub(crate) async fn blocked_backends(database: &Database) -> Vec<i32> {
    let blocked = "select pid from pg_stat_activity
                   where wait_event_type = 'Lock' and datname = current_database()";
    database.query(blocked, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Waits until at least `statements` statements wait for a lock.
pub(crate) async fn wait_for_blocked(database: &Database, statements: usize) {
    let what = format!("{statements} statements wait for a lock");
    eventually(&what, async || blocked_backends(database).await.len() >= statements).await;
}

/// Ends all processes of a function. The next call starts a new process.
pub(crate) async fn end_processes(system: &System, function: &str) {
    let pids: Vec<_> = system.cloud.environments(function).into_iter().filter_map(|one| one.pid).collect();
    for pid in &pids {
        system.cloud.kill_environment(*pid);
    }
    eventually("the processes have ended", async || {
        system.cloud.environments(function).iter().all(|one| one.pid.is_none_or(|pid| !pids.contains(&pid)))
    })
    .await;
}

/// Runs a script of `web` against the product, and fails with the script's output if the script
/// fails.
pub(crate) async fn npm_succeeds(mut npm: Command) {
    // In a thread for blocking work, because the system runs in this runtime.
    let output = tokio::task::spawn_blocking(move || npm.output()).await.unwrap().unwrap();
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{}", printed.concat());
}

/// Waits until a condition holds. Fails if that takes longer than [`PATIENCE`].
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let limit = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < limit, "waited for {PATIENCE:?}, but not true: {what}");
        tokio::task::yield_now().await;
    }
}
