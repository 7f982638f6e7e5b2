//! `POST /token`: two tabs share a successor, and a replayed token ends its session.

use chatchat_tests::Person;
use futures_util::future::join_all;
use tokio_postgres::Client as Database;

use super::{Login, assert_closed, assert_open, living_sessions, trade};
use crate::{assert_refused, cookie, in_world, rounds};

#[test]
fn two_tabs_that_refresh_at_the_same_time_get_the_same_successor() {
    in_world(|world| async move {
        let mut login = Login::of(&world.customer().await).await;
        let before = login.clone();
        let first = trade(&world.client, &login.cookie).await.expect(201).unwrap();
        assert_eq!(first.body["expiresIn"], 1800);
        for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=1209600"] {
            assert!(first.header("set-cookie").split("; ").any(|found| found == part), "{part}");
        }
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

/// Makes the account's last trade as many seconds older.
async fn age_the_trade(database: &Database, person: &Person, seconds: f64) {
    let age = "update sessions set rotated_at = rotated_at - $2 * interval '1 second'
               where account_id = $1 and rotated_at is not null";
    assert!(database.execute(age, &[&person.id, &seconds]).await.unwrap() > 0);
}

#[test]
fn the_token_from_before_is_taken_for_ten_seconds() {
    in_world(|world| async move {
        let mut login = Login::of(&world.customer().await).await;
        let old = login.cookie.clone();
        login.refresh().await;
        age_the_trade(&world.database().await, &login.person, 5.0).await;
        let again = trade(&world.client, &old).await.expect(201).unwrap();
        assert_eq!(cookie(&again), login.cookie);
    });
}

#[test]
fn a_replay_after_the_grace_time_ends_the_session() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut login = Login::of(&world.customer().await).await;
        let other = Login::of(&login.person).await;
        let (old, mut socket) = (login.cookie.clone(), login.person.connect().await.unwrap());
        login.refresh().await;
        age_the_trade(&database, &login.person, 10.0).await;
        assert_open(&mut socket).await;
        let replayed = trade(&world.client, &old).await;
        assert_refused(&replayed, 400, "invalid_refresh_token");
        assert_eq!(replayed.header("set-cookie"), "");
        assert_closed(&mut socket).await;
        login.assert_over().await;
        assert!(other.lives().await, "another login of the account is not touched");
    });
}

#[test]
fn a_token_two_generations_back_ends_the_session_at_once() {
    in_world(|world| async move {
        let mut login = Login::of(&world.customer().await).await;
        let (old, mut socket) = (login.cookie.clone(), login.person.connect().await.unwrap());
        login.refresh().await;
        login.refresh().await;
        assert_refused(&trade(&world.client, &old).await, 400, "invalid_refresh_token");
        assert_closed(&mut socket).await;
        login.assert_over().await;
    });
}
