//! `PATCH …/me/password`: it ends all other sessions, and no login with the old password outlives it.

use chatchat_tests::PASSWORD;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Login, assert_closed, assert_open, change_password, in_turn::in_turn, living_sessions, log_in, trade,
};
use crate::{assert_refused, in_own_world, in_world, own_profile, rounds, wrong_fields};

const NEW: &str = "byeol-2027";

#[test]
fn a_changed_password_ends_the_other_sessions_and_their_connections() {
    in_world(|world| async move {
        let client = &world.client;
        let login = Login::of(&world.customer().await).await;
        let other = Login::of(&login.person).await;
        let (mut kept, mut ended) =
            (login.person.connect().await.unwrap(), other.person.connect().await.unwrap());
        assert_eq!(change_password(&login.person, PASSWORD, NEW).await.status, 204);
        assert_closed(&mut ended).await;
        other.assert_over().await;
        assert!(login.lives().await);
        assert_open(&mut kept).await;
        assert_eq!(trade(client, &login.cookie).await.status, 201);
        assert_refused(&log_in(client, &login.person.username, PASSWORD).await, 400, "login_failed");
        assert_eq!(log_in(client, &login.person.username, NEW).await.status, 201);
    });
}

#[test]
fn a_password_that_cannot_be_taken_is_refused_and_changes_nothing() {
    in_world(|world| async move {
        for person in [world.customer().await, world.company().await] {
            assert_refused(&change_password(&person, "wrong-2026", NEW).await, 403, "wrong_password");
            assert_refused(&change_password(&person, PASSWORD, PASSWORD).await, 409, "password_unchanged");
            let (path, name) = (format!("{}/password", own_profile(&person)), &person.username);
            let (long, capitals) = ("a1".repeat(33), name.to_uppercase());
            let short = [("confirmNewPassword", "mismatch"), ("newPassword", "too_short")];
            let letters = [("newPassword", "letter_and_digit_required"), ("password", "wrong_type")];
            let too_long = [("confirmNewPassword", "required"), ("newPassword", "too_long")];
            let common = [("newPassword", "common_password"), ("password", "required")];
            let own_name = [("newPassword", "same_as_username")];
            for ([password, new, again], expected) in [
                ([json!(PASSWORD), json!("short1"), json!("other")], &short[..]),
                ([json!(7), json!("letters-only"), json!("letters-only")], &letters),
                ([json!(PASSWORD), json!(long), Value::Null], &too_long),
                ([Value::Null, json!("password1"), json!("password1")], &common),
                ([json!(PASSWORD), json!(name), json!(name)], &own_name),
                ([json!(PASSWORD), json!(capitals), json!(capitals)], &own_name),
            ] {
                let body = json!({ "password": password, "newPassword": new, "confirmNewPassword": again });
                let answer = person.call(Method::PATCH, &path, &body).await.unwrap();
                assert_refused(&answer, 400, "validation_failed");
                let mut found = wrong_fields(&answer.body);
                found.sort_unstable();
                assert_eq!(found, expected, "{body}");
            }
            assert_eq!(living_sessions(&world.database().await, &person).await, 1);
            person.clone().log_in().await.unwrap();
        }
    });
}

#[test]
fn a_login_with_the_old_password_does_not_outlive_the_change() {
    in_world(|world| async move {
        let database = world.database().await;
        for _ in 0..rounds() {
            let person = world.customer().await;
            let logins = (0..8).map(|_| log_in(&world.client, &person.username, PASSWORD));
            let (answers, changed) = tokio::join!(join_all(logins), change_password(&person, PASSWORD, NEW));
            assert_eq!(changed.status, 204, "{}", changed.body);
            for answer in answers {
                assert!([201, 400].contains(&answer.status), "{}: {}", answer.status, answer.body);
            }
            assert_eq!(living_sessions(&database, &person).await, 1, "the one that changed the password");
        }
        println!("a changed password against 8 logins, {} rounds", rounds());
    });
}

#[test]
fn a_login_that_has_begun_when_the_password_changes_does_not_outlive_it() {
    in_own_world(async |world| {
        let person = world.customer().await;
        let (begun, changed) = in_turn(
            &world.system,
            "select from accounts where id = $1 for no key update",
            person.id,
            log_in(&world.client, &person.username, PASSWORD),
            change_password(&person, PASSWORD, NEW),
        )
        .await;
        assert_eq!(changed.status, 204);
        assert_eq!(begun.status, 201, "{}", begun.body);
        let living = living_sessions(&world.database().await, &person).await;
        assert_eq!(living, 1, "the one that changed the password");
    });
}
