//! Refresh cookies: only one that was given out, under its own name, is traded.

use chatchat_tests::{Answer, Client};
use reqwest::Method;

use super::{COOKIE, end_sessions, everything_of, refresh_token};
use crate::in_world;

async fn refresh(client: &Client, cookies: &[String]) -> Answer {
    let mut request = client.request(Method::POST, "/token");
    for cookie in cookies {
        request = request.header("cookie", cookie);
    }
    request.send().await.unwrap()
}

#[test]
fn no_forged_or_damaged_refresh_cookie_is_traded() {
    in_world(|world| async move {
        let mut customer = world.customer().await;
        let database = world.database().await;
        let ended = refresh_token(&customer.log_in().await.unwrap());
        end_sessions(&database, &customer).await;
        let expired = refresh_token(&customer.log_in().await.unwrap());
        let expire = "update sessions set created_at = now() - interval '15 days', expires_at = now() - interval '1 day'
                      where account_id = $1 and ended_at is null";
        database.execute(expire, &[&customer.id]).await.unwrap();
        let good = refresh_token(&customer.log_in().await.unwrap());
        let ticket = customer.ticket().await.unwrap()["ticket"].as_str().unwrap().to_owned();
        let hash = "select encode(hash, 'hex') from refresh_tokens r join sessions s on s.id = r.session_id
                    where s.account_id = $1 order by r.session_id desc limit 1";
        let hash: String = database.query_one(hash, &[&customer.id]).await.unwrap().get(0);
        let named = |value: &str| vec![format!("{COOKIE}={value}")];
        let flipped = if good.starts_with('A') { 'B' } else { 'A' };
        let forgeries: Vec<(&str, Vec<String>)> = vec![
            ("no cookie", vec![]),
            ("empty", named("")),
            ("a quoted value", named(&format!("\"{good}\""))),
            ("cut by one", named(&good[1..])),
            ("longer by one", named(&format!("{good}A"))),
            ("padded", named(&format!("{good}="))),
            ("first character changed", named(&format!("{flipped}{}", &good[1..]))),
            ("never given out", named(&"A".repeat(43))),
            ("all zeros", named(&"0".repeat(64))),
            ("of an ended session", named(&ended)),
            ("of an expired session", named(&expired)),
            ("an access token", named(&customer.token)),
            ("a ticket", named(&ticket)),
            ("the account's id", named(&customer.id.to_string())),
            ("with SQL", named("' or '1'='1")),
            ("percent-encoded", named(&format!("%{:02X}{}", good.as_bytes()[0], &good[1..]))),
            ("8 KB long", named(&"A".repeat(8000))),
            ("another name", vec![format!("refreshToken={good}")]),
            ("the name in lower case", vec![format!("{}={good}", COOKIE.to_lowercase())]),
            ("another prefix", vec![format!("__Host-refreshToken={good}")]),
            ("a name that only ends so", vec![format!("x{COOKIE}={good}")]),
            ("without a name", vec![good.clone()]),
            ("doubled, a wrong one first", vec![format!("{COOKIE}=wrong; {COOKIE}={good}")]),
            ("in two headers, a wrong one first", [named("wrong"), named(&good)].concat()),
            ("its hash", named(&hash)),
        ];
        let before = everything_of(&database, &customer).await;
        for (name, cookies) in &forgeries {
            let answer = refresh(&world.client, cookies).await;
            let found = (answer.status, answer.code());
            assert_eq!(found, (400, "invalid_refresh_token"), "{name}: {}", answer.body);
            assert_eq!(answer.header("set-cookie"), "", "{name}");
        }
        assert_eq!(everything_of(&database, &customer).await, before);
        assert_eq!(refresh(&world.client, &named(&good)).await.status, 201, "the good one was not spent");
        println!("{} forged refresh cookies, and replays in the tests of sessions", forgeries.len());
    });
}
