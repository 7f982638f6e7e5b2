//! `DELETE /logout`: it ends the session with its connections, and pages of other sites cannot call it.

use chatchat_tests::Socket;
use reqwest::Method;
use serde_json::Value;

use super::{Login, assert_closed, assert_open, in_turn::in_turn, log_out, trade, with_cookie};
use crate::{assert_refused, cookie, in_own_world, in_world};

#[test]
fn logging_out_ends_the_session_and_its_connections_and_no_other() {
    in_world(|world| async move {
        let without = world.client.call(Method::DELETE, "/logout", None, &Value::Null).await.unwrap();
        assert_eq!(without.status, 204);
        let mut login = Login::of(&world.customer().await).await;
        let other = Login::of(&login.person).await;
        let mut sockets = [login.person.connect().await.unwrap(), login.person.connect().await.unwrap()];
        let mut kept = other.person.connect().await.unwrap();
        let old = login.cookie.clone();
        login.refresh().await;
        let out = log_out(&world.client, &old).await;
        assert_eq!(out.status, 204, "a token from before the last refresh is of the same session");
        let set = out.header("set-cookie");
        assert!(set.starts_with("__Secure-refreshToken=;") && set.contains("Max-Age=0"), "{set}");
        for socket in &mut sockets {
            assert_closed(socket).await;
        }
        login.assert_over().await;
        assert!(other.lives().await);
        assert_open(&mut kept).await;
        assert_eq!(log_out(&world.client, &old).await.status, 204, "again");
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
        let foreign = [
            "https://evil.example",
            "null",
            "http://localhost:1",
            &client.url.replace("http:", "https:").replace("localhost", "example.com"),
            &format!("{}.evil.example", client.url),
            "",
        ];
        for origin in foreign {
            for (method, path) in [(Method::POST, "/token"), (Method::DELETE, "/logout")] {
                let answer = with_cookie(client, method, path, &login.cookie, Some(origin)).await;
                assert_refused(&answer, 403, "origin_not_allowed");
                assert_eq!(answer.header("set-cookie"), "");
            }
        }
        assert!(login.lives().await);
        let renewed = with_cookie(client, Method::POST, "/token", &login.cookie, Some(&client.url)).await;
        assert_eq!(renewed.status, 201, "its own page can, and the token was not spent before");
        let out = with_cookie(client, Method::DELETE, "/logout", &cookie(&renewed), Some(&client.url)).await;
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
