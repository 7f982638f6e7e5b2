//! Requests with several refresh cookies of the same name. They occur if an attacker has set
//! cookies in the user's browser.

use futures_util::future::join_all;
use reqwest::Method;

use super::{Login, assert_closed, assert_cookie_cleared, log_out, refresh_with, with_cookie};
use crate::{World, assert_refused, cookie, in_world, rounds};

/// Returns a cookie of another role with the token of this cookie.
fn renamed(cookie: &str, kind: &str) -> String {
    format!("__Host-{kind}={}", cookie.split_once('=').unwrap().1)
}

async fn login(world: &World) -> Login {
    Login::of(&world.customer().await).await
}

/// Returns a login and one of its older cookies. Using that cookie is a replay.
async fn replayed(world: &World) -> (Login, String) {
    let mut login = login(world).await;
    let old = login.cookie.clone();
    for _ in 0..3 {
        login.refresh().await;
    }
    (login, old)
}

/// Returns both orders of two cookies.
fn orders(one: &str, other: &str) -> [String; 2] {
    [format!("{one}; {other}"), format!("{other}; {one}")]
}

#[test]
fn cookies_of_two_accounts_are_rejected_and_cleared() {
    in_world(|world| async move {
        let (mut user, mut attacker) = (login(world).await, login(world).await);
        for cookies in orders(&user.cookie, &attacker.cookie) {
            let answer = refresh_with(&world.client, &cookies).await;
            assert_refused(&answer, 400, "invalid_refresh_token");
            assert_cookie_cleared(&answer, "customer");
        }
        // Neither session was refreshed or ended.
        user.refresh().await;
        attacker.refresh().await;
        assert!(user.is_active().await && attacker.is_active().await);
    });
}

#[test]
fn cookies_of_two_sessions_refresh_the_newer_session() {
    in_world(|world| async move {
        let mut older = login(world).await;
        let newer = Login::of(&older.person).await;
        let session = newer.session().await;
        for cookies in orders(&older.cookie, &newer.cookie) {
            let mut refreshed = older.clone();
            refreshed.take(&refresh_with(&world.client, &cookies).await.expect(201).unwrap());
            assert_eq!(refreshed.session().await, session);
        }
        older.refresh().await;
    });
}

#[test]
fn old_token_beside_the_current_one_is_not_a_replay() {
    in_world(|world| async move {
        let (user, old) = replayed(world).await;
        let mut refreshed = Vec::new();
        for cookies in orders(&user.cookie, &old) {
            refreshed.push(cookie(&refresh_with(&world.client, &cookies).await.expect(201).unwrap()));
        }
        assert_eq!(refreshed[0], refreshed[1], "the second refresh is a repeat");
        assert!(user.is_active().await);
    });
}

#[test]
fn replay_of_another_session_ends_only_that_session() {
    in_world(|world| async move {
        for same_account in [true, false] {
            let (other, old) = replayed(world).await;
            let mut socket = other.person.connect().await.unwrap();
            let mut user = if same_account { Login::of(&other.person).await } else { login(world).await };
            let answer = refresh_with(&world.client, &format!("{old}; {}", user.cookie)).await;
            user.take(&answer.expect(201).unwrap());
            assert!(user.is_active().await);
            assert_closed(&mut socket).await;
            other.assert_ended().await;
        }
    });
}

#[test]
fn invalid_cookies_do_not_hide_the_valid_one() {
    in_world(|world| async move {
        let mut user = login(world).await;
        let (ended, expired) = (login(world).await, login(world).await);
        assert_eq!(log_out(&world.client, &ended.cookie).await.status, 204);
        let expire = "update sessions set created_at = now() - interval '15 days', expires_at = now() where account_id = $1";
        world.database().await.execute(expire, &[&expired.person.id]).await.unwrap();
        let company = Login::of(&world.company().await).await;
        let name = "__Host-customer";
        // The maximum number of cookies that fit into the headers that API Gateway accepts.
        let planted: Vec<_> = (0..150).map(|number| format!("{name}={number:A>43}; ")).collect();
        for others in [
            format!("{}; {}; ", ended.cookie, expired.cookie),
            format!("{}; {}; ", renamed(&company.cookie, "customer"), company.cookie),
            format!("{name}=; {name}; {name}=x; {name}=\"{}\"; ", user.cookie),
            planted.concat(),
        ] {
            let answer = refresh_with(&world.client, &format!("{others}{}", user.cookie)).await;
            user.take(&answer.expect(201).unwrap());
            let answer = refresh_with(&world.client, &format!("{}; {others}", user.cookie)).await;
            user.take(&answer.expect(201).unwrap());
        }
        assert!(company.is_active().await);
    });
}

#[test]
fn token_of_the_other_role_is_invalid() {
    in_world(|world| async move {
        let mut customer = login(world).await;
        let mut company = Login::of(&world.company().await).await;
        let foreign = [renamed(&customer.cookie, "company"), renamed(&company.cookie, "customer")];
        for cookie in &foreign {
            assert_refused(&refresh_with(&world.client, cookie).await, 400, "invalid_refresh_token");
            assert_eq!(log_out(&world.client, cookie).await.status, 204);
        }
        // A route ignores the cookie of the other role, even if that cookie comes first.
        let both = format!("{}; {}", customer.cookie, company.cookie);
        let refreshed = with_cookie(&world.client, Method::POST, "/company/token", &both, None).await;
        company.take(&refreshed.expect(201).unwrap());
        customer.refresh().await;
        company.refresh().await;
        assert!(customer.is_active().await && company.is_active().await);
    });
}

#[test]
fn fifty_refreshes_with_two_cookies_get_one_successor() {
    in_world(|world| async move {
        for _ in 0..rounds() {
            let older = login(world).await;
            let mut newer = Login::of(&older.person).await;
            let cookies = orders(&older.cookie, &newer.cookie);
            let answers =
                join_all((0..50).map(|number| refresh_with(&world.client, &cookies[number % 2]))).await;
            for answer in &answers {
                assert_eq!((answer.status, cookie(answer)), (201, cookie(&answers[0])), "{}", answer.body);
            }
            newer.take(&answers[0]);
            newer.refresh().await;
        }
        println!("50 refreshes with two cookies at once, {} rounds", rounds());
    });
}
