//! Sessions: how clients refresh and list them, and what ends them.

mod in_turn;
mod lifetime;
mod list;
mod login;
mod logout;
mod password;
mod races;
mod refresh;
mod restriction;
mod several_cookies;
mod signing_key;
mod throttle;
mod withdrawal;
mod withdrawal_races;

use std::time::Instant;

use chatchat_harness::{Answer, Client, Person, Socket};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client as Database;

use crate::{assert_refused, cookie};

/// Origins that are not the product's.
const FOREIGN_ORIGINS: [&str; 5] =
    ["https://evil.example", "null", "http://localhost:1", "https://chat.example.com", ""];

/// A login as a browser holds it: an access token and a refresh cookie.
#[derive(Clone)]
struct Login {
    person: Person,
    cookie: String,
}

impl Login {
    async fn of(person: &Person) -> Self {
        let mut person = person.clone();
        let cookie = cookie(&person.log_in().await.unwrap());
        Self { person, cookie }
    }

    /// Takes the access token and the cookie of an answer to a refresh.
    fn take(&mut self, answer: &Answer) {
        self.cookie = cookie(answer);
        answer.body["accessToken"].as_str().unwrap().clone_into(&mut self.person.token);
    }

    /// Uses the refresh token, and takes the new tokens.
    async fn refresh(&mut self) {
        self.take(&refresh_with(&self.person.client, &self.cookie).await.expect(201).unwrap());
    }

    /// Whether the access token is accepted.
    async fn is_active(&self) -> bool {
        let answer = self.person.get(self.person.profile()).await.unwrap();
        assert!(answer.status == 200 || answer.code() == "unauthenticated", "{}", answer.body);
        answer.status == 200
    }

    /// Asserts that neither token of the login is valid.
    async fn assert_ended(&self) {
        assert!(!self.is_active().await);
        assert_refused(&refresh_with(&self.person.client, &self.cookie).await, 400, "invalid_refresh_token");
    }

    /// The session's id.
    async fn session(&self) -> i64 {
        let sessions = sessions(&self.person).await;
        sessions.iter().find(|session| session["current"] == true).unwrap()["id"].as_i64().unwrap()
    }
}

/// The sessions that an account's list shows.
async fn sessions(person: &Person) -> Vec<Value> {
    let path = format!("{}/sessions", person.profile());
    let answer = person.get(&path).await.unwrap().expect(200).unwrap();
    answer.body["sessions"].as_array().unwrap().clone()
}

/// Changes columns of an account's newest session.
async fn change_newest_session(database: &Database, person: &Person, change: &str) {
    let sql = format!(
        "update sessions set {change} where id = (select max(id) from sessions where account_id = $1)"
    );
    assert_eq!(database.execute(&sql, &[&person.id]).await.unwrap(), 1, "{sql}");
}

/// Asserts that an answer clears the refresh cookie of a role.
#[track_caller]
fn assert_cookie_cleared(answer: &Answer, kind: &str) {
    let expected = format!("__Host-{kind}=; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=0");
    assert_eq!(answer.header("set-cookie"), expected);
}

async fn with_cookie(
    client: &Client,
    method: Method,
    path: &str,
    cookie: &str,
    origin: Option<&str>,
) -> Answer {
    let mut request = client.request(method, path).header("cookie", cookie);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    request.send().await.unwrap()
}

/// Refreshes with cookies, at the route of the role whose cookie comes first.
async fn refresh_with(client: &Client, cookies: &str) -> Answer {
    let path = format!("/{}/token", role(cookies));
    with_cookie(client, Method::POST, &path, cookies, None).await
}

/// Logs out with cookies, at the route of the role whose cookie comes first.
async fn log_out(client: &Client, cookies: &str) -> Answer {
    let path = format!("/{}/session", role(cookies));
    with_cookie(client, Method::DELETE, &path, cookies, None).await
}

fn role(cookies: &str) -> &str {
    cookies.split_once("__Host-").and_then(|(_, rest)| rest.split('=').next()).unwrap()
}

async fn log_in(client: &Client, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    client.call(Method::POST, "/customer/session", None, &body).await.unwrap()
}

async fn change_password(person: &Person, password: &str, new: &str) -> Answer {
    let body = json!({ "password": password, "newPassword": new, "confirmNewPassword": new });
    person.call(Method::PATCH, &format!("{}/password", person.profile()), &body).await.unwrap()
}

/// Asserts that the server closes the connection within 5 seconds.
async fn assert_closed(socket: &mut Socket) {
    let started = Instant::now();
    socket.closed().await.unwrap();
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

/// Asserts that the connection is open and that its session is active.
async fn assert_open(socket: &mut Socket) {
    socket.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
    socket.next_of("heartbeat").await.unwrap();
}

/// The number of an account's sessions that have not ended.
async fn active_sessions(database: &Database, person: &Person) -> i64 {
    let active = "select count(*) from sessions where account_id = $1 and ended_at is null";
    database.query_one(active, &[&person.id]).await.unwrap().get(0)
}
