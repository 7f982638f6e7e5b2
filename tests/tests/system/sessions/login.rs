//! `POST /customer/session` and `POST /company/session`: a login ends the session whose cookie it replaces.

use chatchat_tests::{Answer, Client, PASSWORD, Person};
use reqwest::Method;
use serde_json::json;

use super::{FOREIGN_ORIGINS, Login, assert_closed, assert_open, living_sessions, trade};
use crate::{assert_refused, cookie, in_world};

/// Logs in as a browser that has these cookies, from a page of this origin.
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
fn a_login_ends_the_sessions_whose_cookies_it_replaces() {
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
            // An older token of the session counts as well, and so does the session of another account.
            let cookies = format!("{old}; {}", stranger.cookie);
            let answer = log_in(&world.client, &person, PASSWORD, &cookies, None).await.expect(201).unwrap();
            assert_closed(&mut socket).await;
            assert_closed(&mut foreign).await;
            before.assert_over().await;
            stranger.assert_over().await;
            assert_open(&mut open).await;
            assert_eq!(trade(&world.client, &cookie(&answer)).await.status, 201);
            assert_eq!(living_sessions(&world.database().await, &person).await, 3);
        }
    });
}

#[test]
fn a_login_leaves_other_sessions_as_they_are() {
    in_world(|world| async move {
        let (customer, company) =
            (Login::of(&world.customer().await).await, Login::of(&world.company().await).await);
        let cookies = format!("{}; {}", customer.cookie, company.cookie);
        let client = &world.client;
        let wrong = log_in(client, &customer.person, "wrong-2026", &cookies, None).await;
        assert_refused(&wrong, 400, "login_failed");
        assert!(customer.lives().await, "a login that fails ends nothing");
        log_in(client, &customer.person, PASSWORD, &cookies, None).await.expect(201).unwrap();
        assert!(!customer.lives().await);
        assert!(company.lives().await, "the other role has a cookie of its own");
        let foreign = format!("__Host-company={}", cookies.split(['=', ';']).nth(1).unwrap());
        log_in(client, &company.person, PASSWORD, &foreign, None).await.expect(201).unwrap();
        assert!(company.lives().await);
        for junk in ["__Host-customer=x", "__Host-customer=", "nick=김하늘"] {
            log_in(client, &customer.person, PASSWORD, junk, None).await.expect(201).unwrap();
        }
    });
}

#[test]
fn another_sites_page_cannot_log_in() {
    in_world(|world| async move {
        let login = Login::of(&world.customer().await).await;
        for origin in FOREIGN_ORIGINS {
            let answer = log_in(&world.client, &login.person, PASSWORD, &login.cookie, Some(origin)).await;
            assert_refused(&answer, 403, "origin_not_allowed");
            assert_eq!(answer.header("set-cookie"), "");
        }
        assert!(login.lives().await);
        let own = Some(world.client.url.as_str());
        let answer = log_in(&world.client, &login.person, PASSWORD, &login.cookie, own).await;
        assert_eq!(answer.status, 201);
    });
}
