//! Who may do what: every route and every action of the template, by everybody, with every kind of id.

use std::collections::BTreeSet;

use chatchat_template::{HttpRoute, Template};
use chatchat_tests::{Answer, Client, PASSWORD, Person, Socket, System, new_username, root};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{alone, client_of, contract, database, own_system};

/// Who calls. A and company A have room R, B and company B have room S; the last two withdrew, and their tokens have not expired.
const CALLERS: [&str; 7] =
    ["nobody", "customer A", "customer B", "company A", "company B", "customer A'", "company A'"];
const A: usize = 1;
const COMPANY_A: usize = 3;

/// The largest id that can be, which is never given out.
const NEVER: i64 = 9_007_199_254_740_991;

/// Stands in whatever is A's and company A's alone, and B's and company B's.
const MARKS: [&str; 2] = ["표식에이", "표식비이"];

/// What a request names, and so what it can name of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// Nothing but what the token says.
    Nothing,
    /// A room.
    Room,
    /// A company: one that everybody sees, or a hidden one in place of somebody else's.
    Company,
    /// An entry of an FAQ.
    Entry,
    /// The room in which an entry is asked.
    RoomOfEntry,
    /// A picture's URL, which has to be of one's own upload.
    Picture,
    /// A picture itself.
    File,
    /// A new username, or one that is taken.
    NewUsername,
    /// A username to log in with, and its password.
    Login,
    /// The caller's password, for a caller that is used up by it.
    Password,
    /// A refresh cookie; an ended one in place of somebody else's.
    Cookie,
    /// A ticket; a used one in place of somebody else's.
    Ticket,
}

/// What stands in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Own,
    SomebodyElses,
    NeverGivenOut,
    Malformed,
    /// One's own, and somebody else's identity in the body, or in the query where there is no body.
    WithIdentity,
}

impl Names {
    fn ids(self) -> &'static [Id] {
        match self {
            Self::Nothing => &[Id::Own, Id::WithIdentity],
            Self::File => &[Id::Own, Id::Malformed, Id::WithIdentity],
            Self::NewUsername => &[Id::Own, Id::SomebodyElses, Id::Malformed, Id::WithIdentity],
            Self::Password => &[Id::Own, Id::NeverGivenOut, Id::Malformed, Id::WithIdentity],
            _ => &[Id::Own, Id::SomebodyElses, Id::NeverGivenOut, Id::Malformed, Id::WithIdentity],
        }
    }
}

/// A line of the table: the status of each caller with what is their own, and what those whom it lets in get for somebody else's
/// and for what was never given out. To a malformed id they get 400 `validation_failed`, and whom it refuses gets the same whatever
/// they name.
type Row = (&'static str, Names, [u16; 7], &'static str);

#[rustfmt::skip]
const ROUTES: &[Row] = &[
    //                                                             nobody   A    B  coA  coB   A' coA'   somebody else's, or none
    ("POST /customers",                      Names::NewUsername,     [201, 201, 201, 201, 201, 201, 201], "409 username_taken"),
    ("POST /companies",                      Names::NewUsername,     [201, 201, 201, 201, 201, 201, 201], "409 username_taken"),
    ("POST /customer/session",               Names::Login,           [400, 201, 201, 400, 400, 400, 400], "400 login_failed"),
    ("POST /company/session",                Names::Login,           [400, 400, 400, 201, 201, 400, 400], "400 login_failed"),
    ("POST /token",                          Names::Cookie,          [400, 201, 201, 201, 201, 400, 400], "400 invalid_refresh_token"),
    ("DELETE /logout",                       Names::Cookie,          [204, 204, 204, 204, 204, 204, 204], "204 "),
    ("PATCH /customers/me/password",         Names::Password,        [401, 204, 204, 403, 403, 401, 401], "403 wrong_password"),
    ("PATCH /companies/me/password",         Names::Password,        [401, 403, 403, 204, 204, 401, 401], "403 wrong_password"),
    ("DELETE /customers/me",                 Names::Password,        [401, 204, 204, 403, 403, 401, 401], "403 wrong_password"),
    ("DELETE /companies/me",                 Names::Password,        [401, 403, 403, 204, 204, 401, 401], "403 wrong_password"),
    ("GET /customers/me",                    Names::Nothing,         [401, 200, 200, 403, 403, 401, 401], ""),
    ("GET /companies/me",                    Names::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    ("PATCH /customers/me",                  Names::Picture,         [401, 204, 204, 403, 403, 401, 401], "400 validation_failed"),
    ("PATCH /companies/me",                  Names::Picture,         [401, 403, 403, 204, 204, 401, 401], "400 validation_failed"),
    ("POST /files",                          Names::File,            [401, 201, 201, 201, 201, 401, 401], ""),
    ("GET /companies",                       Names::Nothing,         [200, 200, 200, 200, 200, 401, 401], ""),
    ("GET /companies/{id}",                  Names::Company,         [200, 200, 200, 200, 200, 401, 401], "404 company_not_found"),
    ("GET /company/auto-replies",            Names::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    ("POST /company/auto-replies",           Names::Nothing,         [401, 403, 403, 201, 201, 401, 401], ""),
    ("PATCH /company/auto-replies/{id}",     Names::Entry,           [401, 403, 403, 204, 204, 401, 401], "404 auto_reply_not_found"),
    ("DELETE /company/auto-replies/{id}",    Names::Entry,           [401, 403, 403, 204, 204, 401, 401], "404 auto_reply_not_found"),
    ("GET /auto-replies",                    Names::Company,         [200, 200, 200, 200, 200, 401, 401], "404 company_not_found"),
    ("POST /auto-replies/{id}",              Names::Entry,           [401, 201, 201, 403, 403, 401, 401], "404 auto_reply_not_found"),
    ("POST /auto-replies/{id}",              Names::RoomOfEntry,     [401, 201, 201, 403, 403, 401, 401], "404 room_not_found"),
    ("POST /customer/chatrooms",             Names::Company,         [401, 200, 200, 403, 403, 401, 401], "404 company_not_found"),
    ("GET /customer/chatrooms",              Names::Nothing,         [401, 200, 200, 403, 403, 401, 401], ""),
    ("GET /company/chatrooms",               Names::Nothing,         [401, 403, 403, 200, 200, 401, 401], ""),
    ("GET /customer/chatrooms/{id}",         Names::Room,            [401, 200, 200, 403, 403, 401, 401], "404 room_not_found"),
    ("GET /company/chatrooms/{id}",          Names::Room,            [401, 403, 403, 200, 200, 401, 401], "404 room_not_found"),
    ("GET /customer/chatrooms/{id}/messages",  Names::Room,          [401, 200, 200, 403, 403, 401, 401], "404 room_not_found"),
    ("GET /company/chatrooms/{id}/messages",   Names::Room,          [401, 403, 403, 200, 200, 401, 401], "404 room_not_found"),
    ("POST /customer/chatrooms/{id}/messages", Names::Room,          [401, 201, 201, 403, 403, 401, 401], "404 room_not_found"),
    ("POST /company/chatrooms/{id}/messages",  Names::Room,          [401, 403, 403, 201, 201, 401, 401], "404 room_not_found"),
    ("PUT /customer/chatrooms/{id}/read",    Names::Room,            [401, 204, 204, 403, 403, 401, 401], "404 room_not_found"),
    ("PUT /company/chatrooms/{id}/read",     Names::Room,            [401, 403, 403, 204, 204, 401, 401], "404 room_not_found"),
    ("POST /realtime/tickets",               Names::Nothing,         [401, 201, 201, 201, 201, 401, 401], ""),
    ("GET /health",                          Names::Nothing,         [200, 200, 200, 200, 200, 200, 200], ""),
    ("$default",                             Names::Nothing,         [404, 404, 404, 404, 404, 404, 404], "404 route_not_found"),
];

/// The same for frames: 200 for what is done, 401 where there is no connection to send it on.
#[rustfmt::skip]
const ACTIONS: &[Row] = &[
    //                              nobody   A    B  coA  coB   A' coA'   somebody else's, or none
    ("$connect",    Names::Ticket,  [401, 200, 200, 200, 200, 401, 401], "401 unauthenticated"),
    ("$disconnect", Names::Nothing, [401, 400, 400, 400, 400, 401, 401], "400 unknown_action"),
    ("$default",    Names::Room,    [401, 400, 400, 400, 400, 401, 401], "400 unknown_action"),
    ("sendMessage", Names::Room,    [401, 200, 200, 200, 200, 401, 401], "404 room_not_found"),
    ("markRead",    Names::Room,    [401, 200, 200, 200, 200, 401, 401], "404 room_not_found"),
    ("typing",      Names::Room,    [401, 200, 200, 200, 200, 401, 401], "404 room_not_found"),
    // Rooms that are not the caller's are passed over.
    ("heartbeat",   Names::Room,    [401, 200, 200, 200, 200, 401, 401], "200 "),
];

/// The status and the code that a cell of the table has.
fn expected(&(_, names, statuses, otherwise): &Row, caller: usize, id: Id) -> (u16, &'static str) {
    let otherwise =
        otherwise.split_once(' ').map_or((0, ""), |(status, code)| (status.parse().unwrap(), code));
    match (statuses[caller], id) {
        (401, _) => (401, "unauthenticated"),
        (403, _) => (403, "wrong_role"),
        (status, _) if status >= 400 => (status, otherwise.1),
        (status, Id::Own | Id::WithIdentity) => (status, ""),
        (_, Id::SomebodyElses | Id::NeverGivenOut) => otherwise,
        (_, Id::Malformed) if matches!(names, Names::Cookie | Names::Login | Names::Ticket) => otherwise,
        (_, Id::Malformed) => (400, "validation_failed"),
    }
}

/// Two pairs with a room each, two who have left, and all that they have.
struct Stage {
    client: Client,
    database: tokio_postgres::Client,
    /// In the order of [`CALLERS`].
    people: [Option<Person>; 7],
    /// The refresh cookies of those who have left.
    cookies: [Option<String>; 7],
    /// An ended session's.
    ended_cookie: String,
    /// R, S, and the room of A' with company A.
    rooms: [i64; 3],
    /// One of company A, one of company B.
    entries: [i64; 2],
    /// A company that is hidden.
    hidden: i64,
    /// A picture of each caller.
    pictures: [Option<String>; 7],
    /// The connections of those who can have one.
    sockets: [Option<Socket>; 7],
    /// What nobody on the one side may see of the other: by pair.
    secrets: [Vec<String>; 2],
    /// Asks for a hash of all tables.
    everything: String,
}

/// Of 1 × 1 pixel: one red, one blue.
const PNGS: [&[u8]; 2] = [
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc8!'\x07\0\x02\xb6\x01\x054\xa6u\xaa\0\0\0\0IEND\xaeB`\x82",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\x90\x93;\x01\0\x01b\x01\x05\x11\x1b\xa3!\0\0\0\0IEND\xaeB`\x82",
];

/// The form that uploads a file.
fn form(file: &[u8]) -> Body {
    let head = "--matrix\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n";
    Body::Form([head.as_bytes(), file, b"\r\n--matrix--\r\n"].concat())
}

/// The value of the refresh cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

/// A message with a text that nothing else has.
fn message(text: &str) -> Value {
    json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": format!("{text} {}", Uuid::new_v4()) })
}

/// The statement that gives a hash of all tables but the attempts to log in.
async fn hash_of_all_tables(database: &tokio_postgres::Client) -> String {
    let tables = "select string_agg(format(
                      'select %L || count(*) || md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) as h from %I t',
                      tablename, tablename), ' union all ')
                  from pg_tables where schemaname = 'public' and tablename <> 'attempts'";
    let each: String = database.query_one(tables, &[]).await.unwrap().get(0);
    format!("select string_agg(h, '; ' order by h) from ({each}) hashes")
}

impl Stage {
    async fn set(system: &System) -> Self {
        let (client, database) = (client_of(system), database(system).await);
        // Numbers that no time, count or other id can be mistaken for.
        for (table, first) in
            [("accounts", 5_500_000_001_i64), ("rooms", 7_700_000_001), ("auto_replies", 8_800_000_001)]
        {
            let restart = format!("alter table {table} alter column id restart with {first}");
            database.batch_execute(&restart).await.unwrap();
        }
        let customer = |name: &'static str| Person::customer(&client, name);
        let company = |name: &'static str| Person::company(&client, name);
        let (a, b) = (customer("표식에이고객").await.unwrap(), customer("표식비이고객").await.unwrap());
        let (company_a, company_b) = (company("새벽빵집").await.unwrap(), company("하늘꽃집").await.unwrap());
        let (mut gone, mut gone_company) =
            (customer("표식에이탈퇴").await.unwrap(), company("떠난가게").await.unwrap());
        let hidden = company("숨은가게").await.unwrap().id;
        company_a.become_visible().await.unwrap();
        company_b.become_visible().await.unwrap();
        let rooms = [
            a.open_room(&company_a).await.unwrap(),
            b.open_room(&company_b).await.unwrap(),
            gone.open_room(&company_a).await.unwrap(),
        ];
        for (person, room, text) in [
            (&a, rooms[0], "표식에이"),
            (&company_a, rooms[0], "표식에이"),
            (&b, rooms[1], "표식비이"),
            (&company_b, rooms[1], "표식비이"),
            (&gone, rooms[2], "표식에이"),
        ] {
            let path = format!("{}/messages", person.room(room));
            person.post(&path, &message(text)).await.unwrap().expect(201).unwrap();
        }
        let mut entries = [0; 2];
        for (entry, (company, answer)) in
            entries.iter_mut().zip([(&company_a, "표식에이 답"), (&company_b, "표식비이 답")])
        {
            let body = json!({ "question": "언제 여나요?", "answer": answer });
            let made = company.post("/company/auto-replies", &body).await.unwrap().expect(201).unwrap();
            *entry = made.body["id"].as_i64().unwrap();
        }
        let mut cookies = [const { None }; 7];
        for (place, person) in [(5, &mut gone), (6, &mut gone_company)] {
            cookies[place] = Some(cookie(&person.log_in().await.unwrap()));
            let path = if person.kind == "customer" { "/customers/me" } else { "/companies/me" };
            person
                .call(Method::DELETE, path, &json!({ "password": PASSWORD }))
                .await
                .unwrap()
                .expect(204)
                .unwrap();
        }
        let mut other = a.clone();
        let ended_cookie = cookie(&other.log_in().await.unwrap());
        let out = client.request(Method::DELETE, "/logout").header("cookie", &ended_cookie);
        assert_eq!(out.send().await.unwrap().status, 204);
        let secrets = [
            vec![
                "표식에이".to_owned(),
                rooms[0].to_string(),
                rooms[2].to_string(),
                a.id.to_string(),
                gone.id.to_string(),
                a.username.clone(),
                company_a.username.clone(),
            ],
            vec![
                "표식비이".to_owned(),
                rooms[1].to_string(),
                b.id.to_string(),
                b.username.clone(),
                company_b.username.clone(),
            ],
        ];
        let people =
            [None, Some(a), Some(b), Some(company_a), Some(company_b), Some(gone), Some(gone_company)];
        let (sockets, pictures) = ([const { None }; 7], [const { None }; 7]);
        let everything = hash_of_all_tables(&database).await;
        let mut stage = Self {
            client,
            database,
            people,
            cookies,
            ended_cookie,
            rooms,
            entries,
            hidden,
            pictures,
            sockets,
            secrets,
            everything,
        };
        for caller in A..=4 {
            stage.sockets[caller] = Some(stage.people[caller].as_ref().unwrap().connect().await.unwrap());
        }
        stage
    }

    /// Everybody uploads a picture; the two sides have different ones.
    async fn upload(&mut self) {
        for caller in A..=4 {
            let answer =
                self.send(caller, Method::POST, "/files?folder=profile", &[], form(PNGS[side(caller)])).await;
            self.pictures[caller] = answer.expect(201).unwrap().body["url"].as_str().map(str::to_owned);
        }
    }

    async fn send(
        &self,
        caller: usize,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        self.send_as(self.people[caller].as_ref(), method, path, headers, body).await
    }

    async fn send_as(
        &self,
        person: Option<&Person>,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = self.client.request(method, path);
        if let Some(person) = person {
            request = request.header("authorization", &format!("Bearer {}", person.token));
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request = match body {
            Body::None => request,
            Body::Json(body) => request.header("content-type", "application/json").body(body.to_string()),
            Body::Form(body) => {
                request.header("content-type", "multipart/form-data; boundary=matrix").body(body)
            }
        };
        request.send().await.unwrap()
    }

    /// A room as a caller names it.
    fn room(&self, caller: usize, id: Id) -> Value {
        let own = if caller == 5 { self.rooms[2] } else { self.rooms[side(caller)] };
        named(id, own, self.rooms[1 - side(caller)])
    }

    /// A company: the visible one of the caller's side, or the hidden one.
    fn company(&self, caller: usize, id: Id) -> Value {
        let own = self.people[COMPANY_A + side(caller)].as_ref().unwrap().id;
        named(id, own, self.hidden)
    }

    /// Somebody else's identity, under every name that a field of it could have.
    fn identity(&self, caller: usize) -> Value {
        let other = |place: usize| self.people[place + 1 - side(caller)].as_ref().unwrap();
        let (customer, company) = (other(A), other(COMPANY_A));
        json!({
            "accountId": customer.id, "customerId": customer.id, "senderId": customer.id, "sub": customer.id.to_string(),
            "account": company.id, "userId": company.id, "ownerId": company.id, "role": "company", "kind": "company",
            "sender": "company", "type": "auto", "seq": 1, "id": 1, "sid": 1, "sessionId": 1,
        })
    }

    /// A hash of everything in the database, but the attempts to log in; or of what belongs to the other side.
    async fn hash(&self, everything: bool, caller: usize) -> String {
        if everything {
            self.database.query_one(&self.everything, &[]).await.unwrap().get(0)
        } else {
            self.of_the_other_side(caller).await
        }
    }

    /// A hash of what belongs to the other side.
    async fn of_the_other_side(&self, caller: usize) -> String {
        let other = 1 - side(caller);
        let ids: Vec<i64> = [A + other, COMPANY_A + other]
            .iter()
            .map(|place| self.people[*place].as_ref().unwrap().id)
            .collect();
        let all = "select md5(concat(
                       (select string_agg(a::text, ',' order by id) from accounts a where id = any($1)),
                       (select string_agg(c::text, ',' order by account_id) from companies c where account_id = any($1)),
                       (select string_agg(f::text, ',' order by id) from auto_replies f where company_id = any($1)),
                       (select string_agg(s::text, ',' order by id) from sessions s where account_id = any($1)),
                       (select string_agg(r::text, ',' order by id) from rooms r where id = $2),
                       (select string_agg(m::text, ',' order by id) from messages m where room_id = $2)))";
        self.database.query_one(all, &[&ids, &self.rooms[other]]).await.unwrap().get(0)
    }

    /// Fails where a text that a caller got has something of somebody else.
    fn assert_own(&self, caller: usize, text: &str, place: &str) {
        let foreign: Vec<&String> = match caller {
            1..=4 => self.secrets[1 - side(caller)].iter().collect(),
            _ => self.secrets.iter().flatten().collect(),
        };
        for secret in foreign {
            assert!(
                !text.contains(secret.as_str()),
                "{place}: {secret} is not for {}: {text}",
                CALLERS[caller]
            );
        }
    }
}

/// 0 for what belongs to A and company A, 1 for B and company B.
fn side(caller: usize) -> usize {
    usize::from(caller == 2 || caller == 4)
}

fn named(id: Id, own: i64, somebody_elses: i64) -> Value {
    match id {
        Id::Own | Id::WithIdentity => own.into(),
        Id::SomebodyElses => somebody_elses.into(),
        Id::NeverGivenOut => NEVER.into(),
        Id::Malformed => "x1".into(),
    }
}

/// An id in a path or a query.
fn written(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

enum Body {
    None,
    Json(Value),
    Form(Vec<u8>),
}

/// A request of a cell, and who sends it where the caller would not survive it.
struct Asked {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Body,
    instead: Option<Person>,
}

impl Stage {
    /// The request of a cell. What it needs is made before.
    async fn asked(&self, row: &Row, caller: usize, id: Id) -> Asked {
        let &(route, names, statuses, _) = row;
        let path = route.split_once(' ').map_or("/nowhere", |(_, path)| path);
        let let_in = statuses[caller] < 400;
        let mut asked = Asked { path: path.to_owned(), headers: Vec::new(), body: Body::None, instead: None };
        let of_side = |all: &[i64; 2]| named(id, all[side(caller)], all[1 - side(caller)]);
        match names {
            Names::Nothing if route == "POST /company/auto-replies" => {
                asked.body = Body::Json(json!({ "question": "주차되나요?", "answer": "네." }));
            }
            Names::Nothing | Names::Ticket => {}
            Names::Room => {
                asked.path = path.replace("{id}", &written(&self.room(caller, id)));
                if route.starts_with("POST") {
                    asked.body = Body::Json(message(MARKS[side(caller)]));
                } else if route.starts_with("PUT") {
                    asked.body = Body::Json(json!({ "seq": 1 }));
                }
            }
            Names::Company if route.starts_with("POST") => {
                asked.body = Body::Json(json!({ "companyId": self.company(caller, id) }));
            }
            Names::Company if path.contains("{id}") => {
                asked.path = path.replace("{id}", &written(&self.company(caller, id)));
            }
            Names::Company => asked.path = format!("{path}?companyId={}", written(&self.company(caller, id))),
            Names::Entry => {
                let mut entry = of_side(&self.entries);
                if route.starts_with("DELETE") && let_in && matches!(id, Id::Own | Id::WithIdentity) {
                    let body = json!({ "question": "곧 지울 질문", "answer": "곧 지울 답" });
                    let made = self.people[caller]
                        .as_ref()
                        .unwrap()
                        .post("/company/auto-replies", &body)
                        .await
                        .unwrap();
                    entry = made.expect(201).unwrap().body["id"].clone();
                }
                asked.path = path.replace("{id}", &written(&entry));
                if route.starts_with("PATCH") {
                    let answer = format!("{} 답", MARKS[side(caller)]);
                    asked.body = Body::Json(json!({ "question": "언제 여나요?", "answer": answer }));
                } else if route.starts_with("POST") {
                    asked.body = Body::Json(
                        json!({ "chatRoomId": self.room(caller, Id::Own), "clientMessageId": Uuid::new_v4().to_string() }),
                    );
                }
            }
            Names::RoomOfEntry => {
                asked.path = path.replace("{id}", &self.entries[side(caller)].to_string());
                asked.body = Body::Json(json!({ "chatRoomId": self.room(caller, id) }));
            }
            Names::Picture => asked.body = Body::Json(json!({ "imageUrl": self.picture(caller, id) })),
            Names::File => {
                let folder = if id == Id::Malformed { "elsewhere" } else { "profile" };
                asked.path = format!("{path}?folder={folder}");
                asked.body = form(PNGS[side(caller)]);
            }
            Names::NewUsername | Names::Login => asked.body = Body::Json(self.credentials(names, caller, id)),
            Names::Password => {
                let (mut password, changed) = (json!(PASSWORD), "byeol-2027");
                match id {
                    Id::NeverGivenOut => password = json!("nobodys-2026"),
                    Id::Malformed => password = json!(7),
                    _ if let_in && path.starts_with("/customers") => {
                        asked.instead = Some(Person::customer(&self.client, "잠깐고객").await.unwrap());
                    }
                    _ if let_in => {
                        asked.instead = Some(Person::company(&self.client, "잠깐가게").await.unwrap());
                    }
                    _ => {}
                }
                asked.body = Body::Json(
                    json!({ "password": password, "newPassword": changed, "confirmNewPassword": changed }),
                );
            }
            Names::Cookie => {
                asked.headers.extend(self.cookie(caller, id).await.map(|cookie| ("cookie", cookie)));
            }
        }
        if id == Id::WithIdentity {
            self.insert_identity(&mut asked, caller);
        }
        asked
    }

    /// Into a body of JSON; else into the query.
    fn insert_identity(&self, asked: &mut Asked, caller: usize) {
        let identity = self.identity(caller);
        let fields = identity.as_object().unwrap();
        if let Body::Json(body) = &mut asked.body {
            for (name, value) in fields {
                body.as_object_mut().unwrap().entry(name.clone()).or_insert_with(|| value.clone());
            }
            return;
        }
        for (name, value) in fields {
            let separator = if asked.path.contains('?') { '&' } else { '?' };
            asked.path = format!("{}{separator}{name}={}", asked.path, written(value));
        }
    }

    fn picture(&self, caller: usize, id: Id) -> Value {
        let of = |caller: usize| self.pictures[caller].clone();
        match id {
            Id::Own | Id::WithIdentity => json!(of(caller)),
            Id::SomebodyElses => json!(
                of(A + 1 - side(caller)).unwrap_or_else(|| "https://elsewhere.example/a.png".to_owned())
            ),
            Id::NeverGivenOut => {
                let own = of(A).unwrap_or_else(|| "https://elsewhere.example/profile/a.png".to_owned());
                let (folder, file) = own.rsplit_once('/').unwrap();
                let (_, kind) = file.rsplit_once('.').unwrap();
                json!(format!("{folder}/{}.{kind}", "0".repeat(64)))
            }
            Id::Malformed => json!(7),
        }
    }

    fn credentials(&self, names: Names, caller: usize, id: Id) -> Value {
        let other = self.people[A + 1 - side(caller)].as_ref().unwrap().username.clone();
        if names == Names::NewUsername {
            let username = match id {
                Id::Malformed => "x".to_owned(),
                Id::SomebodyElses => other,
                _ => new_username("matrix"),
            };
            return json!({ "username": username, "password": PASSWORD, "confirmPassword": PASSWORD, "name": "새사람" });
        }
        let own = self.people[caller]
            .as_ref()
            .map_or_else(|| new_username("nobody"), |person| person.username.clone());
        match id {
            Id::Own | Id::WithIdentity => json!({ "username": own, "password": PASSWORD }),
            Id::SomebodyElses => json!({ "username": other, "password": "not-theirs-2026" }),
            Id::NeverGivenOut => json!({ "username": new_username("nobody"), "password": PASSWORD }),
            Id::Malformed => json!({ "username": "\0", "password": "" }),
        }
    }

    /// A refresh cookie; one's own is of a session that began just now.
    async fn cookie(&self, caller: usize, id: Id) -> Option<String> {
        match id {
            Id::Own | Id::WithIdentity if (A..=4).contains(&caller) => {
                let mut person = self.people[caller].clone().unwrap();
                Some(cookie(&person.log_in().await.unwrap()))
            }
            Id::Own | Id::WithIdentity => self.cookies[caller].clone(),
            Id::SomebodyElses => Some(self.ended_cookie.clone()),
            Id::NeverGivenOut => Some(format!("__Secure-refreshToken={}", "A".repeat(43))),
            Id::Malformed => Some("__Secure-refreshToken=".to_owned()),
        }
    }

    /// One cell; gives the answer as far as it may not tell a foreign id from a missing one.
    async fn cell(&self, row: &Row, caller: usize, id: Id) -> String {
        let place = format!("{}, {:?} {id:?}, {}", row.0, row.1, CALLERS[caller]);
        let (status, code) = expected(row, caller, id);
        let asked = self.asked(row, caller, id).await;
        let method: Method = row.0.split_once(' ').map_or("GET", |(method, _)| method).parse().unwrap();
        // What is refused changes nothing at all; what is done changes nothing of the other side.
        let refused = status >= 400 || !matches!(id, Id::Own | Id::WithIdentity);
        let before = self.hash(refused, caller).await;
        let headers: Vec<_> = asked.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let person = asked.instead.as_ref().or(self.people[caller].as_ref());
        let answer = self.send_as(person, method, &asked.path, &headers, asked.body).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{place}: {}", answer.body);
        assert_eq!(self.hash(refused, caller).await, before, "{place}: it changed something");
        self.assert_own(caller, &answer.body.to_string(), &place);
        if row.0.ends_with("/chatrooms") && row.0.starts_with("GET") && status == 200 {
            let own = self.room(caller, Id::Own).to_string();
            assert!(
                answer.body.to_string().contains(&own),
                "{place}: the own room is listed: {}",
                answer.body
            );
        }
        let mut body = answer.body.clone();
        if let Some(body) = body.as_object_mut() {
            body.remove("requestId");
        }
        let headers = ["content-type", "cache-control", "retry-after", "set-cookie"]
            .map(|name| answer.header(name).to_owned());
        format!("{} {body} {headers:?}", answer.status)
    }

    /// The next event of a caller's connection, which carries nothing of somebody else.
    async fn hear(&mut self, caller: usize) -> Value {
        let event = self.sockets[caller].as_mut().unwrap().next().await.unwrap();
        assert_eq!(contract().check_event(&event), Ok(()));
        self.assert_own(caller, &event.to_string(), "a frame");
        event
    }

    async fn hear_of(&mut self, caller: usize, kind: &str) -> Value {
        loop {
            let event = self.hear(caller).await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// Everything that was pushed to the connections so far: a heartbeat's answer comes after it.
    async fn hear_all(&mut self) {
        for caller in A..=4 {
            let beat = json!({ "action": "heartbeat", "rooms": [] });
            self.sockets[caller].as_mut().unwrap().send(&beat).await.unwrap();
            self.hear_of(caller, "heartbeat").await;
        }
    }

    /// A frame's cell.
    async fn frame_cell(&mut self, row: &Row, caller: usize, id: Id) -> String {
        let &(action, ..) = row;
        let place = format!("{action} {id:?}, {}", CALLERS[caller]);
        let (status, code) = expected(row, caller, id);
        if status == 401 || action == "$connect" {
            return self.connect_cell(caller, id, status, &place).await;
        }
        let room = self.room(caller, id);
        let mut frame = json!({ "roomId": room });
        match action {
            "sendMessage" => {
                frame = message(MARKS[side(caller)]);
                frame["roomId"] = room.clone();
            }
            "markRead" => {
                frame["seq"] = 1.into();
                let back = "update rooms set customer_read_seq = 0, company_read_seq = 0, customer_read_count = 0, company_read_count = 0";
                self.database.batch_execute(back).await.unwrap();
            }
            "heartbeat" => frame = json!({ "rooms": [{ "roomId": room, "lastSeq": 0 }] }),
            _ => {}
        }
        frame["action"] = if action == "$default" { "dance".into() } else { action.into() };
        if id == Id::WithIdentity {
            for (name, value) in self.identity(caller).as_object().unwrap() {
                frame.as_object_mut().unwrap().entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        let before = self.hash(status >= 400, caller).await;
        self.sockets[caller].as_mut().unwrap().send(&frame).await.unwrap();
        // What tells that it was done, and to whom.
        let counterpart = if caller < COMPANY_A { caller + 2 } else { caller - 2 };
        let (hearer, kind) = match action {
            _ if status >= 400 => (caller, "error"),
            "sendMessage" => (caller, "ack"),
            "heartbeat" => (caller, "heartbeat"),
            "markRead" => (counterpart, "read"),
            _ => (counterpart, "typing"),
        };
        let mut event = self.hear_of(hearer, kind).await;
        assert_eq!(event["code"].as_str().unwrap_or_default(), code, "{place}: {event}");
        let own = matches!(id, Id::Own | Id::WithIdentity);
        if kind == "heartbeat" {
            assert_eq!(event["rooms"].as_array().unwrap().len(), usize::from(own), "{place}: {event}");
        } else if let Some(who) = event.get("accountId").or(event.get("readerId")) {
            assert_eq!(who, self.people[caller].as_ref().unwrap().id, "{place}: {event}");
        }
        assert_eq!(self.hash(status >= 400, caller).await, before, "{place}: it changed something");
        for field in ["requestId", "clientMessageId"] {
            event.as_object_mut().unwrap().remove(field);
        }
        event.to_string()
    }

    /// A handshake: with a ticket of the caller's, or with none, where there is no way to one.
    async fn connect_cell(&self, caller: usize, id: Id, status: u16, place: &str) -> String {
        let with_identity = if id == Id::WithIdentity { "&accountId=1&role=company&sub=1" } else { "" };
        let url = match (&self.people[caller], id) {
            (Some(person), Id::Own | Id::WithIdentity | Id::SomebodyElses) if caller <= 4 => {
                let url = person.ticket().await.unwrap()["url"].as_str().unwrap().to_owned();
                if id == Id::SomebodyElses {
                    self.opened(&url).await.unwrap();
                }
                url
            }
            (person, _) => {
                // Who has left gets no ticket either.
                let refused = self
                    .send_as(
                        person.as_ref().filter(|_| caller > 4),
                        Method::POST,
                        "/realtime/tickets",
                        &[],
                        Body::None,
                    )
                    .await;
                assert_eq!((refused.status, refused.code()), (401, "unauthenticated"), "{place}");
                let address = self.people[A].as_ref().unwrap().ticket().await.unwrap();
                let address = address["url"].as_str().unwrap().split('?').next().unwrap().to_owned();
                if id == Id::NeverGivenOut {
                    format!("{address}?ticket={}", "A".repeat(43))
                } else {
                    format!("{address}?ticket=")
                }
            }
        };
        let before = self.hash(true, caller).await;
        match self.opened(&format!("{url}{with_identity}")).await {
            Ok(account) => {
                assert_eq!(status, 200, "{place}: it was let in");
                assert_eq!(account, self.people[caller].as_ref().unwrap().id, "{place}");
                String::new()
            }
            Err(refused) => {
                assert_eq!((refused, status), (401, 401), "{place}");
                assert_eq!(self.hash(true, caller).await, before, "{place}: a refusal changes nothing");
                refused.to_string()
            }
        }
    }

    /// Opens a connection, and gives whose it is in the database once it is closed and forgotten again.
    async fn opened(&self, url: &str) -> Result<i64, u16> {
        let connections =
            "select account_id, count(*) over () from connections order by connected_at desc limit 1";
        let socket = Socket::handshake(url, &[]).await?;
        let account = self.database.query_one(connections, &[]).await.unwrap().get(0);
        socket.close().await.unwrap();
        while self.database.query_one(connections, &[]).await.unwrap().get::<_, i64>(1) > 4 {
            tokio::task::yield_now().await;
        }
        Ok(account)
    }
}

#[test]
fn every_route_and_every_action_has_a_row() {
    let template = Template::read(&root().join("infra/template.yaml")).unwrap();
    let routes: BTreeSet<String> = template.http_routes().unwrap().iter().map(HttpRoute::key).collect();
    let actions: BTreeSet<String> =
        template.websocket_routes().unwrap().into_iter().map(|route| route.key).collect();
    for (declared, rows) in [(routes, ROUTES), (actions, ACTIONS)] {
        let rows: BTreeSet<String> = rows.iter().map(|row| row.0.to_owned()).collect();
        let without: Vec<_> = declared.difference(&rows).collect();
        assert!(without.is_empty(), "who may do these? {without:?}");
    }
}

#[test]
fn everybody_gets_what_is_theirs_and_nothing_else_and_a_refusal_changes_nothing() {
    alone(|| async {
        let template = Template::read(&root().join("infra/template.yaml")).unwrap();
        let declared: BTreeSet<String> = template.http_routes().unwrap().iter().map(HttpRoute::key).collect();
        let system = own_system().await;
        let mut stage = Stage::set(&system).await;
        if declared.contains("POST /files") {
            stage.upload().await;
        }
        let mut cells = 0;
        for row in ROUTES.iter().filter(|row| declared.contains(row.0)) {
            for caller in 0..CALLERS.len() {
                // The throttle has tests of its own.
                stage.database.batch_execute("delete from attempts").await.unwrap();
                let mut answers = Vec::new();
                for id in row.1.ids() {
                    answers.push((*id, stage.cell(row, caller, *id).await));
                    cells += 1;
                }
                same_for_foreign_and_missing(row, caller, &answers);
            }
        }
        stage.hear_all().await;
        for row in ACTIONS {
            for caller in 0..CALLERS.len() {
                let mut answers = Vec::new();
                for id in row.1.ids() {
                    answers.push((*id, stage.frame_cell(row, caller, *id).await));
                    cells += 1;
                }
                same_for_foreign_and_missing(row, caller, &answers);
            }
        }
        stage.hear_all().await;
        let company_a = stage.people[COMPANY_A].clone().unwrap();
        let room = stage.people[2].as_ref().unwrap().open_room(&company_a).await.unwrap();
        assert!(!stage.rooms.contains(&room), "B's room with company A is one of their own");
        println!("{cells} cells");
        system.stop().await;
    });
}

/// Whoever asks cannot tell what belongs to somebody else from what does not exist.
fn same_for_foreign_and_missing(row: &Row, caller: usize, answers: &[(Id, String)]) {
    let of = |wanted: Id| answers.iter().find(|(id, _)| *id == wanted).map(|(_, answer)| answer);
    if let (Some(foreign), Some(missing)) = (of(Id::SomebodyElses), of(Id::NeverGivenOut)) {
        assert_eq!(foreign, missing, "{} by {}", row.0, CALLERS[caller]);
    }
}
