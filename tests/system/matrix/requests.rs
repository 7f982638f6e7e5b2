//! The request of a cell: the route with an id of the cell's kind, and everything else that the
//! route needs.

use chatchat_harness::{PASSWORD, Person, new_username};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    cell_request::{Body, CellRequest, form, text},
    fixture::{ACTIVE, COMPANIES, CUSTOMERS, Fixture, entry, message, side},
    table::{COMPANY_A, CUSTOMER_A, Id, Row, Subject, WITHDRAWN_CUSTOMER},
};
use crate::cookie;

/// The largest valid id, which does not exist.
const UNKNOWN_ID: i64 = 9_007_199_254_740_991;

/// An id of a kind.
fn id_of_kind(id: Id, own: i64, foreign: i64) -> Value {
    match id {
        Id::Own | Id::WithIdentity => own.into(),
        Id::Foreign => foreign.into(),
        Id::Unknown => UNKNOWN_ID.into(),
        Id::Malformed => "x1".into(),
    }
}

/// A keyword that finds the caller's room or a foreign room, by the name of the room's other side.
fn keyword(caller: usize, id: Id) -> &'static str {
    let names = if caller < COMPANY_A || !ACTIVE.contains(&caller) { COMPANIES } else { CUSTOMERS };
    match id {
        Id::Own | Id::WithIdentity => names[side(caller)],
        Id::Foreign => names[1 - side(caller)],
        Id::Unknown => "없는이름",
        Id::Malformed => "%00",
    }
}

impl Fixture {
    /// Builds the request of a cell. First creates the resource that the request uses up.
    pub(super) async fn request(&self, row: &Row, caller: usize, id: Id) -> CellRequest {
        let &(route, kind, statuses, _) = row;
        let (method, path) = route.split_once(' ').unwrap_or(("GET", "/nowhere"));
        let (side, succeeds) = (side(caller), statuses[caller] < 400 && id.is_own());
        let subject = match kind {
            Subject::Room => self.room(caller, id),
            Subject::Company => self.company(caller, id),
            // A new entry for this request to delete. Later rows need the existing entries.
            Subject::Entry if method == "DELETE" && succeeds => {
                let made = self.person(caller).post("/company/auto-replies", &entry(side)).await.unwrap();
                made.expect(201).unwrap().body["id"].clone()
            }
            Subject::Entry => id_of_kind(id, self.entries[side], self.entries[1 - side]),
            Subject::RoomOfEntry => self.entries[side].into(),
            Subject::Session => {
                let foreign = self.session(CUSTOMER_A + 1 - side).await;
                id_of_kind(id, self.new_session(caller).await, foreign)
            }
            Subject::Cursor => self.cursor(caller, id).await,
            Subject::Keyword => keyword(caller, id).into(),
            _ => Value::Null,
        };
        let subject = text(&subject);
        let query = match kind {
            Subject::Company if method == "GET" && !path.contains("{id}") => format!("?companyId={subject}"),
            Subject::Cursor => format!("?limit=1&cursor={subject}"),
            Subject::Keyword => format!("?keyword={subject}"),
            Subject::File if id == Id::Malformed => "?folder=elsewhere".to_owned(),
            Subject::File => "?folder=profile".to_owned(),
            _ => String::new(),
        };
        let path = path.replace("{id}", &subject) + &query;
        let cookie =
            if kind == Subject::Cookie { self.refresh_cookie(caller, &path, id).await } else { None };
        let by = match kind {
            // The request ends the sender's sessions or account, so a new account sends it.
            Subject::Password if succeeds && caller < COMPANY_A => {
                Some(Person::customer(&self.client, "잠깐고객").await.unwrap())
            }
            Subject::Password if succeeds => Some(Person::company(&self.client, "잠깐가게").await.unwrap()),
            _ => self.people[caller].clone(),
        };
        let body = if kind == Subject::File {
            form(side)
        } else {
            self.body(row, caller, id).map_or(Body::None, Body::Json)
        };
        let mut request = CellRequest { method: method.parse().unwrap(), path, cookie, body, by };
        if id == Id::WithIdentity {
            request.add_identity(&self.identity(caller));
        }
        request
    }

    /// The JSON body of a request, if its route takes one.
    fn body(&self, row: &Row, caller: usize, id: Id) -> Option<Value> {
        let &(route, kind, ..) = row;
        let side = side(caller);
        let body = match (route.split(' ').next()?, kind) {
            ("POST", Subject::Room) => message(side),
            ("PUT", Subject::Room) => json!({ "seq": 1 }),
            ("POST", Subject::Company) => json!({ "companyId": self.company(caller, id) }),
            ("PATCH", Subject::Entry) => entry(side),
            ("POST", Subject::Entry) => {
                json!({ "chatRoomId": self.room(caller, Id::Own), "clientMessageId": Uuid::new_v4().to_string() })
            }
            (_, Subject::RoomOfEntry) => json!({ "chatRoomId": self.room(caller, id) }),
            (_, Subject::Picture) => json!({ "imageUrl": self.picture(caller, id) }),
            (_, Subject::NewUsername) => {
                let username = match id {
                    Id::Malformed => "x".to_owned(),
                    Id::Foreign => self.person(CUSTOMER_A + 1 - side).username.clone(),
                    _ => new_username("matrix"),
                };
                json!({ "username": username, "password": PASSWORD, "confirmPassword": PASSWORD, "name": "새사람" })
            }
            (_, Subject::Login) => self.credentials(caller, id),
            (_, Subject::Password) => {
                let password = match id {
                    Id::Unknown => json!("unknown-2026"),
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

    /// Returns the id of a room that is of this kind for the caller.
    pub(super) fn room(&self, caller: usize, id: Id) -> Value {
        let own = self.rooms[if caller == WITHDRAWN_CUSTOMER { 2 } else { side(caller) }];
        id_of_kind(id, own, self.rooms[1 - side(caller)])
    }

    /// A cursor of the caller's list of rooms, or of the list of the other side's account with the
    /// same role.
    async fn cursor(&self, caller: usize, id: Id) -> Value {
        let owner = match id {
            Id::Own | Id::WithIdentity => caller,
            Id::Foreign if caller < COMPANY_A => CUSTOMER_A + 1 - side(caller),
            Id::Foreign => COMPANY_A + 1 - side(caller),
            Id::Unknown => return "A".repeat(64).into(),
            Id::Malformed => return "x1".into(),
        };
        // A caller without a list gets a cursor of customer A's list.
        let owner = self.person(if ACTIVE.contains(&owner) { owner } else { CUSTOMER_A });
        let page = owner.get(&format!("/{}/chatrooms?limit=1", owner.kind)).await.unwrap();
        let next = page.expect(200).unwrap().body["next"].clone();
        assert!(next.is_string(), "each list must have two pages");
        next
    }

    /// A company's id of a kind: the visible company of the caller's side, or the hidden one as the
    /// foreign one.
    fn company(&self, caller: usize, id: Id) -> Value {
        id_of_kind(id, self.person(COMPANY_A + side(caller)).id, self.hidden)
    }

    /// The identities of the other side's accounts, under every name that a field for them could
    /// have.
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
            Id::Foreign => json!(of(CUSTOMER_A + 1 - side(caller))),
            Id::Unknown => {
                let (folder, file) = of(CUSTOMER_A).rsplit_once('/').unwrap();
                let (_, extension) = file.rsplit_once('.').unwrap();
                json!(format!("{folder}/{}.{extension}", "0".repeat(64)))
            }
            Id::Malformed => json!(7),
        }
    }

    fn credentials(&self, caller: usize, id: Id) -> Value {
        let (unknown, people) = (new_username("unknown"), &self.people);
        let (username, password) = match id {
            Id::Own | Id::WithIdentity => {
                (people[caller].as_ref().map_or(unknown, |person| person.username.clone()), PASSWORD)
            }
            Id::Foreign => (self.person(CUSTOMER_A + 1 - side(caller)).username.clone(), "not-theirs-2026"),
            Id::Unknown => (unknown, PASSWORD),
            Id::Malformed => ("\0".to_owned(), ""),
        };
        json!({ "username": username, "password": password })
    }

    /// A new session of a caller, which a request can end. For a caller that cannot log in, a
    /// session of customer A.
    async fn new_session(&self, caller: usize) -> i64 {
        if !ACTIVE.contains(&caller) {
            return self.session(CUSTOMER_A).await;
        }
        self.person(caller).clone().log_in().await.unwrap();
        self.session(caller).await
    }

    /// Returns the newest session of a caller.
    async fn session(&self, caller: usize) -> i64 {
        let newest = "select max(id) from sessions where account_id = $1";
        self.database.query_one(newest, &[&self.person(caller).id]).await.unwrap().get(0)
    }

    /// A refresh cookie. A caller's own cookie is that of a new session, under the name that the
    /// login set. The others have the name of the route's role.
    async fn refresh_cookie(&self, caller: usize, path: &str, id: Id) -> Option<String> {
        let role = path.split('/').nth(1).unwrap();
        match id {
            Id::Own | Id::WithIdentity if ACTIVE.contains(&caller) => {
                Some(cookie(&self.person(caller).clone().log_in().await.unwrap()))
            }
            Id::Own | Id::WithIdentity => self.cookies[caller].clone(),
            Id::Foreign => Some(format!("__Host-{role}={}", self.ended_token)),
            Id::Unknown => Some(format!("__Host-{role}={}", "A".repeat(43))),
            Id::Malformed => Some(format!("__Host-{role}=")),
        }
    }
}
