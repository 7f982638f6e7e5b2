//! `POST /customer/session` and `POST /company/session`: a login ends the sessions whose cookies it
//! replaces.

use chatchat_harness::{Answer, Client, PASSWORD, Person};
use reqwest::Method;
use serde_json::json;

use super::{FOREIGN_ORIGINS, Login, active_sessions, assert_closed, assert_open, refresh_with};
use crate::{assert_refused, cookie, in_world};

/// Logs in with these cookies. `origin` is the `Origin` header, if there is one.
async fn log_in(
    client: &Client,
    person: &Person,
    password: &str,
    cookies: &str,
    origin: Option<&str>,
) -> Answer {
    let body = json!({ "username": person.username, "password": password });
    let request = client.request(Method::POST, &format!("/{}/session", person.kind));
    let mut request = request.header("content-type", "application/json").header("cookie", cookies);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    request.body(body.to_string()).send().await.unwrap()
}

#[test]
fn login_ends_the_sessions_whose_cookies_it_replaces() {
    in_world(|world| async move {
        for person in [world.customer().await, world.company().await] {
            let mut before = Login::of(&person).await;
            let old = before.cookie.clone();
            before.refresh().await;
            let stranger =
                if person.kind == "customer" { world.customer().await } else { world.company().await };
            let stranger = Login::of(&stranger).await;
            let kept = Login::of(&person).await;
            let (mut socket, mut foreign, mut open) = (
                before.person.connect().await.unwrap(),
                stranger.person.connect().await.unwrap(),
                kept.person.connect().await.unwrap(),
            );
            // The first cookie has an older token of the session, and the second belongs to another
            // account. Both sessions end.
            let cookies = format!("{old}; {}", stranger.cookie);
            let answer = log_in(&world.client, &person, PASSWORD, &cookies, None).await.expect(201).unwrap();
            assert_closed(&mut socket).await;
            assert_closed(&mut foreign).await;
            before.assert_ended().await;
            stranger.assert_ended().await;
            assert_open(&mut open).await;
            assert_eq!(refresh_with(&world.client, &cookie(&answer)).await.status, 201);
            assert_eq!(active_sessions(&world.database().await, &person).await, 3);
        }
    });
}

#[test]
fn login_does_not_affect_other_sessions() {
    in_world(|world| async move {
        let (customer, company) =
            (Login::of(&world.customer().await).await, Login::of(&world.company().await).await);
        let cookies = format!("{}; {}", customer.cookie, company.cookie);
        let client = &world.client;
        let wrong = log_in(client, &customer.person, "wrong-2026", &cookies, None).await;
        assert_refused(&wrong, 400, "login_failed");
        assert!(customer.is_active().await, "a failed login ends no session");
        log_in(client, &customer.person, PASSWORD, &cookies, None).await.expect(201).unwrap();
        assert!(!customer.is_active().await);
        assert!(company.is_active().await, "the other role has another cookie");
        let foreign = format!("__Host-company={}", cookies.split(['=', ';']).nth(1).unwrap());
        log_in(client, &company.person, PASSWORD, &foreign, None).await.expect(201).unwrap();
        assert!(company.is_active().await);
        for cookies in ["__Host-customer=x", "__Host-customer=", "nick=김하늘"] {
            log_in(client, &customer.person, PASSWORD, cookies, None).await.expect(201).unwrap();
        }
    });
}

#[test]
fn login_from_a_foreign_origin_gets_403() {
    in_world(|world| async move {
        let login = Login::of(&world.customer().await).await;
        for origin in FOREIGN_ORIGINS {
            let answer = log_in(&world.client, &login.person, PASSWORD, &login.cookie, Some(origin)).await;
            assert_refused(&answer, 403, "origin_not_allowed");
            assert_eq!(answer.header("set-cookie"), "");
        }
        assert!(login.is_active().await);
        let own = Some(world.client.url.as_str());
        let answer = log_in(&world.client, &login.person, PASSWORD, &login.cookie, own).await;
        assert_eq!(answer.status, 201);
    });
}
