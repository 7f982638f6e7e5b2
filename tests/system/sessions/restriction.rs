//! The measures of an operator against an account.

use chatchat_harness::{Answer, PASSWORD, Person};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Login, active_sessions, assert_closed, in_turn::in_turn};
use crate::{World, assert_refused, in_own_world, in_world};

async fn moderate(world: &World, measure: Value) -> Result<Value, String> {
    world.system.cloud.invoke("Moderate", measure).await.map_err(|error| error.to_string())
}

async fn log_in(person: &Person, password: &str) -> Answer {
    let body = json!({ "username": person.username, "password": password });
    let path = format!("/{}/session", person.kind);
    person.client.call(Method::POST, &path, None, &body).await.unwrap()
}

/// The status of the company's public profile.
async fn profile_status(company: &Person) -> u16 {
    let path = format!("/companies/{}", company.id);
    company.client.call(Method::GET, &path, None, &Value::Null).await.unwrap().status
}

#[test]
fn restricted_account_has_no_session_and_cannot_log_in() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let login = Login::of(&company).await;
        let mut socket = company.connect().await.unwrap();
        assert_eq!(profile_status(&company).await, 200);

        let restrict = json!({ "restrict": company.username.to_uppercase() });
        for _ in 0..2 {
            let answer = moderate(world, restrict.clone()).await.unwrap();
            assert_eq!(answer, json!({ "account": company.id }));
        }
        assert_closed(&mut socket).await;
        login.assert_ended().await;
        assert_refused(&log_in(&company, PASSWORD).await, 403, "account_restricted");
        // The answer to a wrong password does not tell that the account exists.
        assert_refused(&log_in(&company, "wrong-2026").await, 400, "login_failed");
        assert_eq!(profile_status(&company).await, 404);
        assert!(!customer.history(room).await.unwrap().is_empty(), "the counterpart can read the room");
        Login::of(&customer).await.person.connect().await.unwrap();

        moderate(world, json!({ "lift": company.username })).await.unwrap();
        let mut company = company;
        company.log_in().await.unwrap();
        assert_eq!(profile_status(&company).await, 404, "the company was hidden and stays so");
        company.become_visible().await.unwrap();
        assert_eq!(profile_status(&company).await, 200);
    });
}

#[test]
fn login_during_a_restriction_leaves_no_session() {
    in_own_world(async |world| {
        let database = world.database().await;
        let lock = "select from accounts where id = $1 for update";
        for logging_in_first in [true, false] {
            let person = world.customer().await;
            let restricting = moderate(world, json!({ "restrict": person.username }));
            let logging_in = log_in(&person, PASSWORD);
            let (answer, restricted) = if logging_in_first {
                in_turn(&world.system, lock, person.id, logging_in, restricting).await
            } else {
                let (restricted, answer) =
                    in_turn(&world.system, lock, person.id, restricting, logging_in).await;
                (answer, restricted)
            };
            restricted.unwrap();
            if logging_in_first {
                answer.expect(201).unwrap();
            } else {
                assert_refused(&answer, 400, "login_failed");
            }
            assert_eq!(active_sessions(&database, &person).await, 0);
        }
    });
}

#[test]
fn profile_that_is_shown_during_a_restriction_stays_hidden() {
    in_own_world(async |world| {
        let lock = "select from accounts where id = $1 for update";
        let company = world.company().await;
        let restricting = moderate(world, json!({ "restrict": company.username }));
        let body = json!({ "profileVisibility": true });
        let showing = company.call(Method::PATCH, "/companies/me", &body);
        let (restricted, shown) = in_turn(&world.system, lock, company.id, restricting, showing).await;
        restricted.unwrap();
        assert_refused(&shown.unwrap(), 401, "unauthenticated");
        assert_eq!(profile_status(&company).await, 404);
    });
}

#[test]
fn operator_withdraws_an_account_without_its_password() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let login = Login::of(&customer).await;
        let mut socket = customer.connect().await.unwrap();
        let withdraw = json!({ "withdraw": customer.username });
        assert_eq!(moderate(world, withdraw.clone()).await.unwrap(), json!({ "account": customer.id }));
        assert_closed(&mut socket).await;
        login.assert_ended().await;
        assert_refused(&log_in(&customer, PASSWORD).await, 400, "login_failed");
        let detail = company.get(&company.room(room)).await.unwrap().expect(200).unwrap().body;
        assert_eq!((&detail["receiverDeleted"], &detail["receiverName"]), (&json!(true), &Value::Null));
        let again = moderate(world, withdraw).await.unwrap_err();
        assert!(again.contains("there is no such account"), "{again}");
    });
}

#[test]
fn measure_against_an_unknown_account_or_message_fails() {
    in_world(|world| async move {
        for unknown in [
            json!({ "restrict": "nosuchname" }),
            json!({ "lift": "nosuchname" }),
            json!({ "withdraw": "nosuchname" }),
            json!({ "removeMessage": { "room": 9_000_000_000_i64, "seq": 1 } }),
        ] {
            let error = moderate(world, unknown.clone()).await.unwrap_err();
            assert!(error.contains("there is no such"), "{unknown}: {error}");
        }
        let error = moderate(world, json!({ "ban": "nosuchname" })).await.unwrap_err();
        for known in ["restrict", "lift", "withdraw", "removeMessage"] {
            assert!(error.contains(known), "{error}");
        }
    });
}
