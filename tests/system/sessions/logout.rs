//! `DELETE /customer/session` and `DELETE /company/session`: a logout ends sessions and their
//! connections. Pages of other origins cannot log out.

use chatchat_harness::Socket;
use reqwest::Method;
use serde_json::Value;

use super::{
    FOREIGN_ORIGINS, Login, assert_closed, assert_cookie_cleared, assert_open, in_turn::in_turn, log_out,
    refresh_with, with_cookie,
};
use crate::{assert_refused, cookie, in_own_world, in_world};

#[test]
fn logout_ends_only_its_session_and_its_connections() {
    in_world(|world| async move {
        for person in [world.customer().await, world.company().await] {
            let path = format!("/{}/session", person.kind);
            let without = world.client.call(Method::DELETE, &path, None, &Value::Null).await.unwrap();
            assert_eq!(without.status, 204);
            assert_cookie_cleared(&without, person.kind);
            let mut login = Login::of(&person).await;
            let other = Login::of(&login.person).await;
            let mut sockets = [login.person.connect().await.unwrap(), login.person.connect().await.unwrap()];
            let mut kept = other.person.connect().await.unwrap();
            let old = login.cookie.clone();
            login.refresh().await;
            let out = log_out(&world.client, &old).await;
            assert_eq!(out.status, 204, "an older token belongs to the same session");
            assert_cookie_cleared(&out, person.kind);
            for socket in &mut sockets {
                assert_closed(socket).await;
            }
            login.assert_ended().await;
            assert!(other.is_active().await);
            assert_open(&mut kept).await;
            assert_eq!(log_out(&world.client, &old).await.status, 204, "a second logout");
        }
    });
}

#[test]
fn logout_ends_all_sessions_whose_cookies_it_has() {
    in_world(|world| async move {
        let (one, other) =
            (Login::of(&world.customer().await).await, Login::of(&world.customer().await).await);
        let again = Login::of(&one.person).await;
        let company = Login::of(&world.company().await).await;
        let mut sockets = [one.person.connect().await.unwrap(), other.person.connect().await.unwrap()];
        let cookies = [&one, &other, &again, &company].map(|login| login.cookie.as_str()).join("; ");
        let out = log_out(&world.client, &cookies).await;
        assert_eq!(out.status, 204);
        assert_cookie_cleared(&out, "customer");
        for socket in &mut sockets {
            assert_closed(socket).await;
        }
        for login in [one, other, again] {
            login.assert_ended().await;
        }
        assert!(company.is_active().await, "the other role has another cookie");
    });
}

#[test]
fn unrelated_cookies_do_not_hide_the_refresh_cookie() {
    in_world(|world| async move {
        let login = Login::of(&world.customer().await).await;
        let name = login.cookie.split('=').next().unwrap();
        for others in ["nick=김하늘; ", "nick=\u{1f600}; ; =; a=b=c; ", &format!("x{name}=1; {name}x=2; ")]
        {
            let cookies = format!("{others}{}", login.cookie);
            assert_eq!(refresh_with(&world.client, &cookies).await.status, 201, "{others}");
        }
        assert_eq!(log_out(&world.client, &format!("nick=김하늘; {}", login.cookie)).await.status, 204);
        assert!(!login.is_active().await);
    });
}

#[test]
fn refresh_and_logout_from_a_foreign_origin_get_403() {
    in_world(|world| async move {
        let client = &world.client;
        let login = Login::of(&world.customer().await).await;
        for origin in FOREIGN_ORIGINS {
            for (method, path) in [(Method::POST, "/customer/token"), (Method::DELETE, "/customer/session")] {
                let answer = with_cookie(client, method, path, &login.cookie, Some(origin)).await;
                assert_refused(&answer, 403, "origin_not_allowed");
                assert_eq!(answer.header("set-cookie"), "");
            }
        }
        assert!(login.is_active().await);
        let own = Some(client.url.as_str());
        let refreshed = with_cookie(client, Method::POST, "/customer/token", &login.cookie, own).await;
        assert_eq!(refreshed.status, 201, "the rejected requests did not use the token");
        let out = with_cookie(client, Method::DELETE, "/customer/session", &cookie(&refreshed), own).await;
        assert_eq!(out.status, 204);
        assert!(!login.is_active().await);
    });
}

#[test]
fn connection_opened_during_a_logout_is_closed() {
    in_own_world(async |world| {
        let login = Login::of(&world.customer().await).await;
        let ticket = login.person.ticket().await.unwrap()["url"].as_str().unwrap().to_owned();
        // Both find the session active and wait for its row. The connection gets the row first,
        // because its row refers to the session. Then the logout ends the session.
        let (opened, out) = in_turn(
            &world.system,
            "select from sessions where account_id = $1 for update",
            login.person.id,
            Box::pin(Socket::handshake(&ticket, &[])),
            log_out(&world.client, &login.cookie),
        )
        .await;
        assert_eq!(out.status, 204);
        let closed = opened.unwrap().closed().await;
        assert!(closed.is_ok(), "the connection is still open after the logout");
    });
}
