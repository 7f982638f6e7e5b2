//! `POST /customer/token` and `POST /company/token`: the effect of a refresh token, by its
//! generation.

use futures_util::future::join_all;
use serde_json::Value;

use super::{Login, active_sessions, assert_closed, assert_open, change_newest_session, refresh_with};
use crate::{assert_refused, cookie, eventually, in_world, rounds};

/// Moves the latest rotation of a session 10 seconds back, which is the grace period.
const PASS_GRACE_PERIOD: &str = "rotated_at = rotated_at - interval '10 seconds'";

#[test]
fn two_refreshes_with_one_token_get_the_same_successor() {
    in_world(|world| async move {
        for person in [world.customer().await, world.company().await] {
            let mut login = Login::of(&person).await;
            let before = login.clone();
            let first = refresh_with(&world.client, &login.cookie).await.expect(201).unwrap();
            assert_eq!(first.body["expiresIn"], 1800);
            let set = first.header("set-cookie").strip_prefix(&cookie(&first)).unwrap();
            assert_eq!(set, "; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=1209600");
            assert_ne!(cookie(&first), login.cookie);
            let second = refresh_with(&world.client, &before.cookie).await.expect(201).unwrap();
            assert_eq!(cookie(&second), cookie(&first), "the answers can arrive in any order");
            for answer in [&first, &second] {
                login.take(answer);
                assert!(login.is_active().await);
            }
            assert!(before.is_active().await, "the access token from before the refresh is still valid");
            login.refresh().await;
            let active = active_sessions(&world.database().await, &login.person).await;
            assert_eq!(active, 2, "this login and the one after the sign-up");
        }
    });
}

#[test]
fn fifty_refreshes_with_one_token_get_one_successor() {
    in_world(|world| async move {
        let database = world.database().await;
        for _ in 0..rounds() {
            let mut login = Login::of(&world.customer().await).await;
            let answers = join_all((0..50).map(|_| refresh_with(&world.client, &login.cookie))).await;
            for answer in &answers {
                assert_eq!((answer.status, cookie(answer)), (201, cookie(&answers[0])), "{}", answer.body);
            }
            let generations = "select count(*), max(r.generation) from refresh_tokens r join sessions s on s.id = r.session_id
                               where s.account_id = $1 and s.generation > 1";
            let row = database.query_one(generations, &[&login.person.id]).await.unwrap();
            assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2, 2));
            login.cookie = cookie(&answers[0]);
            login.refresh().await;
            assert!(login.is_active().await);
        }
        println!("50 refreshes at once, {} rounds", rounds());
    });
}

#[test]
fn refresh_can_be_repeated_until_its_successor_is_used() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut login = Login::of(&world.customer().await).await;
        let first = login.cookie.clone();
        login.refresh().await;
        for _ in 0..2 {
            change_newest_session(&database, &login.person, "rotated_at = rotated_at - interval '13 days'")
                .await;
            let again = refresh_with(&world.client, &first).await.expect(201).unwrap();
            assert_eq!(cookie(&again), login.cookie);
        }
        login.refresh().await;
        assert!(login.is_active().await);
    });
}

#[test]
fn previous_token_is_accepted_within_the_grace_period() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut login = Login::of(&world.customer().await).await;
        let first = login.cookie.clone();
        login.refresh().await;
        let second = login.cookie.clone();
        login.refresh().await;
        let five = "rotated_at = rotated_at - interval '5 seconds'";
        change_newest_session(&database, &login.person, five).await;
        let again = refresh_with(&world.client, &first).await.expect(201).unwrap();
        assert_eq!(cookie(&again), second, "the answer has the token's successor, not the newest token");
        let newest = refresh_with(&world.client, &second).await.expect(201).unwrap();
        assert_eq!(cookie(&newest), login.cookie);
        // A repeat does not extend the grace period.
        change_newest_session(&database, &login.person, five).await;
        assert_refused(&refresh_with(&world.client, &first).await, 400, "invalid_refresh_token");
        login.assert_ended().await;
    });
}

#[test]
fn replay_after_the_grace_period_ends_the_session() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut login = Login::of(&world.company().await).await;
        let (old, mut socket) = (login.cookie.clone(), login.person.connect().await.unwrap());
        let session = login.session().await;
        login.refresh().await;
        login.refresh().await;
        change_newest_session(&database, &login.person, PASS_GRACE_PERIOD).await;
        let other = Login::of(&login.person).await;
        assert_open(&mut socket).await;
        let replayed = refresh_with(&world.client, &old).await;
        assert_refused(&replayed, 400, "invalid_refresh_token");
        assert_eq!(replayed.header("set-cookie"), "", "another tab may have set a valid cookie meanwhile");
        assert_closed(&mut socket).await;
        login.assert_ended().await;
        assert!(other.is_active().await, "another session of the account stays active");

        let request = replayed.body["requestId"].as_str().unwrap();
        eventually("the log names the account and the session of the replay", async || {
            let log = world.system.log().unwrap();
            let mut lines = log.lines().filter(|line| line.contains(request) && line.contains("replayed"));
            lines.any(|line| {
                let line: Value = serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap();
                line["account"] == login.person.id && line["session"] == session
            })
        })
        .await;
    });
}

#[test]
fn token_two_generations_back_ends_the_session() {
    in_world(|world| async move {
        let mut login = Login::of(&world.customer().await).await;
        let (old, mut socket) = (login.cookie.clone(), login.person.connect().await.unwrap());
        for _ in 0..3 {
            login.refresh().await;
        }
        assert_refused(&refresh_with(&world.client, &old).await, 400, "invalid_refresh_token");
        assert_closed(&mut socket).await;
        login.assert_ended().await;
    });
}
