//! `PATCH …/me/password`: a change ends all other sessions and replaces the refresh token of the
//! caller's session. Sessions that began with the old password also end.

use chatchat_harness::{PASSWORD, new_username};
use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Login, active_sessions, assert_closed, assert_open, change_newest_session, change_password,
    in_turn::in_turn, log_in, log_out, refresh_with,
};
use crate::{assert_refused, cookie, in_own_world, in_world, rounds, wait_for_blocked, wrong_fields};

const NEW: &str = "byeol-2027";

/// Locks the newest session of an account.
const LOCK_NEWEST_SESSION: &str =
    "select from sessions where id = (select max(id) from sessions where account_id = $1) for update";

#[test]
fn password_change_ends_other_sessions_and_connections() {
    in_world(|world| async move {
        let client = &world.client;
        let mut login = Login::of(&world.customer().await).await;
        let other = Login::of(&login.person).await;
        let (mut kept, mut ended) =
            (login.person.connect().await.unwrap(), other.person.connect().await.unwrap());
        let changed = change_password(&login.person, PASSWORD, NEW).await.expect(204).unwrap();
        assert_closed(&mut ended).await;
        other.assert_ended().await;
        assert!(login.is_active().await);
        assert_open(&mut kept).await;
        login.cookie = cookie(&changed);
        login.refresh().await;
        assert_refused(&log_in(client, &login.person.username, PASSWORD).await, 400, "login_failed");
        assert_eq!(log_in(client, &login.person.username, NEW).await.status, 201);
    });
}

#[test]
fn password_change_invalidates_older_refresh_tokens() {
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
                let refused = refresh_with(client, token).await;
                assert_refused(&refused, 400, "invalid_refresh_token");
                assert_eq!(refused.header("set-cookie"), "", "the browser already has the new cookie");
                assert_eq!(log_out(client, token).await.status, 204);
            }
            // None of them counted as a replay or ended the session.
            assert_open(&mut socket).await;
            assert!(login.is_active().await, "the access token from before the change is still valid");
            login.cookie = cookie(&changed);
            for _ in 0..3 {
                login.refresh().await;
                assert_refused(
                    &refresh_with(client, old.last().unwrap()).await,
                    400,
                    "invalid_refresh_token",
                );
            }
        }
    });
}

#[test]
fn refresh_during_a_password_change_gets_503() {
    in_own_world(async |world| {
        let mut login = Login::of(&world.customer().await).await;
        let (changing, refreshing) =
            (change_password(&login.person, PASSWORD, NEW), refresh_with(&world.client, &login.cookie));
        let (changed, refreshed) =
            in_turn(&world.system, LOCK_NEWEST_SESSION, login.person.id, changing, refreshing).await;
        assert_eq!(changed.status, 204);
        assert_refused(&refreshed, 503, "unavailable");
        assert_eq!(refreshed.header("retry-after"), "1");
        assert_eq!(refreshed.header("set-cookie"), "");
        login.cookie = cookie(&changed);
        login.refresh().await;
        assert!(login.is_active().await);
    });
}

#[test]
fn token_issued_before_a_password_change_is_invalid_after_it() {
    in_own_world(async |world| {
        let mut login = Login::of(&world.customer().await).await;
        let (refreshing, changing) =
            (refresh_with(&world.client, &login.cookie), change_password(&login.person, PASSWORD, NEW));
        let (refreshed, changed) =
            in_turn(&world.system, LOCK_NEWEST_SESSION, login.person.id, refreshing, changing).await;
        assert_eq!((refreshed.status, changed.status), (201, 204));
        let pass_grace_period = "rotated_at = rotated_at - interval '10 seconds'";
        change_newest_session(&world.database().await, &login.person, pass_grace_period).await;
        let late = refresh_with(&world.client, &cookie(&refreshed)).await;
        assert_refused(&late, 400, "invalid_refresh_token");
        login.cookie = cookie(&changed);
        login.refresh().await;
    });
}

#[test]
fn password_change_has_no_effect_if_its_session_ends() {
    in_own_world(async |world| {
        let login = Login::of(&world.customer().await).await;
        let (leaving, changing) =
            (log_out(&world.client, &login.cookie), change_password(&login.person, PASSWORD, NEW));
        let (out, changed) =
            in_turn(&world.system, LOCK_NEWEST_SESSION, login.person.id, leaving, changing).await;
        assert_eq!(out.status, 204);
        assert_refused(&changed, 401, "unauthenticated");
        assert_eq!(log_in(&world.client, &login.person.username, PASSWORD).await.status, 201);
    });
}

#[test]
fn invalid_password_change_is_rejected_without_effect() {
    in_world(|world| async move {
        for person in [world.customer().await, world.company().await] {
            assert_refused(&change_password(&person, "wrong-2026", NEW).await, 403, "wrong_password");
            assert_refused(&change_password(&person, PASSWORD, PASSWORD).await, 409, "password_unchanged");
            let (path, name) = (format!("{}/password", person.profile()), &person.username);
            let (long, longer) = ("a1".repeat(33), format!("my {}", name.to_uppercase()));
            let short = [("confirmNewPassword", "mismatch"), ("newPassword", "too_short")];
            let letters = [("newPassword", "letter_and_digit_required"), ("password", "wrong_type")];
            let too_long = [("confirmNewPassword", "required"), ("newPassword", "too_long")];
            let common = [("newPassword", "common_password"), ("password", "required")];
            let own_name = [("newPassword", "contains_username")];
            for ([password, new, again], expected) in [
                ([json!(PASSWORD), json!("short1"), json!("other")], &short[..]),
                ([json!(7), json!("letters-only"), json!("letters-only")], &letters),
                ([json!(PASSWORD), json!(long), Value::Null], &too_long),
                ([Value::Null, json!("password1"), json!("password1")], &common),
                ([json!(PASSWORD), json!(name), json!(name)], &own_name),
                ([json!(PASSWORD), json!(longer), json!(longer)], &own_name),
            ] {
                let body = json!({ "password": password, "newPassword": new, "confirmNewPassword": again });
                let answer = person.call(Method::PATCH, &path, &body).await.unwrap();
                assert_refused(&answer, 400, "validation_failed");
                let mut found = wrong_fields(&answer.body);
                found.sort_unstable();
                assert_eq!(found, expected, "{body}");
            }
            assert_eq!(active_sessions(&world.database().await, &person).await, 1);
            person.clone().log_in().await.unwrap();
        }
    });
}

#[test]
fn sign_up_and_password_change_obey_the_same_rules() {
    in_world(|world| async move {
        let mut person = world.customer().await;
        let mut current = PASSWORD.to_owned();
        for (password, code) in [
            ("correct horse battery staple", None),
            ("하늘과바다와산과강과들과별과달", None),
            ("p@ssw0rd-2026", None),
            ("chatchat2026", Some("contains_product_name")),
            ("p@ssw0rd1", Some("common_password")),
            ("PassWord26", Some("common_password")),
            ("letters only", Some("letter_and_digit_required")),
            ("14 characters!", None),
            ("fourteen chars", Some("letter_and_digit_required")),
            ("                ", Some("required")),
        ] {
            let body = json!({
                "username": new_username("rules"), "password": password, "confirmPassword": password, "name": "김하늘",
            });
            let client = world.client.in_new_network().unwrap();
            let signed_up = client.call(Method::POST, "/customers", None, &body).await.unwrap();
            let changed = change_password(&person, &current, password).await;
            if let Some(code) = code {
                assert_eq!(wrong_fields(&signed_up.body), [("password", code)], "{password}");
                assert_eq!(wrong_fields(&changed.body), [("newPassword", code)], "{password}");
            } else {
                assert_eq!((signed_up.status, changed.status), (201, 204), "{password}");
                password.clone_into(&mut current);
            }
        }
        // Each account has its own username in the rule.
        for password in [format!("{}1", person.username), format!("my {}!", person.username.to_uppercase())] {
            let changed = change_password(&person, &current, &password).await;
            assert_eq!(wrong_fields(&changed.body), [("newPassword", "contains_username")], "{password}");
        }
        person = world.company().await;
        assert_eq!(change_password(&person, PASSWORD, &current).await.status, 204);
    });
}

#[test]
fn password_is_the_same_in_all_normalisation_forms() {
    in_world(|world| async move {
        let (composed, decomposed) =
            ("하늘 sky 2026", "\u{1112}\u{1161}\u{1102}\u{1173}\u{11af}\u{3000}sky\u{a0}2026");
        let (client, username) = (&world.client, new_username("form"));
        let body = json!({ "username": username, "password": decomposed, "confirmPassword": composed, "name": "김하늘" });
        let sign_up = client.in_new_network().unwrap();
        sign_up.call(Method::POST, "/customers", None, &body).await.unwrap().expect(201).unwrap();
        for password in [composed, decomposed] {
            assert_eq!(log_in(client, &username, password).await.status, 201, "{password:?}");
        }
        for password in [&composed.to_uppercase(), " 하늘 sky 2026", "하늘sky 2026"] {
            assert_refused(&log_in(client, &username, password).await, 400, "login_failed");
        }
        let person = world.customer().await;
        assert_eq!(change_password(&person, PASSWORD, composed).await.status, 204);
        let unchanged = change_password(&person, composed, decomposed).await;
        assert_refused(&unchanged, 409, "password_unchanged");
        let gone = json!({ "password": decomposed });
        let gone = person.call(Method::DELETE, person.profile(), &gone).await.unwrap();
        assert_eq!(gone.status, 204, "{}", gone.body);
    });
}

/// The hash of [`PASSWORD`] with weaker parameters than today's.
const WEAK_HASH: &str =
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$1gHDfXOB1pO1zi1eBW/nSVPMhNj0EQ310WfATtZHNIk";

#[test]
fn login_replaces_a_hash_with_old_parameters() {
    in_world(|world| async move {
        let (person, database) = (world.customer().await, world.database().await);
        let set = "update accounts set password_hash = $2 where id = $1";
        database.execute(set, &[&person.id, &WEAK_HASH]).await.unwrap();
        let hash = async || {
            let hash = "select password_hash from accounts where id = $1";
            database.query_one(hash, &[&person.id]).await.unwrap().get::<_, String>(0)
        };
        assert_refused(&log_in(&world.client, &person.username, "wrong-2026").await, 400, "login_failed");
        assert_eq!(hash().await, WEAK_HASH);
        for _ in 0..2 {
            assert_eq!(log_in(&world.client, &person.username, PASSWORD).await.status, 201);
            assert!(hash().await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        }
        let strong = hash().await;
        assert_eq!(log_in(&world.client, &person.username, PASSWORD).await.status, 201);
        assert_eq!(hash().await, strong, "a hash with today's parameters stays");
    });
}

#[test]
fn logins_that_replace_the_same_hash_both_succeed() {
    in_own_world(async |world| {
        let (person, database) = (world.customer().await, world.database().await);
        let set = "update accounts set password_hash = $2 where id = $1";
        database.execute(set, &[&person.id, &WEAK_HASH]).await.unwrap();
        // Starts two processes, so that nothing is slow while the logins wait.
        join_all([0, 1].map(|_| log_in(&world.client, "missing", PASSWORD))).await;
        let holder = world.database().await;
        let lock = format!("begin; select from accounts where id = {} for update", person.id);
        holder.batch_execute(&lock).await.unwrap();
        let logins = join_all([0, 1].map(|_| log_in(&world.client, &person.username, PASSWORD)));
        let release = async {
            wait_for_blocked(&database, 2).await;
            holder.batch_execute("commit").await.unwrap();
        };
        let (answers, ()) = join(logins, release).await;
        assert_eq!([answers[0].status, answers[1].status], [201, 201], "{:?}", answers[1].body);
    });
}

#[test]
fn logins_against_a_password_change_do_not_outlive_it() {
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
            assert_eq!(active_sessions(&database, &person).await, 1, "the session that changed the password");
        }
        println!("password change against 8 logins, {} rounds", rounds());
    });
}

#[test]
fn login_begun_before_a_password_change_does_not_outlive_it() {
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
        let active = active_sessions(&world.database().await, &person).await;
        assert_eq!(active, 1, "the session that changed the password");
    });
}
