//! The throttle on password checks: wrong passwords throttle a username in a network, correct
//! passwords do not, and no client uses up the attempts of another one.

use std::net::Ipv4Addr;

use chatchat_harness::{Answer, Client, PASSWORD, new_username};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio_postgres::Client as Database;

use super::{change_password, log_in};
use crate::{World, assert_refused, in_own_world, in_world, rounds, withdraw};

/// Asserts that an answer rejects an attempt because of the throttle, and says how long to wait.
#[track_caller]
fn assert_throttled(answer: &Answer) {
    assert_refused(answer, 429, "too_many_attempts");
    let wait: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
}

/// Moves the start of every window of 15 minutes back, so that all windows have passed.
async fn pass_throttle_window(database: &Database) {
    database.batch_execute("update attempts set since = since - interval '15 minutes'").await.unwrap();
}

/// A client in another network than the other clients of the tests.
fn other_network(world: &World) -> Client {
    Client::from_address(&world.client.url, Ipv4Addr::new(127, 0, 1, 1).into()).unwrap()
}

/// How many attempts count for a username from all networks.
async fn name_count(database: &Database, username: &str) -> i32 {
    let count = "select count from attempts where subject = 'username ' || (select username_hash from accounts where username = $1)";
    database.query_opt(count, &[&username]).await.unwrap().map_or(0, |row| row.get(0))
}

#[test]
fn ten_logins_at_once_with_one_account_succeed() {
    in_world(|world| async move {
        for _ in 0..rounds() {
            let person = world.customer().await;
            let answers = join_all((0..10).map(|_| log_in(&world.client, &person.username, PASSWORD))).await;
            for answer in answers {
                assert_eq!(answer.status, 201, "{}", answer.body);
            }
        }
        println!("10 logins at once, {} rounds", rounds());
    });
}

#[test]
fn ten_wrong_passwords_throttle_only_their_username() {
    in_own_world(async |world| {
        let client = &world.client;
        let (person, other) = (world.customer().await, world.customer().await);
        let unknown = new_username("unknown");
        let mut throttled = Vec::new();
        for username in [&person.username, &unknown] {
            let answers = join_all((0..30).map(|_| log_in(client, username, "wrong-2026"))).await;
            let failed = answers.iter().filter(|answer| answer.code() == "login_failed").count();
            let rejected = answers.iter().filter(|answer| answer.code() == "too_many_attempts").count();
            assert_eq!((failed, rejected), (10, 20), "exactly ten attempts are checked");
            let answer = log_in(client, &username.to_uppercase(), PASSWORD).await;
            assert_throttled(&answer);
            throttled.push(json!([answer.body["code"], answer.body["message"]]));
        }
        assert_eq!(throttled[0], throttled[1], "an unknown username gets the same answers");
        let untouched = log_in(client, &other.username, PASSWORD).await;
        assert_eq!(untouched.status, 201, "another username is not throttled");
        pass_throttle_window(&world.database().await).await;
        assert_eq!(log_in(client, &person.username, PASSWORD).await.status, 201, "the window has passed");
        for _ in 0..2 {
            join_all((0..9).map(|_| log_in(client, &person.username, "wrong-2026"))).await;
            let right = log_in(client, &person.username, PASSWORD).await;
            assert_eq!(right.status, 201, "a correct password resets the count");
        }
    });
}

#[test]
fn logins_from_one_network_do_not_deadlock() {
    in_own_world(async |world| {
        let people = join_all((0..4).map(|_| world.customer())).await;
        let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
        let logins = people.iter().chain(&people).map(async |person| {
            for _ in 0..20 {
                let answer = log_in(&world.client, &person.username, PASSWORD).await;
                assert_eq!(answer.status, 201, "{}", answer.body);
            }
        });
        join_all(logins).await;
        assert_eq!(world.database().await.query_one(deadlocks, &[]).await.unwrap().get::<_, i64>(0), 0);
    });
}

#[test]
fn username_lookup_ignores_only_ascii_case_and_white_space() {
    in_own_world(async |world| {
        let client = &world.client;
        let body = json!({ "username": "minji2026", "password": PASSWORD, "confirmPassword": PASSWORD, "name": "민지" });
        client.call(Method::POST, "/customers", None, &body).await.unwrap().expect(201).unwrap();
        for spelling in ["MinJi2026", " minji2026 "] {
            assert_eq!(log_in(client, spelling, PASSWORD).await.status, 201);
        }
        for spelling in ["m\u{130}nji2026", "minj\u{130}2026", "m\u{131}nji2026", "minji２０２６"] {
            assert_refused(&log_in(client, spelling, PASSWORD).await, 400, "login_failed");
        }
    });
}

#[test]
fn hundred_wrong_passwords_throttle_the_network() {
    in_own_world(async |world| {
        let (client, database) = (&world.client, world.database().await);
        let person = world.customer().await;
        assert_refused(&log_in(client, &new_username("unknown"), PASSWORD).await, 400, "login_failed");
        let set = async |count: i32| {
            let set = "update attempts set count = $1 where subject like 'network %'";
            assert!(database.execute(set, &[&count]).await.unwrap() >= 1);
        };
        set(99).await;
        assert_eq!(log_in(client, &person.username, PASSWORD).await.status, 201, "the 100th attempt");
        set(100).await;
        assert_throttled(&log_in(client, &person.username, PASSWORD).await);
        let elsewhere = other_network(world);
        assert_eq!(log_in(&elsewhere, &person.username, PASSWORD).await.status, 201, "another network");
        assert_eq!(name_count(&database, &person.username).await, 0, "rejected attempts do not count");
        pass_throttle_window(&database).await;
        assert_eq!(log_in(client, &person.username, PASSWORD).await.status, 201);
    });
}

#[test]
fn stranger_cannot_lock_out_an_account() {
    in_own_world(async |world| {
        let (database, stranger) = (world.database().await, other_network(world));
        let person = world.customer().await;
        let attempts = join_all((0..30).map(|_| log_in(&stranger, &person.username, "wrong-2026"))).await;
        let checked = attempts.iter().filter(|answer| answer.code() == "login_failed").count();
        assert_eq!(checked, 10, "the other attempts are rejected");
        assert_eq!(name_count(&database, &person.username).await, 10, "rejected attempts do not count");
        assert_eq!(log_in(&world.client, &person.username, PASSWORD).await.status, 201);
        assert_throttled(&log_in(&stranger, &person.username, PASSWORD).await);

        // Ten networks together can use up the 100 attempts of a username. That ends no session,
        // and the password can still be changed inside one.
        let exhaust = "update attempts set count = 100, since = now() where subject = 'username ' || (select username_hash from accounts where username = $1)";
        assert_eq!(database.execute(exhaust, &[&person.username]).await.unwrap(), 1);
        assert_throttled(&log_in(&world.client, &person.username, PASSWORD).await);
        assert_eq!(change_password(&person, PASSWORD, "byeol-2027").await.status, 204);
    });
}

#[test]
fn session_has_ten_attempts_that_no_other_client_uses_up() {
    in_own_world(async |world| {
        let person = world.customer().await;
        let wrong = join_all((0..20).map(|_| change_password(&person, "wrong-2026", "byeol-2027"))).await;
        let checked = wrong.iter().filter(|answer| answer.code() == "wrong_password").count();
        assert_eq!(checked, 10, "exactly ten attempts are checked");
        assert_throttled(&change_password(&person, PASSWORD, "byeol-2027").await);
        assert_throttled(&withdraw(&person).await);

        let mut other_session = person.clone();
        other_session.log_in().await.unwrap();
        let changed = change_password(&other_session, PASSWORD, "byeol-2027").await;
        assert_eq!(changed.status, 204, "each session has its own attempts");
    });
}
