//! The limit on sign-ups of a network.

use std::cell::Cell;

use chatchat_harness::{Answer, Client, PASSWORD, new_username};
use reqwest::Method;
use serde_json::json;

use super::{assert_limit, assert_limited};
use crate::{assert_refused, end_processes, in_world_with_limits};

async fn sign_up(client: &Client, username: &str) -> Answer {
    let body =
        json!({ "username": username, "password": PASSWORD, "confirmPassword": PASSWORD, "name": "이름" });
    client.call(Method::POST, "/customers", None, &body).await.unwrap()
}

#[test]
fn network_signs_up_twenty_accounts_an_hour() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let network = world.client.in_new_network().unwrap();
        let is_limited = Cell::new(false);
        assert_limit(&database, 20, "3 min", async || {
            // A process also rejects the next sign-ups of the network. A new one asks the database.
            if is_limited.take() {
                end_processes(&world.system, "SignUpCustomer").await;
            }
            let answer = sign_up(&network, &new_username("many")).await;
            is_limited.set(answer.status == 429);
            answer
        })
        .await;
        let taken = new_username("taken");
        assert_limited(&sign_up(&network, &taken).await);
        let other = world.client.in_new_network().unwrap();
        assert_eq!(sign_up(&other, &taken).await.status, 201, "another network has its own limit");
        for _ in 0..19 {
            assert_refused(&sign_up(&other, &taken).await, 409, "username_taken");
        }
        assert_limited(&sign_up(&other, &taken).await);
        // An account from before `username_hash`.
        let old = "update accounts set username_hash = null where username = $1";
        assert_eq!(database.execute(old, &[&taken]).await.unwrap(), 1);
        let third = world.client.in_new_network().unwrap();
        for _ in 0..20 {
            assert_refused(&sign_up(&third, &taken.to_uppercase()).await, 409, "username_taken");
        }
        assert_limited(&sign_up(&third, &taken).await);
    });
}

/// Computing the hash of a password takes much more CPU time than a statement.
#[test]
fn sign_up_over_the_limit_is_rejected_without_hashing() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let network = world.client.in_new_network().unwrap();
        sign_up(&network, &new_username("first")).await.expect(201).unwrap();
        let empty = "update limits set full_at = now() + interval '1 hour' where subject like 'sign-ups %'";
        database.batch_execute(empty).await.unwrap();
        assert_limited(&sign_up(&network, &new_username("over")).await);
        database.batch_execute("delete from limits").await.unwrap();
        // The database would accept it, so it was not asked.
        let wait = assert_limited(&sign_up(&network, &new_username("over")).await);
        assert!((1..=180).contains(&wait), "{wait}");
        let other = world.client.in_new_network().unwrap();
        sign_up(&other, &new_username("other")).await.expect(201).unwrap();
        end_processes(&world.system, "SignUpCustomer").await;
        sign_up(&network, &new_username("again")).await.expect(201).unwrap();
    });
}
