//! What is asked in a cell: the route with the id that the caller names, and whatever else the route needs.

use chatchat_tests::{Answer, Client, PASSWORD, Person, new_username};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    stage::{COMPANIES, CUSTOMERS, LIVING, Stage, entry, message, side},
    table::{A, COMPANY_A, GONE, Id, Names, Row},
};
use crate::cookie;

/// The largest id that can be, which is never given out.
const NEVER: i64 = 9_007_199_254_740_991;

/// Of 1 × 1 pixel: one red, one blue.
const PNGS: [&[u8]; 2] = [
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc8!'\x07\0\x02\xb6\x01\x054\xa6u\xaa\0\0\0\0IEND\xaeB`\x82",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\x90\x93;\x01\0\x01b\x01\x05\x11\x1b\xa3!\0\0\0\0IEND\xaeB`\x82",
];

enum Body {
    None,
    Json(Value),
    Form(Vec<u8>),
}

/// The form that uploads the picture of a side.
fn form(side: usize) -> Body {
    let head = "--matrix\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n";
    Body::Form([head.as_bytes(), PNGS[side], b"\r\n--matrix--\r\n"].concat())
}

/// An id, as a caller names it.
fn named(id: Id, own: i64, somebody_elses: i64) -> Value {
    match id {
        Id::Own | Id::WithIdentity => own.into(),
        Id::SomebodyElses => somebody_elses.into(),
        Id::NeverGivenOut => NEVER.into(),
        Id::Malformed => "x1".into(),
    }
}

/// A value in a path or a query.
fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The name of the other side of the caller's room, or of the other side's room.
fn keyword(caller: usize, id: Id) -> &'static str {
    let names = if caller < COMPANY_A || !LIVING.contains(&caller) { COMPANIES } else { CUSTOMERS };
    match id {
        Id::Own | Id::WithIdentity => names[side(caller)],
        Id::SomebodyElses => names[1 - side(caller)],
        Id::NeverGivenOut => "없는이름",
        Id::Malformed => "%00",
    }
}

/// Adds the fields that an object does not have.
pub(super) fn add_missing(object: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        object.as_object_mut().unwrap().entry(name).or_insert_with(|| value.clone());
    }
}

/// A request of a cell, and who sends it.
pub(super) struct Asked {
    method: Method,
    path: String,
    cookie: Option<String>,
    body: Body,
    by: Option<Person>,
}

impl Asked {
    /// Uploads the picture of a side.
    pub(super) fn upload(by: Person, side: usize) -> Self {
        let path = "/files?folder=profile".to_owned();
        Self { method: Method::POST, path, cookie: None, body: form(side), by: Some(by) }
    }

    pub(super) async fn send(self, client: &Client) -> Answer {
        let mut request = client.request(self.method, &self.path);
        if let Some(person) = self.by {
            request = request.header("authorization", &format!("Bearer {}", person.token));
        }
        if let Some(cookie) = self.cookie {
            request = request.header("cookie", &cookie);
        }
        request = match self.body {
            Body::None => request,
            Body::Json(body) => request.header("content-type", "application/json").body(body.to_string()),
            Body::Form(body) => {
                request.header("content-type", "multipart/form-data; boundary=matrix").body(body)
            }
        };
        request.send().await.unwrap()
    }

    /// Into a body of JSON; else into the query.
    fn insert(&mut self, identity: &Value) {
        if let Body::Json(body) = &mut self.body {
            return add_missing(body, identity);
        }
        for (name, value) in identity.as_object().unwrap() {
            let separator = if self.path.contains('?') { '&' } else { '?' };
            self.path = format!("{}{separator}{name}={}", self.path, written(value));
        }
    }
}

impl Stage {
    /// The request of a cell. What it needs is made before.
    pub(super) async fn asked(&self, row: &Row, caller: usize, id: Id) -> Asked {
        let &(route, names, statuses, _) = row;
        let (method, path) = route.split_once(' ').unwrap_or(("GET", "/nowhere"));
        let (side, done) = (side(caller), statuses[caller] < 400 && id.is_own());
        let subject = match names {
            Names::Room => self.room(caller, id),
            Names::Company => self.company(caller, id),
            // What is deleted is made for that alone.
            Names::Entry if method == "DELETE" && done => {
                let made = self.person(caller).post("/company/auto-replies", &entry(side)).await.unwrap();
                made.expect(201).unwrap().body["id"].clone()
            }
            Names::Entry => named(id, self.entries[side], self.entries[1 - side]),
            Names::RoomOfEntry => self.entries[side].into(),
            Names::Session => named(id, self.new_session(caller).await, self.session(A + 1 - side).await),
            Names::Cursor => self.cursor(caller, id).await,
            Names::Keyword => keyword(caller, id).into(),
            _ => Value::Null,
        };
        let subject = written(&subject);
        let query = match names {
            Names::Company if method == "GET" && !path.contains("{id}") => format!("?companyId={subject}"),
            Names::Cursor => format!("?limit=1&cursor={subject}"),
            Names::Keyword => format!("?keyword={subject}"),
            Names::File if id == Id::Malformed => "?folder=elsewhere".to_owned(),
            Names::File => "?folder=profile".to_owned(),
            _ => String::new(),
        };
        let path = path.replace("{id}", &subject) + &query;
        let cookie = if names == Names::Cookie { self.refresh_cookie(caller, &path, id).await } else { None };
        let by = match names {
            // Whom it uses up sends somebody who lives for this alone.
            Names::Password if done && caller < COMPANY_A => {
                Some(Person::customer(&self.client, "잠깐고객").await.unwrap())
            }
            Names::Password if done => Some(Person::company(&self.client, "잠깐가게").await.unwrap()),
            _ => self.people[caller].clone(),
        };
        let body = if names == Names::File {
            form(side)
        } else {
            self.body(row, caller, id).map_or(Body::None, Body::Json)
        };
        let mut asked = Asked { method: method.parse().unwrap(), path, cookie, body, by };
        if id == Id::WithIdentity {
            asked.insert(&self.identity(caller));
        }
        asked
    }

    /// The body of JSON that a route takes.
    fn body(&self, row: &Row, caller: usize, id: Id) -> Option<Value> {
        let &(route, names, ..) = row;
        let side = side(caller);
        let body = match (route.split(' ').next()?, names) {
            ("POST", Names::Room) => message(side),
            ("PUT", Names::Room) => json!({ "seq": 1 }),
            ("POST", Names::Company) => json!({ "companyId": self.company(caller, id) }),
            ("PATCH", Names::Entry) => entry(side),
            ("POST", Names::Entry) => {
                json!({ "chatRoomId": self.room(caller, Id::Own), "clientMessageId": Uuid::new_v4().to_string() })
            }
            (_, Names::RoomOfEntry) => json!({ "chatRoomId": self.room(caller, id) }),
            (_, Names::Picture) => json!({ "imageUrl": self.picture(caller, id) }),
            (_, Names::NewUsername) => {
                let username = match id {
                    Id::Malformed => "x".to_owned(),
                    Id::SomebodyElses => self.person(A + 1 - side).username.clone(),
                    _ => new_username("matrix"),
                };
                json!({ "username": username, "password": PASSWORD, "confirmPassword": PASSWORD, "name": "새사람" })
            }
            (_, Names::Login) => self.credentials(caller, id),
            (_, Names::Password) => {
                let password = match id {
                    Id::NeverGivenOut => json!("nobodys-2026"),
                    Id::Malformed => json!(7),
                    _ => json!(PASSWORD),
                };
                json!({ "password": password, "newPassword": "byeol-2027", "confirmNewPassword": "byeol-2027" })
            }
            _ if route == "POST /company/auto-replies" => {
                json!({ "question": "주차되나요?", "answer": "네." })
            }
            _ => return None,
        };
        Some(body)
    }

    /// A room as a caller names it.
    pub(super) fn room(&self, caller: usize, id: Id) -> Value {
        let own = self.rooms[if caller == GONE { 2 } else { side(caller) }];
        named(id, own, self.rooms[1 - side(caller)])
    }

    /// A cursor of the caller's list of rooms, or of the list of the same role on the other side.
    async fn cursor(&self, caller: usize, id: Id) -> Value {
        let owner = match id {
            Id::Own | Id::WithIdentity => caller,
            Id::SomebodyElses if caller < COMPANY_A => A + 1 - side(caller),
            Id::SomebodyElses => COMPANY_A + 1 - side(caller),
            Id::NeverGivenOut => return "A".repeat(64).into(),
            Id::Malformed => return "x1".into(),
        };
        // Who has no list gets that of A.
        let owner = self.person(if LIVING.contains(&owner) { owner } else { A });
        let page = owner.get(&format!("/{}/chatrooms?limit=1", owner.kind)).await.unwrap();
        let next = page.expect(200).unwrap().body["next"].clone();
        assert!(next.is_string(), "every list has two pages");
        next
    }

    /// A company: the visible one of the caller's side, or the hidden one.
    fn company(&self, caller: usize, id: Id) -> Value {
        named(id, self.person(COMPANY_A + side(caller)).id, self.hidden)
    }

    /// Somebody else's identity, under every name that a field of it could have.
    pub(super) fn identity(&self, caller: usize) -> Value {
        let [customer, company] = self.pair(1 - side(caller));
        json!({
            "accountId": customer.id, "customerId": customer.id, "senderId": customer.id, "sub": customer.id.to_string(),
            "account": company.id, "userId": company.id, "ownerId": company.id, "role": "company", "kind": "company",
            "sender": "company", "type": "auto", "seq": 1, "id": 1, "sid": 1, "sessionId": 1,
        })
    }

    fn picture(&self, caller: usize, id: Id) -> Value {
        let of = |caller: usize| self.pictures[caller].as_deref().unwrap();
        match id {
            Id::Own | Id::WithIdentity => json!(self.pictures[caller]),
            Id::SomebodyElses => json!(of(A + 1 - side(caller))),
            Id::NeverGivenOut => {
                let (folder, file) = of(A).rsplit_once('/').unwrap();
                let (_, kind) = file.rsplit_once('.').unwrap();
                json!(format!("{folder}/{}.{kind}", "0".repeat(64)))
            }
            Id::Malformed => json!(7),
        }
    }

    fn credentials(&self, caller: usize, id: Id) -> Value {
        let (nobody, people) = (new_username("nobody"), &self.people);
        let (username, password) = match id {
            Id::Own | Id::WithIdentity => {
                (people[caller].as_ref().map_or(nobody, |person| person.username.clone()), PASSWORD)
            }
            Id::SomebodyElses => (self.person(A + 1 - side(caller)).username.clone(), "not-theirs-2026"),
            Id::NeverGivenOut => (nobody, PASSWORD),
            Id::Malformed => ("\0".to_owned(), ""),
        };
        json!({ "username": username, "password": password })
    }

    /// A session of a caller that serves nothing else, so that it can be ended; of an account without an active session, any.
    async fn new_session(&self, caller: usize) -> i64 {
        if !LIVING.contains(&caller) {
            return self.session(A).await;
        }
        self.person(caller).clone().log_in().await.unwrap();
        self.session(caller).await
    }

    /// The newest session of a caller.
    async fn session(&self, caller: usize) -> i64 {
        let newest = "select max(id) from sessions where account_id = $1";
        self.database.query_one(newest, &[&self.person(caller).id]).await.unwrap().get(0)
    }

    /// A refresh cookie under the name that the route's role has; a caller's own is that of a session that began just now, under the name
    /// that the login gave it.
    async fn refresh_cookie(&self, caller: usize, path: &str, id: Id) -> Option<String> {
        let role = path.split('/').nth(1).unwrap();
        match id {
            Id::Own | Id::WithIdentity if LIVING.contains(&caller) => {
                Some(cookie(&self.person(caller).clone().log_in().await.unwrap()))
            }
            Id::Own | Id::WithIdentity => self.cookies[caller].clone(),
            Id::SomebodyElses => Some(format!("__Host-{role}={}", self.ended_token)),
            Id::NeverGivenOut => Some(format!("__Host-{role}={}", "A".repeat(43))),
            Id::Malformed => Some(format!("__Host-{role}=")),
        }
    }
}
