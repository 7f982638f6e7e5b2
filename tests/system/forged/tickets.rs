//! Tickets: only an issued, unexpired and unused ticket opens a connection.

use chatchat_harness::{Socket, new_username};
use serde_json::{Value, json};

use super::{end_sessions, refresh_token};
use crate::in_world;

#[test]
fn forged_and_damaged_tickets_are_rejected() {
    in_world(|world| async move {
        let mut customer = world.customer().await;
        let database = world.database().await;
        let ticket = |answer: Value| answer["ticket"].as_str().unwrap().to_owned();
        let of_customer = "session_id in (select id from sessions where account_id = $1)";
        let ended = ticket(customer.ticket().await.unwrap());
        end_sessions(&database, &customer).await;
        let refresh_token = refresh_token(&customer.log_in().await.unwrap());
        let expired = ticket(customer.ticket().await.unwrap());
        let expire = format!("update tickets set expires_at = now() where {of_customer}");
        database.execute(&expire, &[&customer.id]).await.unwrap();
        let answer = customer.ticket().await.unwrap();
        let address = answer["url"].as_str().unwrap().split('?').next().unwrap().to_owned();
        let used = ticket(answer);
        let open = |ticket: &str| {
            let url = format!("{address}?ticket={ticket}");
            async move { Socket::handshake(&url, &[]).await }
        };
        let socket = open(&used).await.unwrap();
        let good = ticket(customer.ticket().await.unwrap());
        let forgeries = [
            ("empty", String::new()),
            ("used", used),
            ("expired", expired),
            ("of an ended session", ended),
            ("without its first character", good[1..].to_owned()),
            ("without its last character", good[..good.len() - 1].to_owned()),
            ("with one more character", format!("{good}A")),
            ("padded", format!("{good}%3D")),
            ("in lower case", good.to_lowercase()),
            ("unknown", "A".repeat(43)),
            ("a refresh token", refresh_token),
            ("an access token", customer.token.clone()),
            ("very long", "A".repeat(3900)),
            ("NUL", "%00".to_owned()),
            ("valid and NUL", format!("{good}%00")),
            ("valid and a line break", format!("{good}%0d%0a")),
            ("a space before", format!("%20{good}")),
            ("bytes that are not UTF-8", "%ff%fe".to_owned()),
            ("with SQL", "'%20or%20'1'='1".to_owned()),
            ("a username", new_username("ticket")),
        ];
        let tickets = || async {
            let count = format!("select count(*) from tickets where {of_customer} and expires_at > now()");
            database.query_one(&count, &[&customer.id]).await.unwrap().get::<_, i64>(0)
        };
        assert_eq!(tickets().await, 1);
        for (name, forged) in &forgeries {
            assert_eq!(open(forged).await.err(), Some(401), "{name}");
        }
        assert_eq!(tickets().await, 1, "the valid ticket is still unused");
        let mut other = open(&good).await.unwrap();
        other.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
        assert_eq!(other.next().await.unwrap()["type"], "heartbeat");
        drop(socket);
        println!("{} forged tickets", forgeries.len());
    });
}
