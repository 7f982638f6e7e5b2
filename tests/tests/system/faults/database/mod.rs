//! What the database does: it goes away, turns read-only, refuses connections, ends them, undoes transactions, changes its password.

mod password;
mod server;
mod transactions;

use chatchat_tests::{Person, Socket};
use serde_json::Value;
use tokio_postgres::Client as Database;

use super::{Processes, acknowledged, message, post};
use crate::World;

/// The database's name and that of the functions' role, as SQL writes them.
fn names(world: &World) -> (String, String) {
    let database = &world.system.database;
    (format!("\"{}\"", database.name), format!("\"{}\"", database.user))
}

/// The functions' backends.
async fn backends(database: &Database) -> Vec<i32> {
    let pids = "select a.pid from pg_stat_activity a join pg_database d on d.oid = a.datid and d.datname = current_database()
                where a.usesysid = d.datdba order by a.pid";
    database.query(pids, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Terminates the functions' backends, and waits until they are gone.
async fn terminate(database: &Database) {
    let pids = backends(database).await;
    assert!(!pids.is_empty(), "no function is connected");
    database
        .execute("select pg_terminate_backend(pid, 10000) from unnest($1::int[]) pid", &[&pids])
        .await
        .unwrap();
    assert!(backends(database).await.is_empty());
}

/// The functions through which a customer sends, warm: over WebSocket, and over HTTP.
async fn warm<'a>(world: &'a World, customer: &Person, socket: &mut Socket, room: i64) -> [Processes<'a>; 2] {
    acknowledged(socket, &message(room, "먼저"), 2).await;
    post(customer, &message(room, "그리고")).await.expect(201).unwrap();
    assert_eq!(socket.next_of("message").await.unwrap()["message"]["seq"], 3);
    ["SendMessageFrame", "SendMessageAsCustomer"].map(|function| Processes::of(world, function))
}

/// An `error` that says that trying again can help, of the frame that was sent.
#[track_caller]
fn assert_unavailable(event: &Value, frame: &Value) {
    assert_eq!(event["code"], "unavailable", "{event}");
    assert_eq!(event.get("clientMessageId"), frame.get("clientMessageId"), "{event}");
}
