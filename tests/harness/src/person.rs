//! A customer or a company with a session.

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Client, Failure, Socket};

/// The password of all test accounts.
pub const PASSWORD: &str = "haneul-2026";

/// An account with a session.
#[derive(Clone)]
pub struct Person {
    /// The client for requests.
    pub client: Client,
    /// `customer` or `company`, as in paths.
    pub kind: &'static str,
    /// The account's id.
    pub id: i64,
    /// The username for logging in.
    pub username: String,
    /// The current access token.
    pub token: String,
}

/// Returns a new username. The number is unique in this process, the random part in the database.
pub fn new_username(prefix: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{prefix}{}x{}", &random[..6], NUMBER.fetch_add(1, Ordering::Relaxed))
}

impl Person {
    /// Signs up a customer and logs in.
    pub async fn customer(client: &Client, name: &str) -> Result<Self, Failure> {
        Self::new(client, "customer", name).await
    }

    /// Signs up a company and logs in. The company is not visible in the directory.
    pub async fn company(client: &Client, name: &str) -> Result<Self, Failure> {
        Self::new(client, "company", name).await
    }

    async fn new(client: &Client, kind: &'static str, name: &str) -> Result<Self, Failure> {
        let person = Self::sign_up(client, kind, &new_username(kind), name).await?;
        person.ok_or_else(|| "a random username is taken".into())
    }

    /// Signs up a customer or a company with a username, from a separate network, and logs in.
    /// Returns `None` if the username is taken.
    pub async fn sign_up(
        client: &Client,
        kind: &'static str,
        username: &str,
        name: &str,
    ) -> Result<Option<Self>, Failure> {
        let path = if kind == "customer" { "/customers" } else { "/companies" };
        let body =
            json!({ "username": username, "password": PASSWORD, "confirmPassword": PASSWORD, "name": name });
        let answer = client.in_new_network()?.call(Method::POST, path, None, &body).await?;
        if answer.code() == "username_taken" {
            return Ok(None);
        }
        let id = answer.expect(201)?.body["id"].as_i64().ok_or("the answer has no id")?;
        let (client, username) = (client.clone(), username.to_owned());
        let mut person = Self { client, kind, id, username, token: String::new() };
        person.log_in().await?;
        Ok(Some(person))
    }

    /// Logs in again and uses the token of the new session from now on.
    pub async fn log_in(&mut self) -> Result<Answer, Failure> {
        let body = json!({ "username": self.username, "password": PASSWORD });
        let path = format!("/{}/session", self.kind);
        let answer = self.client.call(Method::POST, &path, None, &body).await?.expect(201)?;
        answer.body["accessToken"].as_str().ok_or("the answer has no token")?.clone_into(&mut self.token);
        Ok(answer)
    }

    /// Sends a request with the access token; a null `body` means that the request has no body.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.client.call(method, path, Some(&self.token), body).await
    }

    /// Sends a `GET` request.
    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// Sends a `POST` request.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.call(Method::POST, path, body).await
    }

    /// Returns the path of the account's profile.
    pub fn profile(&self) -> &'static str {
        if self.kind == "customer" { "/customers/me" } else { "/companies/me" }
    }

    /// Uploads a picture file for a profile. The body of the response has its `url`.
    pub async fn upload(&self, picture: &[u8]) -> Result<Answer, Failure> {
        const BOUNDARY: &str = "0191e3a8-0000-7000-8000-000000000000";
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"picture\"\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let request = self
            .client
            .request(Method::POST, "/files?folder=profile")
            .header("authorization", &format!("Bearer {}", self.token))
            .header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}"))
            .body([head.as_bytes(), picture, tail.as_bytes()].concat());
        request.send().await
    }

    /// Makes a company visible in the directory.
    pub async fn become_visible(&self) -> Result<(), Failure> {
        self.call(Method::PATCH, "/companies/me", &json!({ "profileVisibility": true }))
            .await?
            .expect(204)?;
        Ok(())
    }

    /// Opens a customer's room with a company and returns its id.
    pub async fn open_room(&self, company: &Self) -> Result<i64, Failure> {
        let answer = self.post("/customer/chatrooms", &json!({ "companyId": company.id })).await?;
        answer.body["chatRoomId"].as_i64().ok_or_else(|| format!("no room: {}", answer.body).into())
    }

    /// Returns the path of one of the account's rooms.
    pub fn room(&self, id: i64) -> String {
        format!("/{}/chatrooms/{id}", self.kind)
    }

    /// Returns the entry of a room in the first page of the account's list, or null if it is
    /// missing.
    pub async fn listed_room(&self, id: i64) -> Result<Value, Failure> {
        let answer = self.get(&format!("/{}/chatrooms", self.kind)).await?.expect(200)?;
        let rooms = answer.body["chatRooms"].as_array().cloned().unwrap_or_default();
        Ok(rooms.into_iter().find(|room| room["id"] == id).unwrap_or_default())
    }

    /// Fetches all messages of one of the account's rooms, in pages of 100.
    pub async fn history(&self, room: i64) -> Result<Vec<Value>, Failure> {
        let mut messages: Vec<Value> = Vec::new();
        loop {
            let after = messages.last().map_or(0, |message| message["seq"].as_i64().unwrap_or_default());
            let path = format!("{}/messages?after={after}&limit=100", self.room(room));
            let answer = self.get(&path).await?.expect(200)?;
            let page = answer.body["messages"].as_array().cloned().unwrap_or_default();
            if page.is_empty() {
                return Ok(messages);
            }
            messages.extend(page);
        }
    }

    /// Creates a ticket. Its `url` is resolved against the origin, as clients do.
    pub async fn ticket(&self) -> Result<Value, Failure> {
        let mut ticket = self.post("/realtime/tickets", &Value::Null).await?.expect(201)?.body;
        let path = ticket["url"].as_str().ok_or("the ticket has no url")?;
        ticket["url"] = self.client.socket_address(path).into();
        Ok(ticket)
    }

    /// Opens a WebSocket connection.
    pub async fn connect(&self) -> Result<Socket, Failure> {
        let ticket = self.ticket().await?;
        Socket::open(ticket["url"].as_str().unwrap_or_default()).await
    }
}
