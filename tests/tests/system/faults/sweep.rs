//! What nobody told the end of, and the function that looks for it.

use chatchat_local::Fault;
use chatchat_tests::Person;
use reqwest::Method;
use serde_json::{Value, json};

use super::{acknowledged, ahead, connections, happened, inject, message, told, with_faults};
use crate::{World, cookie};

/// Sweeps, and gives how many rows of each table went.
async fn sweep(world: &World) -> Value {
    world.system.cloud.invoke("Sweep", json!({})).await.unwrap()["swept"].clone()
}

/// Changes the newest connection of somebody, or the session of that connection.
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
fn connections_that_died_quietly_are_swept_those_past_their_time_are_closed_and_living_ones_stay() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let withheld = inject(world, Fault::WithholdDisconnect, 1);
        customer.connect().await.unwrap().close().await.unwrap();
        happened(withheld, 1).await;
        sweep(world).await;
        assert_eq!(connections(world, &customer).await, 1, "it could be alive");
        change_newest(world, &customer, "connections seen_at = now() - interval '16 minutes'").await;

        let mut old = customer.connect().await.unwrap();
        change_newest(world, &customer, "connections connected_at = now() - interval '126 minutes'").await;
        let mut other = customer.clone();
        other.log_in().await.unwrap();
        let mut ended = other.connect().await.unwrap();
        change_newest(world, &customer, "sessions ended_at = now()").await;
        let mut living = customer.connect().await.unwrap();
        change_newest(world, &customer, "connections seen_at = now() - interval '16 minutes'").await;
        assert_eq!(ahead(&mut living, room, 1).await, None, "a heartbeat says that it lives");
        let mut sender = company.connect().await.unwrap();
        assert_eq!(connections(world, &customer).await, 4);

        assert!(sweep(world).await["connections"].as_i64() >= Some(3));
        assert_eq!(connections(world, &customer).await, 1);
        assert!(old.closed().await.is_ok() && ended.closed().await.is_ok(), "they are to connect again");
        acknowledged(&mut sender, &message(room, "아직 계시네요"), 2).await;
        told(&mut living, 2).await;
    });
}

/// Fault 7: what else nobody comes back for.
#[test]
fn tickets_sessions_tokens_and_attempts_go_when_they_are_over_and_not_before() {
    with_faults(async |world| {
        let (one, other) = (world.customer().await, world.customer().await);
        let database = world.database().await;
        let change = async |sql: &str| {
            assert_eq!(database.execute(sql, &[&one.id]).await.unwrap(), 1, "{sql}");
        };
        let mut login = other.clone();
        let mut newest = cookie(&login.log_in().await.unwrap());
        for _ in 0..3 {
            let trade = world.client.request(Method::POST, "/customer/token").header("cookie", &newest);
            newest = cookie(&trade.send().await.unwrap().expect(201).unwrap());
        }
        one.ticket().await.unwrap();
        other.ticket().await.unwrap();
        // Of each kind one that is over; that of the tickets has a session that lives.
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
             where subject = 'username ' || (select username from accounts where id = $1)",
        )
        .await;
        // Of four generations; a client may still come back with the last three.
        let old = "update refresh_tokens set created_at = now() - interval '15 days'
                   where session_id = (select max(id) from sessions where account_id = $1)";
        assert_eq!(database.execute(old, &[&other.id]).await.unwrap(), 4);

        let left = async |person: &Person| {
            let counts = "select (select count(*) from sessions where account_id = a.id),
                    (select count(*) from tickets join sessions s on s.id = session_id where account_id = a.id),
                    (select count(*) from refresh_tokens join sessions s on s.id = session_id where account_id = a.id),
                    (select count(*) from attempts where subject = 'username ' || a.username)
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
