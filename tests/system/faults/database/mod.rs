//! Faults of the database: it stops, becomes read-only, rejects, ends or ignores connections, rolls
//! back transactions, or gets another password.

mod password;
mod server;
mod silent;
mod transactions;

use chatchat_harness::{Person, Socket};
use serde_json::Value;
use tokio_postgres::Client as Database;

use super::{Processes, REALTIME, assert_acknowledged, message, post};
use crate::World;

/// The names of the database and of the functions' role, quoted for SQL.
fn quoted_names(world: &World) -> (String, String) {
    let database = world.system.functions_database().unwrap();
    (format!("\"{}\"", database.name), format!("\"{}\"", database.user))
}

/// The process ids of the functions' backends, sorted.
async fn backends(database: &Database) -> Vec<i32> {
    let pids = "select a.pid from pg_stat_activity a join pg_database d on d.oid = a.datid and d.datname = current_database()
                where a.usename = d.datname || '_functions' order by a.pid";
    database.query(pids, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Terminates the functions' backends, and waits until they have ended.
async fn terminate_backends(database: &Database) {
    let pids = backends(database).await;
    assert!(!pids.is_empty(), "no function is connected");
    database
        .execute("select pg_terminate_backend(pid, 10000) from unnest($1::int[]) pid", &[&pids])
        .await
        .unwrap();
    assert!(backends(database).await.is_empty());
}

/// Sends two messages as a customer, one over WebSocket and one over HTTP. Returns the processes of
/// the two functions, which are warm now.
async fn warm_up<'a>(
    world: &'a World,
    customer: &Person,
    socket: &mut Socket,
    room: i64,
) -> [Processes<'a>; 2] {
    assert_acknowledged(socket, &message(room, "먼저"), 2).await;
    post(customer, &message(room, "그리고")).await.expect(201).unwrap();
    assert_eq!(socket.next_of("message").await.unwrap()["message"]["seq"], 3);
    [REALTIME, "SendMessageAsCustomer"].map(|function| Processes::of(world, function))
}

/// Asserts that an event is the error `unavailable` for a frame, which means that the client can
/// retry.
#[track_caller]
fn assert_unavailable(event: &Value, frame: &Value) {
    assert_eq!(event["code"], "unavailable", "{event}");
    assert_eq!(event.get("clientMessageId"), frame.get("clientMessageId"), "{event}");
}
