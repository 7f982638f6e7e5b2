//! The sweep: connections whose `$disconnect` never arrived, and expired rows.

use chatchat_harness::Person;
use chatchat_local::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    assert_acknowledged, assert_happened, assert_receives, connection_count, heartbeat, inject, message,
    with_faults,
};
use crate::{World, cookie};

/// Runs the sweep, and returns the number of deleted rows by table.
async fn sweep(world: &World) -> Value {
    world.system.cloud.invoke("Sweep", json!({})).await.unwrap()["swept"].clone()
}

/// Changes an account's newest connection, or the session of that connection. `change` starts with
/// the table, such as `sessions ended_at = now()`.
async fn change_newest(world: &World, person: &Person, change: &str) {
    let newest = "(select id from connections where account_id = $1 order by connected_at desc limit 1)";
    let sql = match change.split_once(' ').unwrap() {
        ("sessions", change) => format!(
            "update sessions set {change} where id = (select session_id from connections where id = {newest})"
        ),
        (_, change) => format!("update connections set {change} where id = {newest}"),
    };
    assert_eq!(world.database().await.execute(&sql, &[&person.id]).await.unwrap(), 1);
}

/// Fault 7: `$disconnect` is never delivered.
#[test]
fn fault_07_sweep_deletes_dead_connections_and_closes_old_ones() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let withheld = inject(world, Fault::WithholdDisconnect, 1);
        customer.connect().await.unwrap().close().await.unwrap();
        assert_happened(withheld, 1).await;
        sweep(world).await;
        assert_eq!(connection_count(world, &customer).await, 1, "the client may still be there");
        change_newest(world, &customer, "connections seen_at = now() - interval '16 minutes'").await;

        let mut old = customer.connect().await.unwrap();
        change_newest(world, &customer, "connections connected_at = now() - interval '126 minutes'").await;
        let mut other = customer.clone();
        other.log_in().await.unwrap();
        let mut ended = other.connect().await.unwrap();
        change_newest(world, &customer, "sessions ended_at = now()").await;
        let mut active = customer.connect().await.unwrap();
        change_newest(world, &customer, "connections seen_at = now() - interval '16 minutes'").await;
        // The heartbeat updates `seen_at`.
        assert_eq!(heartbeat(&mut active, room, 1).await, None);
        let mut sender = company.connect().await.unwrap();
        assert_eq!(connection_count(world, &customer).await, 4);

        assert!(sweep(world).await["connections"].as_i64() >= Some(3));
        assert_eq!(connection_count(world, &customer).await, 1);
        assert!(old.closed().await.is_ok() && ended.closed().await.is_ok(), "the sweep closes them");
        assert_acknowledged(&mut sender, &message(room, "아직 계시네요"), 2).await;
        assert_receives(&mut active, 2).await;
    });
}

/// Fault 7, continued: expired tickets, sessions, refresh tokens and login attempts.
#[test]
fn fault_07_sweep_deletes_expired_rows_only() {
    with_faults(async |world| {
        let (one, other) = (world.customer().await, world.customer().await);
        let database = world.database().await;
        let change = async |sql: &str| {
            assert_eq!(database.execute(sql, &[&one.id]).await.unwrap(), 1, "{sql}");
        };
        let mut login = other.clone();
        let mut newest = cookie(&login.log_in().await.unwrap());
        for _ in 0..3 {
            let refresh = world.client.request(Method::POST, "/customer/token").header("cookie", &newest);
            newest = cookie(&refresh.send().await.unwrap().expect(201).unwrap());
        }
        one.ticket().await.unwrap();
        other.ticket().await.unwrap();
        // One expired row in each table. The expired ticket belongs to an active session.
        change(
            "update tickets set expires_at = now() - interval '1 second'
             where session_id = (select id from sessions where account_id = $1)",
        )
        .await;
        let mut again = one.clone();
        again.log_in().await.unwrap();
        change(
            "update sessions set created_at = now() - interval '15 days', expires_at = now() - interval '1 second'
             where id = (select max(id) from sessions where account_id = $1)",
        )
        .await;
        change(
            "update attempts set since = now() - interval '16 minutes'
             where subject = 'username ' || (select username_hash from accounts where id = $1)",
        )
        .await;
        // The session has refresh tokens of four generations. A client may still present one of the
        // last three.
        let old = "update refresh_tokens set created_at = now() - interval '15 days'
                   where session_id = (select max(id) from sessions where account_id = $1)";
        assert_eq!(database.execute(old, &[&other.id]).await.unwrap(), 4);

        let left = async |person: &Person| {
            let counts = "select (select count(*) from sessions where account_id = a.id),
                    (select count(*) from tickets join sessions s on s.id = session_id where account_id = a.id),
                    (select count(*) from refresh_tokens join sessions s on s.id = session_id where account_id = a.id),
                    (select count(*) from attempts where subject = 'username ' || a.username_hash)
                 from accounts a where a.id = $1";
            let row = database.query_one(counts, &[&person.id]).await.unwrap();
            [0, 1, 2, 3].map(|column| row.get::<_, i64>(column))
        };
        assert_eq!((left(&one).await, left(&other).await), ([2, 1, 2, 1], [2, 1, 5, 1]));
        let swept = sweep(world).await;
        for table in ["tickets", "sessions", "refresh_tokens", "attempts"] {
            assert!(swept[table].as_i64() >= Some(1), "{table}: {swept}");
        }
        assert_eq!((left(&one).await, left(&other).await), ([1, 0, 1, 0], [2, 1, 4, 1]));
        assert_eq!(one.get("/customers/me").await.unwrap().status, 200);
        assert_eq!(again.get("/customers/me").await.unwrap().code(), "unauthenticated");
    });
}
