//! Logging in again and again: right passwords all pass, wrong ones make a name and an address wait.

use chatchat_tests::{Answer, PASSWORD, new_username};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio_postgres::Client as Database;

use super::{change_password, log_in};
use crate::{assert_refused, in_own_world, in_world, rounds, withdraw};

/// Refused for now, with the seconds after which it is worth a try.
#[track_caller]
fn assert_has_to_wait(answer: &Answer) {
    assert_refused(answer, 429, "too_many_attempts");
    let wait: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
}

/// Lets the window in which attempts count pass.
async fn pass_the_window(database: &Database) {
    database.batch_execute("update attempts set since = since - interval '15 minutes'").await.unwrap();
}

#[test]
fn ten_logins_at_once_of_one_person_all_succeed() {
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
fn after_ten_wrong_passwords_a_name_has_to_wait_and_no_other_has() {
    in_own_world(async |world| {
        let client = &world.client;
        let (person, other) = (world.customer().await, world.customer().await);
        let nobody = new_username("nobody");
        let mut throttled = Vec::new();
        for username in [&person.username, &nobody] {
            let tries = join_all((0..30).map(|_| log_in(client, username, "wrong-2026"))).await;
            let told = tries.iter().filter(|answer| answer.code() == "login_failed").count();
            let waiting = tries.iter().filter(|answer| answer.code() == "too_many_attempts").count();
            assert_eq!((told, waiting), (10, 20), "ten are told what is wrong, though all came at once");
            let answer = log_in(client, &username.to_uppercase(), PASSWORD).await;
            assert_has_to_wait(&answer);
            throttled.push(json!([answer.body["code"], answer.body["message"]]));
        }
        assert_eq!(throttled[0], throttled[1], "a name that does not exist is treated the same");
        let changing = change_password(&person, PASSWORD, "byeol-2027").await;
        assert_refused(&changing, 429, "too_many_attempts");
        assert_refused(&withdraw(&person).await, 429, "too_many_attempts");
        let untouched = log_in(client, &other.username, PASSWORD).await;
        assert_eq!(untouched.status, 201, "another name is not touched");
        pass_the_window(&world.database().await).await;
        assert_eq!(log_in(client, &person.username, PASSWORD).await.status, 201, "the window has passed");
        for _ in 0..2 {
            join_all((0..9).map(|_| log_in(client, &person.username, "wrong-2026"))).await;
            let right = log_in(client, &person.username, PASSWORD).await;
            assert_eq!(right.status, 201, "a right one starts over");
        }
    });
}

#[test]
fn people_who_log_in_from_one_address_do_not_get_in_each_others_way() {
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
fn another_spelling_of_a_name_is_the_same_name_or_none() {
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
fn after_a_hundred_wrong_passwords_an_address_has_to_wait() {
    in_own_world(async |world| {
        let (client, database) = (&world.client, world.database().await);
        let person = world.customer().await;
        assert_refused(&log_in(client, &new_username("nobody"), PASSWORD).await, 400, "login_failed");
        let set = async |count: i32| {
            let set = "update attempts set count = $1 where subject like 'address %'";
            assert!(database.execute(set, &[&count]).await.unwrap() >= 1);
        };
        set(99).await;
        assert_eq!(log_in(client, &person.username, PASSWORD).await.status, 201, "the hundredth");
        set(100).await;
        assert_has_to_wait(&log_in(client, &person.username, PASSWORD).await);
        assert_refused(&withdraw(&person).await, 429, "too_many_attempts");
        pass_the_window(&database).await;
        assert_eq!(log_in(client, &person.username, PASSWORD).await.status, 201);
    });
}
