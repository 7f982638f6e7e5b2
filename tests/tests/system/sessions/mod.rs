//! Sessions: how they are renewed, and what ends them.

mod in_turn;
mod logout;
mod password;
mod refresh;
mod signing_key;
mod throttle;
mod withdrawal;
mod withdrawal_races;

use std::time::Instant;

use chatchat_tests::{Answer, Client, Person, Socket};
use reqwest::Method;
use serde_json::json;
use tokio_postgres::Client as Database;
use uuid::Uuid;

use crate::{assert_refused, cookie, own_profile};

/// A login as a browser holds it: an access token and a cookie.
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

    /// Takes the access token and the cookie that an answer of `POST /token` gives.
    fn take(&mut self, answer: &Answer) {
        self.cookie = cookie(answer);
        answer.body["accessToken"].as_str().unwrap().clone_into(&mut self.person.token);
    }

    /// Trades the refresh token; the login has the new ones from now on.
    async fn refresh(&mut self) {
        self.take(&trade(&self.person.client, &self.cookie).await.expect(201).unwrap());
    }

    /// Whether the access token opens anything.
    async fn lives(&self) -> bool {
        let answer = self.person.get(own_profile(&self.person)).await.unwrap();
        assert!(answer.status == 200 || answer.code() == "unauthenticated", "{}", answer.body);
        answer.status == 200
    }

    /// Nothing of the login is worth anything any more.
    async fn assert_over(&self) {
        assert!(!self.lives().await);
        assert_refused(&trade(&self.person.client, &self.cookie).await, 400, "invalid_refresh_token");
    }
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

async fn trade(client: &Client, cookie: &str) -> Answer {
    with_cookie(client, Method::POST, "/token", cookie, None).await
}

async fn log_out(client: &Client, cookie: &str) -> Answer {
    with_cookie(client, Method::DELETE, "/logout", cookie, None).await
}

async fn log_in(client: &Client, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    client.call(Method::POST, "/customer/session", None, &body).await.unwrap()
}

async fn change_password(person: &Person, password: &str, new: &str) -> Answer {
    let body = json!({ "password": password, "newPassword": new, "confirmNewPassword": new });
    person.call(Method::PATCH, &format!("{}/password", own_profile(person)), &body).await.unwrap()
}

async fn say(person: &Person, room: i64, text: &str) -> Answer {
    let body = json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": text });
    person.post(&format!("{}/messages", person.room(room)), &body).await.unwrap()
}

/// The connection is closed within 5 seconds.
async fn assert_closed(socket: &mut Socket) {
    let started = Instant::now();
    socket.closed().await.unwrap();
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

/// The connection is open, and its session lives.
async fn assert_open(socket: &mut Socket) {
    socket.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
    socket.next_of("heartbeat").await.unwrap();
}

async fn living_sessions(database: &Database, person: &Person) -> i64 {
    let living = "select count(*) from sessions where account_id = $1 and ended_at is null";
    database.query_one(living, &[&person.id]).await.unwrap().get(0)
}
