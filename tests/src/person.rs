//! A customer or a company that is logged in.

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Client, Failure, Socket};

/// The password of everybody here.
pub const PASSWORD: &str = "haneul-2026";

/// Somebody with an account and a session.
#[derive(Clone)]
pub struct Person {
    /// How they reach ChatChat.
    pub client: Client,
    /// `customer` or `company`, as paths have it.
    pub kind: &'static str,
    /// The account.
    pub id: i64,
    /// What they log in with.
    pub username: String,
    /// The access token.
    pub token: String,
}

/// A username that nobody else in this process has, and by its random part nobody in the database.
pub fn new_username(prefix: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{prefix}{}x{}", &random[..8], NUMBER.fetch_add(1, Ordering::Relaxed))
}

impl Person {
    /// A customer that signed up and logged in.
    pub async fn customer(client: &Client, name: &str) -> Result<Self, Failure> {
        Self::new(client, "customer", name).await
    }

    /// A company that signed up and logged in; still hidden.
    pub async fn company(client: &Client, name: &str) -> Result<Self, Failure> {
        Self::new(client, "company", name).await
    }

    async fn new(client: &Client, kind: &'static str, name: &str) -> Result<Self, Failure> {
        let person = Self::sign_up(client, kind, &new_username(kind), name).await?;
        person.ok_or_else(|| "a random username is taken".into())
    }

    /// A customer or a company that signed up under a username and logged in. Returns nothing if the username is taken.
    pub async fn sign_up(
        client: &Client,
        kind: &'static str,
        username: &str,
        name: &str,
    ) -> Result<Option<Self>, Failure> {
        let path = if kind == "customer" { "/customers" } else { "/companies" };
        let body =
            json!({ "username": username, "password": PASSWORD, "confirmPassword": PASSWORD, "name": name });
        let answer = client.call(Method::POST, path, None, &body).await?;
        if answer.code() == "username_taken" {
            return Ok(None);
        }
        let id = answer.expect(201)?.body["id"].as_i64().ok_or("the answer has no id")?;
        let (client, username) = (client.clone(), username.to_owned());
        let mut person = Self { client, kind, id, username, token: String::new() };
        person.log_in().await?;
        Ok(Some(person))
    }

    /// Logs in again: a new session, and its token from now on.
    pub async fn log_in(&mut self) -> Result<Answer, Failure> {
        let body = json!({ "username": self.username, "password": PASSWORD });
        let path = format!("/{}/session", self.kind);
        let answer = self.client.call(Method::POST, &path, None, &body).await?.expect(201)?;
        answer.body["accessToken"].as_str().ok_or("the answer has no token")?.clone_into(&mut self.token);
        Ok(answer)
    }

    /// A request of theirs; null for no body.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.client.call(method, path, Some(&self.token), body).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.call(Method::POST, path, body).await
    }

    /// The path of their profile.
    pub fn profile(&self) -> &'static str {
        if self.kind == "customer" { "/customers/me" } else { "/companies/me" }
    }

    /// Uploads a picture file for a profile, and returns its `url`.
    pub async fn upload(&self, picture: &[u8]) -> Result<Value, Failure> {
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
        Ok(request.send().await?.expect(201)?.body["url"].take())
    }

    /// A company becomes visible in the directory.
    pub async fn become_visible(&self) -> Result<(), Failure> {
        self.call(Method::PATCH, "/companies/me", &json!({ "profileVisibility": true }))
            .await?
            .expect(204)?;
        Ok(())
    }

    /// A customer's room with a company.
    pub async fn open_room(&self, company: &Self) -> Result<i64, Failure> {
        let answer = self.post("/customer/chatrooms", &json!({ "companyId": company.id })).await?;
        answer.body["chatRoomId"].as_i64().ok_or_else(|| format!("no room: {}", answer.body).into())
    }

    /// The path of one of their rooms.
    pub fn room(&self, id: i64) -> String {
        format!("/{}/chatrooms/{id}", self.kind)
    }

    /// Their entry of a room in their list, null where it is not there.
    pub async fn listed_room(&self, id: i64) -> Result<Value, Failure> {
        let answer = self.get(&format!("/{}/chatrooms", self.kind)).await?.expect(200)?;
        let rooms = answer.body["chatRooms"].as_array().cloned().unwrap_or_default();
        Ok(rooms.into_iter().find(|room| room["id"] == id).unwrap_or_default())
    }

    /// The whole history of one of their rooms, a hundred at a time.
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

    /// A ticket's answer, its `url` resolved against the origin as clients do.
    pub async fn ticket(&self) -> Result<Value, Failure> {
        let mut ticket = self.post("/realtime/tickets", &Value::Null).await?.expect(201)?.body;
        let path = ticket["url"].as_str().ok_or("the ticket has no url")?;
        ticket["url"] = self.client.socket_address(path).into();
        Ok(ticket)
    }

    /// A WebSocket connection of theirs.
    pub async fn connect(&self) -> Result<Socket, Failure> {
        let ticket = self.ticket().await?;
        Socket::open(ticket["url"].as_str().unwrap_or_default()).await
    }
}
