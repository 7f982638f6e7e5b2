//! Access tokens: only tokens that the product signed, of active sessions, are accepted.

use chatchat_harness::{Answer, Client, Person};
use reqwest::Method;
use serde_json::{Value, json};

use super::{account_hash, end_sessions, forger::Forger};
use crate::{assert_refused, changed, in_world};

async fn with_token(client: &Client, path: &str, token: &str) -> Answer {
    client.call(Method::GET, path, Some(token), &Value::Null).await.unwrap()
}

async fn with_authorization(client: &Client, path: &str, authorization: &str) -> Answer {
    client.request(Method::GET, path).header("authorization", authorization).send().await.unwrap()
}

#[test]
fn forged_and_damaged_access_tokens_are_rejected() {
    in_world(|world| async move {
        let mut customer = world.customer().await;
        let database = world.database().await;
        let forger = Forger::new(world, &customer);
        let unchanged = with_token(&world.client, "/customers/me", &forger.unchanged()).await;
        assert_eq!(unchanged.status, 200, "an unchanged token of the forger is valid");
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
        let before = account_hash(&database, &customer).await;
        for (name, authorization) in &forgeries {
            for path in ["/customers/me", "/companies"] {
                let answer = with_authorization(&world.client, path, authorization).await;
                let found = (answer.status, answer.code());
                assert_eq!(found, (401, "unauthenticated"), "{name} {path}: {}", answer.body);
            }
        }
        assert_eq!(account_hash(&database, &customer).await, before);
        end_sessions(&database, &customer).await;
        for (name, token) in
            [("sid of a session that has ended", &ended), ("sid of a session that ended just now", &good)]
        {
            let answer = with_token(&world.client, "/customers/me", token).await;
            assert_eq!((answer.status, answer.code()), (401, "unauthenticated"), "{name}");
        }
        println!("{} forged access tokens", forgeries.len() + 2);
    });
}

/// Only the owner of the product's key can make such a token. The session decides which account it
/// is; the other claims give no further access.
#[test]
fn token_with_claims_of_two_accounts_shows_one_account_only() {
    in_world(|world| async move {
        let (customer, company, _) = world.pair().await;
        let victim = Person::customer(&world.client, "피해자").await.unwrap();
        let database = world.database().await;
        let forger = Forger::new(world, &customer);
        let before = account_hash(&database, &victim).await;
        let token = forger.with_claim("sub", victim.id.to_string().into());
        let answer = with_token(&world.client, "/customers/me", &token).await;
        assert!(
            !answer.body.to_string().contains(&victim.username),
            "`sub` must not select the account: {}",
            answer.body
        );
        assert!(answer.status == 401 || answer.body["id"] == customer.id, "{}", answer.body);
        let token = forger.with_claim("role", "company".into());
        for path in ["/companies/me", "/company/chatrooms", "/company/auto-replies"] {
            let answer = with_token(&Client::new(&world.client.url).unwrap(), path, &token).await;
            let text = answer.body.to_string();
            assert!(!text.contains(&company.username) && !text.contains("새벽빵집"), "{path}: {text}");
            assert!([200, 401].contains(&answer.status), "{path}: {text}");
        }
        let answer = with_token(&world.client, "/customers/me", &token).await;
        assert!([401, 403].contains(&answer.status), "{}", answer.body);
        assert_eq!(account_hash(&database, &victim).await, before);
    });
}

/// RFC 7515, section 4.1.11: a recipient that does not understand a critical extension must reject
/// the token.
#[test]
fn token_with_a_critical_extension_is_rejected() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let forger = Forger::new(world, &customer);
        let header = changed(forger.header(), "crit", json!(["b64"]));
        let token = forger.token(&changed(header, "b64", json!(true)), &forger.claims);
        let answer = with_token(&world.client, "/customers/me", &token).await;
        assert_refused(&answer, 401, "unauthenticated");
    });
}
