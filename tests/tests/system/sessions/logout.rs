//! `DELETE /customer/session` and `DELETE /company/session`: the sessions end with their connections, and pages of other sites cannot call it.

use chatchat_tests::Socket;
use reqwest::Method;
use serde_json::Value;

use super::{
    FOREIGN_ORIGINS, Login, assert_cleared, assert_closed, assert_open, in_turn::in_turn, log_out, trade,
    with_cookie,
};
use crate::{assert_refused, cookie, in_own_world, in_world};

#[test]
fn logging_out_ends_the_session_and_its_connections_and_no_other() {
    in_world(|world| async move {
        for person in [world.customer().await, world.company().await] {
            let path = format!("/{}/session", person.kind);
            let without = world.client.call(Method::DELETE, &path, None, &Value::Null).await.unwrap();
            assert_eq!(without.status, 204);
            assert_cleared(&without, person.kind);
            let mut login = Login::of(&person).await;
            let other = Login::of(&login.person).await;
            let mut sockets = [login.person.connect().await.unwrap(), login.person.connect().await.unwrap()];
            let mut kept = other.person.connect().await.unwrap();
            let old = login.cookie.clone();
            login.refresh().await;
            let out = log_out(&world.client, &old).await;
            assert_eq!(out.status, 204, "a token from before the last refresh is of the same session");
            assert_cleared(&out, person.kind);
            for socket in &mut sockets {
                assert_closed(socket).await;
            }
            login.assert_over().await;
            assert!(other.lives().await);
            assert_open(&mut kept).await;
            assert_eq!(log_out(&world.client, &old).await.status, 204, "again");
        }
    });
}

#[test]
fn all_sessions_whose_cookies_are_presented_end() {
    in_world(|world| async move {
        let (one, other) =
            (Login::of(&world.customer().await).await, Login::of(&world.customer().await).await);
        let again = Login::of(&one.person).await;
        let company = Login::of(&world.company().await).await;
        let mut sockets = [one.person.connect().await.unwrap(), other.person.connect().await.unwrap()];
        let cookies = [&one, &other, &again, &company].map(|login| login.cookie.as_str()).join("; ");
        let out = log_out(&world.client, &cookies).await;
        assert_eq!(out.status, 204);
        assert_cleared(&out, "customer");
        for socket in &mut sockets {
            assert_closed(socket).await;
        }
        for login in [one, other, again] {
            login.assert_over().await;
        }
        assert!(company.lives().await, "the other role has a cookie of its own");
    });
}

#[test]
fn cookies_of_others_beside_the_refresh_cookie_do_not_hide_it() {
    in_world(|world| async move {
        let login = Login::of(&world.customer().await).await;
        let name = login.cookie.split('=').next().unwrap();
        for others in ["nick=김하늘; ", "nick=\u{1f600}; ; =; a=b=c; ", &format!("x{name}=1; {name}x=2; ")]
        {
            let cookies = format!("{others}{}", login.cookie);
            assert_eq!(trade(&world.client, &cookies).await.status, 201, "{others}");
        }
        assert_eq!(log_out(&world.client, &format!("nick=김하늘; {}", login.cookie)).await.status, 204);
        assert!(!login.lives().await);
    });
}

#[test]
fn another_sites_page_can_neither_refresh_nor_log_out() {
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
        assert!(login.lives().await);
        let own = Some(client.url.as_str());
        let renewed = with_cookie(client, Method::POST, "/customer/token", &login.cookie, own).await;
        assert_eq!(renewed.status, 201, "its own page can, and the token was not spent before");
        let out = with_cookie(client, Method::DELETE, "/customer/session", &cookie(&renewed), own).await;
        assert_eq!(out.status, 204);
        assert!(!login.lives().await);
    });
}

#[test]
fn a_connection_that_opens_while_its_session_ends_does_not_stay() {
    in_own_world(async |world| {
        let login = Login::of(&world.customer().await).await;
        let ticket = login.person.ticket().await.unwrap()["url"].as_str().unwrap().to_owned();
        // Both find the session alive, and wait for its row: the connection to refer to it, and then logging out to end it.
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
        assert!(closed.is_ok(), "it stays open after logging out, and is pushed to");
    });
}
