//! `POST /customer/token` and `POST /company/token`: what a refresh token is worth, by its generation.

use futures_util::future::join_all;
use serde_json::Value;

use super::{Login, assert_closed, assert_open, change_newest_session, living_sessions, trade};
use crate::{assert_refused, cookie, eventually, in_world, rounds};

/// Makes the latest trade of the newest session 10 seconds older.
const PASS_THE_GRACE_TIME: &str = "rotated_at = rotated_at - interval '10 seconds'";

#[test]
fn two_tabs_that_refresh_at_the_same_time_get_the_same_successor() {
    in_world(|world| async move {
        for person in [world.customer().await, world.company().await] {
            let mut login = Login::of(&person).await;
            let before = login.clone();
            let first = trade(&world.client, &login.cookie).await.expect(201).unwrap();
            assert_eq!(first.body["expiresIn"], 1800);
            let set = first.header("set-cookie").strip_prefix(&cookie(&first)).unwrap();
            assert_eq!(set, "; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=1209600");
            assert_ne!(cookie(&first), login.cookie);
            let second = trade(&world.client, &before.cookie).await.expect(201).unwrap();
            assert_eq!(cookie(&second), cookie(&first), "whichever answer arrives last");
            for answer in [&first, &second] {
                login.take(answer);
                assert!(login.lives().await);
            }
            assert!(before.lives().await, "the access token from before is still of a living session");
            login.refresh().await;
            let living = living_sessions(&world.database().await, &login.person).await;
            assert_eq!(living, 2, "signing up had one too");
        }
    });
}

#[test]
fn fifty_refreshes_with_one_token_all_succeed_with_one_successor() {
    in_world(|world| async move {
        let database = world.database().await;
        for _ in 0..rounds() {
            let mut login = Login::of(&world.customer().await).await;
            let answers = join_all((0..50).map(|_| trade(&world.client, &login.cookie))).await;
            for answer in &answers {
                assert_eq!((answer.status, cookie(answer)), (201, cookie(&answers[0])), "{}", answer.body);
            }
            let generations = "select count(*), max(r.generation) from refresh_tokens r join sessions s on s.id = r.session_id
                               where s.account_id = $1 and s.generation > 1";
            let row = database.query_one(generations, &[&login.person.id]).await.unwrap();
            assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2, 2));
            login.cookie = cookie(&answers[0]);
            login.refresh().await;
            assert!(login.lives().await);
        }
        println!("50 refreshes at once, {} rounds", rounds());
    });
}

#[test]
fn a_lost_answer_is_repeated_until_the_successor_is_presented() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut login = Login::of(&world.customer().await).await;
        let first = login.cookie.clone();
        login.refresh().await;
        for _ in 0..2 {
            change_newest_session(&database, &login.person, "rotated_at = rotated_at - interval '13 days'")
                .await;
            let again = trade(&world.client, &first).await.expect(201).unwrap();
            assert_eq!(cookie(&again), login.cookie);
        }
        login.refresh().await;
        assert!(login.lives().await);
    });
}

#[test]
fn a_token_is_repeated_for_ten_seconds_after_its_successor() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut login = Login::of(&world.customer().await).await;
        let first = login.cookie.clone();
        login.refresh().await;
        let second = login.cookie.clone();
        login.refresh().await;
        let five = "rotated_at = rotated_at - interval '5 seconds'";
        change_newest_session(&database, &login.person, five).await;
        let again = trade(&world.client, &first).await.expect(201).unwrap();
        assert_eq!(cookie(&again), second, "its own successor, not the newest token");
        let newest = trade(&world.client, &second).await.expect(201).unwrap();
        assert_eq!(cookie(&newest), login.cookie);
        // A repeat does not prolong the grace time.
        change_newest_session(&database, &login.person, five).await;
        assert_refused(&trade(&world.client, &first).await, 400, "invalid_refresh_token");
        login.assert_over().await;
    });
}

#[test]
fn a_replay_after_the_grace_time_ends_the_session() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut login = Login::of(&world.company().await).await;
        let (old, mut socket) = (login.cookie.clone(), login.person.connect().await.unwrap());
        let session = login.session().await;
        login.refresh().await;
        login.refresh().await;
        change_newest_session(&database, &login.person, PASS_THE_GRACE_TIME).await;
        let other = Login::of(&login.person).await;
        assert_open(&mut socket).await;
        let replayed = trade(&world.client, &old).await;
        assert_refused(&replayed, 400, "invalid_refresh_token");
        assert_eq!(replayed.header("set-cookie"), "", "another tab may have a good cookie by now");
        assert_closed(&mut socket).await;
        login.assert_over().await;
        assert!(other.lives().await, "another login of the account is not touched");

        let request = replayed.body["requestId"].as_str().unwrap();
        eventually("the log has the replay with account and session", async || {
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
fn a_token_two_generations_back_ends_the_session_at_once() {
    in_world(|world| async move {
        let mut login = Login::of(&world.customer().await).await;
        let (old, mut socket) = (login.cookie.clone(), login.person.connect().await.unwrap());
        for _ in 0..3 {
            login.refresh().await;
        }
        assert_refused(&trade(&world.client, &old).await, 400, "invalid_refresh_token");
        assert_closed(&mut socket).await;
        login.assert_over().await;
    });
}
