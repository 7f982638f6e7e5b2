//! Access tokens: only what the product signed, about a session that lives, opens anything.

use chatchat_tests::{Answer, Client, Person};
use reqwest::Method;
use serde_json::{Value, json};

use super::{end_sessions, everything_of, forger::Forger};
use crate::{assert_refused, changed, in_world};

async fn with_token(client: &Client, path: &str, token: &str) -> Answer {
    client.call(Method::GET, path, Some(token), &Value::Null).await.unwrap()
}

async fn with_authorization(client: &Client, path: &str, authorization: &str) -> Answer {
    client.request(Method::GET, path).header("authorization", authorization).send().await.unwrap()
}

#[test]
fn no_forged_or_damaged_access_token_opens_anything() {
    in_world(|world| async move {
        let mut customer = world.customer().await;
        let database = world.database().await;
        let forger = Forger::new(world, &customer);
        let unchanged = with_token(&world.client, "/customers/me", &forger.unchanged()).await;
        assert_eq!(unchanged.status, 200, "what the forger does not change is right");
        let ended = customer.token.clone();
        customer.log_in().await.unwrap();
        let good = customer.token.clone();
        let mut forgeries = [forger.headers(), forger.bodies(), forger.damaged(&good)].concat();
        for (_, token) in &mut forgeries {
            *token = format!("Bearer {token}");
        }
        for (name, scheme) in [
            ("no scheme", ""),
            ("scheme Basic", "Basic "),
            ("scheme Token", "Token "),
            ("scheme JWT", "JWT "),
            ("scheme Digest", "Digest "),
            ("no space", "Bearer"),
            ("a colon", "Bearer: "),
        ] {
            forgeries.push((name, format!("{scheme}{good}")));
        }
        forgeries.push(("nothing after the scheme", "Bearer ".to_owned()));
        let before = everything_of(&database, &customer).await;
        for (name, authorization) in &forgeries {
            for path in ["/customers/me", "/companies"] {
                let answer = with_authorization(&world.client, path, authorization).await;
                let found = (answer.status, answer.code());
                assert_eq!(found, (401, "unauthenticated"), "{name} {path}: {}", answer.body);
            }
        }
        assert_eq!(everything_of(&database, &customer).await, before);
        end_sessions(&database, &customer).await;
        for (name, token) in
            [("sid of an ended session", &ended), ("of a session that ended just now", &good)]
        {
            let answer = with_token(&world.client, "/customers/me", token).await;
            assert_eq!((answer.status, answer.code()), (401, "unauthenticated"), "{name}");
        }
        println!("{} forged access tokens", forgeries.len() + 2);
    });
}

/// Only the product's own key could make such a token. The session says who calls; the claims beside it open nothing more.
#[test]
fn a_token_signed_with_our_key_about_two_accounts_gives_nothing_of_the_second() {
    in_world(|world| async move {
        let (customer, company, _) = world.pair().await;
        let victim = Person::customer(&world.client, "피해자").await.unwrap();
        let database = world.database().await;
        let forger = Forger::new(world, &customer);
        let before = everything_of(&database, &victim).await;
        let token = forger.with_claim("sub", victim.id.to_string().into());
        let answer = with_token(&world.client, "/customers/me", &token).await;
        assert!(!answer.body.to_string().contains(&victim.username), "sub is not who calls: {}", answer.body);
        assert!(answer.status == 401 || answer.body["id"] == customer.id, "{}", answer.body);
        let token = forger.with_claim("role", "company".into());
        for path in ["/companies/me", "/company/chatrooms", "/company/auto-replies"] {
            let answer = with_token(&Client::new(&world.client.url).unwrap(), path, &token).await;
            let text = answer.body.to_string();
            assert!(!text.contains(&company.username) && !text.contains("새벽빵집"), "{path}: {text}");
            assert!([200, 401].contains(&answer.status), "an empty list at the most: {path}: {text}");
        }
        let answer = with_token(&world.client, "/customers/me", &token).await;
        assert!([401, 403].contains(&answer.status), "{}", answer.body);
        assert_eq!(everything_of(&database, &victim).await, before);
    });
}

/// RFC 7515, section 4.1.11: whoever does not understand a critical extension has to refuse.
#[test]
fn a_token_with_a_critical_extension_is_refused() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let forger = Forger::new(world, &customer);
        let header = changed(forger.header(), "crit", json!(["b64"]));
        let token = forger.token(&changed(header, "b64", json!(true)), &forger.claims);
        let answer = with_token(&world.client, "/customers/me", &token).await;
        assert_refused(&answer, 401, "unauthenticated");
    });
}
