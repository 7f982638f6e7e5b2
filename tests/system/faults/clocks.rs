//! Clients whose clocks are wrong: the server ignores the times that they send.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chatchat_harness::{PASSWORD, Person, Socket};
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::{message, with_faults};
use crate::{World, assert_refused};

/// The time of a clock that is `ahead` seconds ahead, as a `Date` header and in the API's format.
async fn clock(world: &World, ahead: i32) -> (String, String) {
    let time = format!("(clock_timestamp() at time zone 'utc' + interval '{ahead} seconds')");
    let texts = format!(
        r#"select to_char({time}, 'Dy, DD Mon YYYY HH24:MI:SS "GMT"'),
                  to_char({time}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"#
    );
    let texts = world.database().await.query_one(&texts, &[]).await.unwrap();
    (texts.get(0), texts.get(1))
}

/// The account's access token, changed so that it expired 5 minutes ago.
fn expired(world: &World, person: &Person) -> String {
    let (kid, key) = world.system.signing_key().unwrap();
    let payload = URL_SAFE_NO_PAD.decode(person.token.split('.').nth(1).unwrap()).unwrap();
    let mut claims: Value = serde_json::from_slice(&payload).unwrap();
    let (issued, expires) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    (claims["iat"], claims["exp"]) = (json!(2 * issued - expires - 300), json!(issued - 300));
    let header = Header { typ: Some("at+jwt".to_owned()), kid: Some(kid), ..Header::default() };
    encode(&header, &claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

/// Fault 23: a client's clock is 5 minutes off, both ways. This is the server's part: it uses its
/// own clock only. The client library has tests for the client's part.
#[test]
fn fault_23_times_that_a_client_sends_are_ignored() {
    with_faults(async |world| {
        let (customer, _, room) = world.pair().await;
        let path = format!("{}/messages", customer.room(room));
        for skew in [-300, 300] {
            let (date, time) = clock(world, skew).await;
            let call = async |method: Method, path: &str, token: &str, body: &Value| {
                let bearer = format!("Bearer {token}");
                let request = world.client.request(method, path).header("date", &date);
                let request =
                    request.header("authorization", &bearer).header("content-type", "application/json");
                request.body(body.to_string()).send().await.unwrap()
            };
            let login = json!({ "username": customer.username, "password": PASSWORD, "createdAt": time });
            let answer = call(Method::POST, "/customer/session", "", &login).await.expect(201).unwrap();
            let token = answer.body["accessToken"].as_str().unwrap();
            call(Method::GET, "/customers/me", token, &Value::Null).await.expect(200).unwrap();
            let late = call(Method::GET, "/customers/me", &expired(world, &customer), &Value::Null).await;
            assert_refused(&late, 401, "unauthenticated");

            let ticket = call(Method::POST, "/realtime/tickets", token, &json!({ "expiresAt": time })).await;
            let ticket = ticket.expect(201).unwrap().body;
            let url = world.client.socket_address(ticket["url"].as_str().unwrap());
            let mut socket = Socket::handshake(&url, &[("date", &date)]).await.unwrap();
            let ticket =
                call(Method::POST, "/realtime/tickets", token, &json!({ "expiresIn": 86_400 })).await;
            let ticket = ticket.expect(201).unwrap().body;
            let url = world.client.socket_address(ticket["url"].as_str().unwrap());
            let expire = "update tickets set expires_at = now()
                          where session_id in (select id from sessions where account_id = $1)";
            assert_eq!(world.database().await.execute(expire, &[&customer.id]).await.unwrap(), 1);
            assert_eq!(Socket::handshake(&url, &[("date", &date)]).await.err(), Some(401));

            let (_, before) = clock(world, 0).await;
            let mut frame = message(room, "지금");
            for field in ["createdAt", "sentAt", "timestamp", "date"] {
                frame[field] = time.clone().into();
            }
            socket.send(&frame).await.unwrap();
            let ack = socket.next_of("ack").await.unwrap();
            frame["clientMessageId"] = message(room, "")["clientMessageId"].clone();
            let kept = call(Method::POST, &path, token, &frame).await.expect(201).unwrap().body;
            let (_, after) = clock(world, 0).await;
            let times = [
                before.as_str(),
                ack["createdAt"].as_str().unwrap(),
                kept["createdAt"].as_str().unwrap(),
                &after,
            ];
            assert!(times.is_sorted(), "these are not the server's times: {times:?}");
        }
    });
}
