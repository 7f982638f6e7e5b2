//! `PATCH …/me/password`: it ends all other sessions and replaces the refresh token of its own, and no login with the old password
//! outlives it.

use chatchat_tests::PASSWORD;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Login, assert_closed, assert_open, change_newest_session, change_password, in_turn::in_turn,
    living_sessions, log_in, log_out, trade,
};
use crate::{assert_refused, cookie, in_own_world, in_world, rounds, wrong_fields};

const NEW: &str = "byeol-2027";

/// Locks the newest session of an account.
const ITS_SESSION: &str =
    "select from sessions where id = (select max(id) from sessions where account_id = $1) for update";

#[test]
fn a_changed_password_ends_the_other_sessions_and_their_connections() {
    in_world(|world| async move {
        let client = &world.client;
        let mut login = Login::of(&world.customer().await).await;
        let other = Login::of(&login.person).await;
        let (mut kept, mut ended) =
            (login.person.connect().await.unwrap(), other.person.connect().await.unwrap());
        let changed = change_password(&login.person, PASSWORD, NEW).await.expect(204).unwrap();
        assert_closed(&mut ended).await;
        other.assert_over().await;
        assert!(login.lives().await);
        assert_open(&mut kept).await;
        login.cookie = cookie(&changed);
        login.refresh().await;
        assert_refused(&log_in(client, &login.person.username, PASSWORD).await, 400, "login_failed");
        assert_eq!(log_in(client, &login.person.username, NEW).await.status, 201);
    });
}

#[test]
fn refresh_tokens_from_before_a_changed_password_are_invalid() {
    in_world(|world| async move {
        let (client, database) = (&world.client, world.database().await);
        for person in [world.customer().await, world.company().await] {
            let mut login = Login::of(&person).await;
            let mut old = vec![login.cookie.clone()];
            for _ in 0..3 {
                login.refresh().await;
                old.push(login.cookie.clone());
            }
            let changed = change_password(&login.person, PASSWORD, NEW).await.expect(204).unwrap();
            let set = changed.header("set-cookie").strip_prefix(&cookie(&changed)).unwrap();
            assert_eq!(set, "; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=1209600");
            let mut socket = login.person.connect().await.unwrap();
            change_newest_session(&database, &person, "rotated_at = rotated_at - interval '10 seconds'")
                .await;
            for token in &old {
                let refused = trade(client, token).await;
                assert_refused(&refused, 400, "invalid_refresh_token");
                assert_eq!(refused.header("set-cookie"), "", "the browser has the new one by now");
                assert_eq!(log_out(client, token).await.status, 204);
            }
            // None of them was a replay, or ended the session in another way.
            assert_open(&mut socket).await;
            assert!(login.lives().await, "also where the answer to the change was lost");
            login.cookie = cookie(&changed);
            for _ in 0..3 {
                login.refresh().await;
                assert_refused(&trade(client, old.last().unwrap()).await, 400, "invalid_refresh_token");
            }
        }
    });
}

#[test]
fn a_tab_that_renews_while_the_password_changes_is_to_retry() {
    in_own_world(async |world| {
        let mut login = Login::of(&world.customer().await).await;
        let (changing, refreshing) =
            (change_password(&login.person, PASSWORD, NEW), trade(&world.client, &login.cookie));
        let (changed, refreshed) =
            in_turn(&world.system, ITS_SESSION, login.person.id, changing, refreshing).await;
        assert_eq!(changed.status, 204);
        assert_refused(&refreshed, 503, "unavailable");
        assert_eq!(refreshed.header("retry-after"), "1");
        assert_eq!(refreshed.header("set-cookie"), "");
        login.cookie = cookie(&changed);
        login.refresh().await;
        assert!(login.lives().await);
    });
}

#[test]
fn a_token_renewed_before_the_change_is_invalid_after_it() {
    in_own_world(async |world| {
        let mut login = Login::of(&world.customer().await).await;
        let (refreshing, changing) =
            (trade(&world.client, &login.cookie), change_password(&login.person, PASSWORD, NEW));
        let (refreshed, changed) =
            in_turn(&world.system, ITS_SESSION, login.person.id, refreshing, changing).await;
        assert_eq!((refreshed.status, changed.status), (201, 204));
        let pass = "rotated_at = rotated_at - interval '10 seconds'";
        change_newest_session(&world.database().await, &login.person, pass).await;
        let late = trade(&world.client, &cookie(&refreshed)).await;
        assert_refused(&late, 400, "invalid_refresh_token");
        login.cookie = cookie(&changed);
        login.refresh().await;
    });
}

#[test]
fn a_change_whose_session_ends_meanwhile_changes_nothing() {
    in_own_world(async |world| {
        let login = Login::of(&world.customer().await).await;
        let (leaving, changing) =
            (log_out(&world.client, &login.cookie), change_password(&login.person, PASSWORD, NEW));
        let (out, changed) = in_turn(&world.system, ITS_SESSION, login.person.id, leaving, changing).await;
        assert_eq!(out.status, 204);
        assert_refused(&changed, 401, "unauthenticated");
        assert_eq!(log_in(&world.client, &login.person.username, PASSWORD).await.status, 201);
    });
}

#[test]
fn a_password_that_cannot_be_taken_is_refused_and_changes_nothing() {
    in_world(|world| async move {
        for person in [world.customer().await, world.company().await] {
            assert_refused(&change_password(&person, "wrong-2026", NEW).await, 403, "wrong_password");
            assert_refused(&change_password(&person, PASSWORD, PASSWORD).await, 409, "password_unchanged");
            let (path, name) = (format!("{}/password", person.profile()), &person.username);
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
