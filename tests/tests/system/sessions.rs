//! What refreshing, logging out, changing the password and withdrawing do to sessions.

use std::time::Instant;

use chatchat_tests::{Answer, Client, PASSWORD, PATIENCE, Person, Socket, System, new_username};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client as Database;
use uuid::Uuid;

use crate::{World, alone, client_of, database, in_world, own_system, rounds, wrong_fields};

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

    /// Trades the refresh token; the login has the new ones from now on.
    async fn refresh(&mut self) {
        let answer = trade(&self.person.client, &self.cookie).await.expect(201).unwrap();
        self.cookie = cookie(&answer);
        answer.body["accessToken"].as_str().unwrap().clone_into(&mut self.person.token);
    }

    /// Whether the access token opens anything.
    async fn lives(&self) -> bool {
        let path = own(&self.person);
        let answer = self.person.get(path).await.unwrap();
        assert!(answer.status == 200 || answer.code() == "unauthenticated", "{}", answer.body);
        answer.status == 200
    }

    /// Nothing of the login is worth anything any more.
    async fn assert_over(&self) {
        assert!(!self.lives().await);
        assert_refused(&trade(&self.person.client, &self.cookie).await, 400, "invalid_refresh_token");
    }
}

fn own(person: &Person) -> &'static str {
    if person.kind == "customer" { "/customers/me" } else { "/companies/me" }
}

/// The cookie that an answer sets, as a client sends it back.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
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

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.body);
}

async fn withdraw(person: &Person) -> Answer {
    person.call(Method::DELETE, own(person), &json!({ "password": PASSWORD })).await.unwrap()
}

async fn change_password(person: &Person, password: &str, new: &str, again: &str) -> Answer {
    let body = json!({ "password": password, "newPassword": new, "confirmNewPassword": again });
    person.call(Method::PATCH, &format!("{}/password", own(person)), &body).await.unwrap()
}

async fn log_in(client: &Client, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    client.call(Method::POST, "/customer/session", None, &body).await.unwrap()
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

/// Lets the grace time of an account's refresh tokens pass.
async fn pass_the_grace_time(database: &Database, person: &Person) {
    let back = "update sessions set rotated_at = rotated_at - interval '11 seconds' where account_id = $1 and rotated_at is not null";
    assert!(database.execute(back, &[&person.id]).await.unwrap() > 0);
}

async fn living_sessions(database: &Database, person: &Person) -> i64 {
    let living = "select count(*) from sessions where account_id = $1 and ended_at is null";
    database.query_one(living, &[&person.id]).await.unwrap().get(0)
}

#[test]
fn two_tabs_that_refresh_at_the_same_time_get_the_same_successor() {
    in_world(|world| async move {
        let mut login = Login::of(&world.customer().await).await;
        let before = login.clone();
        let first = trade(&world.client, &login.cookie).await.expect(201).unwrap();
        assert_eq!(first.body["expiresIn"], 1800);
        for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=1209600"] {
            assert!(first.header("set-cookie").split("; ").any(|found| found == part), "{part}");
        }
        assert_ne!(cookie(&first), login.cookie);
        let second = trade(&world.client, &before.cookie).await.expect(201).unwrap();
        assert_eq!(cookie(&second), cookie(&first), "whichever answer arrives last");
        for answer in [&second, &first] {
            login.person.token = answer.body["accessToken"].as_str().unwrap().to_owned();
            assert!(login.lives().await);
        }
        assert!(before.lives().await, "the access token from before is still of a living session");
        login.cookie = cookie(&second);
        login.refresh().await;
        assert_eq!(
            living_sessions(&world.database().await, &login.person).await,
            2,
            "signing up had one too"
        );
    });
}

#[test]
fn fifty_refreshes_with_one_token_all_succeed_with_one_successor() {
    in_world(|world| async move {
        let database = world.database().await;
        for _ in 0..rounds() {
            let mut login = Login::of(&world.customer().await).await;
            let answers = join_all((0..50).map(|_| trade(&world.client, &login.cookie))).await;
            for answer in &answers {
                assert_eq!((answer.status, cookie(answer)), (201, cookie(&answers[0])), "{}", answer.body);
            }
            let generations = "select count(*), max(r.generation) from refresh_tokens r join sessions s on s.id = r.session_id
                               where s.account_id = $1 and s.generation > 1";
            let row = database.query_one(generations, &[&login.person.id]).await.unwrap();
            assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2, 2));
            login.cookie = cookie(&answers[0]);
            login.refresh().await;
            assert!(login.lives().await);
        }
        println!("50 refreshes at once, {} rounds", rounds());
    });
}

#[test]
fn a_replay_after_the_grace_time_ends_the_session() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut login = Login::of(&world.customer().await).await;
        let other = Login::of(&login.person).await;
        let (old, mut socket) = (login.cookie.clone(), login.person.connect().await.unwrap());
        login.refresh().await;
        pass_the_grace_time(&database, &login.person).await;
        assert_open(&mut socket).await;
        let replayed = trade(&world.client, &old).await;
        assert_refused(&replayed, 400, "invalid_refresh_token");
        assert_eq!(replayed.header("set-cookie"), "");
        assert_closed(&mut socket).await;
        login.assert_over().await;
        assert!(other.lives().await, "another login of the account is not touched");
    });
}

#[test]
fn a_token_two_generations_back_ends_the_session_at_once() {
    in_world(|world| async move {
        let mut login = Login::of(&world.customer().await).await;
        let (old, mut socket) = (login.cookie.clone(), login.person.connect().await.unwrap());
        login.refresh().await;
        login.refresh().await;
        assert_refused(&trade(&world.client, &old).await, 400, "invalid_refresh_token");
        assert_closed(&mut socket).await;
        login.assert_over().await;
    });
}

#[test]
fn logging_out_ends_the_session_and_its_connections_and_no_other() {
    in_world(|world| async move {
        let without = world.client.call(Method::DELETE, "/logout", None, &Value::Null).await.unwrap();
        assert_eq!(without.status, 204);
        let mut login = Login::of(&world.customer().await).await;
        let other = Login::of(&login.person).await;
        let mut sockets = [login.person.connect().await.unwrap(), login.person.connect().await.unwrap()];
        let mut kept = other.person.connect().await.unwrap();
        let old = login.cookie.clone();
        login.refresh().await;
        let out = log_out(&world.client, &old).await;
        assert_eq!(out.status, 204, "a token from before the last refresh is of the same session");
        let set = out.header("set-cookie");
        assert!(set.starts_with("__Secure-refreshToken=;") && set.contains("Max-Age=0"), "{set}");
        for socket in &mut sockets {
            assert_closed(socket).await;
        }
        login.assert_over().await;
        assert!(other.lives().await);
        assert_open(&mut kept).await;
        assert_eq!(log_out(&world.client, &old).await.status, 204, "again");
    });
}

#[test]
fn another_sites_page_can_neither_refresh_nor_log_out() {
    in_world(|world| async move {
        let client = &world.client;
        let login = Login::of(&world.customer().await).await;
        let foreign = [
            "https://evil.example",
            "null",
            "https://localhost:5173",
            "http://localhost:5173.evil.example",
            "",
        ];
        for origin in foreign {
            for (method, path) in [(Method::POST, "/token"), (Method::DELETE, "/logout")] {
                let answer = with_cookie(client, method, path, &login.cookie, Some(origin)).await;
                assert_refused(&answer, 403, "origin_not_allowed");
                assert_eq!(answer.header("set-cookie"), "");
            }
        }
        assert!(login.lives().await);
        let renewed =
            with_cookie(client, Method::POST, "/token", &login.cookie, Some("http://localhost:5173")).await;
        assert_eq!(renewed.status, 201, "its own page can, and the token was not spent before");
        let out = with_cookie(client, Method::DELETE, "/logout", &cookie(&renewed), Some(&client.url)).await;
        assert_eq!(out.status, 204);
        assert!(!login.lives().await);
    });
}

/// Ends all processes of a function; the next call starts a new one.
async fn end_processes(system: &System, function: &str) {
    let pids: Vec<_> = system.cloud.environments(function).into_iter().filter_map(|one| one.pid).collect();
    for pid in &pids {
        system.cloud.kill_environment(*pid);
    }
    while system.cloud.environments(function).iter().any(|one| one.pid.is_some_and(|pid| pids.contains(&pid)))
    {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_rotation_of_the_signing_key_needs_no_restart_and_throws_nobody_out() {
    alone(|| async {
        let system = own_system().await;
        let client = client_of(&system);
        let mut before = Login::of(&Person::customer(&client, "김하늘").await.unwrap()).await;
        assert!(before.lives().await, "a process is warm, with the key from before");
        let old = before.cookie.clone();
        let (kid, _) = system.signing_key().unwrap();
        before.refresh().await;
        system.cloud.rotate_secret("TokenSecret", &"k".repeat(64)).unwrap();
        assert_ne!(system.signing_key().unwrap().0, kid);
        end_processes(&system, "Refresh").await;
        end_processes(&system, "LogInCustomer").await;
        let again = trade(&client, &old).await.expect(201).unwrap();
        assert_eq!(cookie(&again), before.cookie, "the same successor on both sides of the rotation");
        assert!(before.lives().await, "the previous key still verifies");
        let listed = before.person.get("/customer/chatrooms").await.unwrap();
        assert_eq!(listed.status, 200, "also in a process that began after the rotation");
        let after = Login::of(&before.person).await;
        assert_ne!(
            after.person.token.split('.').next(),
            before.person.token.split('.').next(),
            "another key"
        );
        assert_eq!(after.person.get("/customer/chatrooms").await.unwrap().status, 200);
        before.refresh().await;
        // A process that is warm looks for an unknown key at most once a minute.
        let limit = Instant::now() + std::time::Duration::from_secs(75);
        let mut every = tokio::time::interval(std::time::Duration::from_millis(500));
        while !after.lives().await {
            assert!(Instant::now() < limit, "a warm process never learned of the new key");
            every.tick().await;
        }
        assert!(Login::of(&before.person).await.lives().await);
        system.stop().await;
    });
}

#[test]
fn a_changed_password_ends_the_other_sessions_and_their_connections() {
    in_world(|world| async move {
        let client = &world.client;
        let login = Login::of(&world.customer().await).await;
        let other = Login::of(&login.person).await;
        let (mut kept, mut ended) =
            (login.person.connect().await.unwrap(), other.person.connect().await.unwrap());
        assert_eq!(change_password(&login.person, PASSWORD, "byeol-2027", "byeol-2027").await.status, 204);
        assert_closed(&mut ended).await;
        other.assert_over().await;
        assert!(login.lives().await);
        assert_open(&mut kept).await;
        assert_eq!(trade(client, &login.cookie).await.status, 201);
        assert_refused(&log_in(client, &login.person.username, PASSWORD).await, 400, "login_failed");
        assert_eq!(log_in(client, &login.person.username, "byeol-2027").await.status, 201);
    });
}

#[test]
fn a_password_that_cannot_be_taken_is_refused_and_changes_nothing() {
    in_world(|world| async move {
        for person in [world.customer().await, world.company().await] {
            assert_refused(
                &change_password(&person, "wrong-2026", "byeol-2027", "byeol-2027").await,
                403,
                "wrong_password",
            );
            assert_refused(
                &change_password(&person, PASSWORD, PASSWORD, PASSWORD).await,
                409,
                "password_unchanged",
            );
            for (password, new, again, expected) in [
                (
                    json!(PASSWORD),
                    json!("short1"),
                    json!("other"),
                    vec![("newPassword", "too_short"), ("confirmNewPassword", "mismatch")],
                ),
                (
                    json!(7),
                    json!("letters-only"),
                    json!("letters-only"),
                    vec![("password", "wrong_type"), ("newPassword", "letter_and_digit_required")],
                ),
                (
                    json!(PASSWORD),
                    json!("a1".repeat(33)),
                    Value::Null,
                    vec![("newPassword", "too_long"), ("confirmNewPassword", "required")],
                ),
                (
                    Value::Null,
                    json!("password1"),
                    json!("password1"),
                    vec![("password", "required"), ("newPassword", "common_password")],
                ),
                (
                    json!(PASSWORD),
                    json!(person.username),
                    json!(person.username),
                    vec![("newPassword", "same_as_username")],
                ),
                (
                    json!(PASSWORD),
                    json!(person.username.to_uppercase()),
                    json!(person.username.to_uppercase()),
                    vec![("newPassword", "same_as_username")],
                ),
            ] {
                let body = json!({ "password": password, "newPassword": new, "confirmNewPassword": again });
                let answer =
                    person.call(Method::PATCH, &format!("{}/password", own(&person)), &body).await.unwrap();
                assert_refused(&answer, 400, "validation_failed");
                let (mut found, mut expected) = (wrong_fields(&answer.body), expected);
                found.sort_unstable();
                expected.sort_unstable();
                assert_eq!(found, expected, "{body}");
            }
            assert_eq!(living_sessions(&world.database().await, &person).await, 1);
            person.clone().log_in().await.unwrap();
        }
    });
}

#[test]
fn who_has_withdrawn_is_gone_and_the_counterpart_keeps_the_room() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let client = &world.client;
        say(&company, room, "어서 오세요").await.expect(201).unwrap();
        let entry = json!({ "question": "언제 여나요?", "answer": "아침 7시입니다." });
        let entry =
            company.post("/company/auto-replies", &entry).await.unwrap().expect(201).unwrap().body["id"]
                .clone();
        let login = Login::of(&company).await;
        let mut sockets = [company.connect().await.unwrap(), login.person.connect().await.unwrap()];
        let ticket = company.ticket().await.unwrap()["url"].as_str().unwrap().to_owned();

        let wrong = company
            .call(Method::DELETE, "/companies/me", &json!({ "password": "wrong-2026" }))
            .await
            .unwrap();
        assert_refused(&wrong, 403, "wrong_password");
        let gone = withdraw(&company).await;
        assert_eq!(gone.status, 204);
        assert!(gone.header("set-cookie").contains("Max-Age=0"));
        for socket in &mut sockets {
            assert_closed(socket).await;
        }
        login.assert_over().await;
        assert_refused(&withdraw(&company).await, 401, "unauthenticated");
        assert_eq!(Socket::handshake(&ticket, &[]).await.err(), Some(401));
        let body = json!({ "username": company.username, "password": PASSWORD });
        let refused = client.call(Method::POST, "/company/session", None, &body).await.unwrap();
        assert_refused(&refused, 400, "login_failed");
        for path in ["/customers", "/companies"] {
            let body = json!({ "username": company.username.to_uppercase(), "password": PASSWORD, "confirmPassword": PASSWORD, "name": "새사람" });
            let taken = client.call(Method::POST, path, None, &body).await.unwrap();
            assert_refused(&taken, 409, "username_taken");
        }

        for person in [Some(&customer), None] {
            for path in
                [format!("/companies/{}", company.id), format!("/auto-replies?companyId={}", company.id)]
            {
                let token = person.map(|person| person.token.as_str());
                let answer = client.call(Method::GET, &path, token, &Value::Null).await.unwrap();
                assert_refused(&answer, 404, "company_not_found");
            }
        }
        let directory = client.call(Method::GET, "/companies", None, &Value::Null).await.unwrap().body;
        assert!(
            !directory["companySummaries"].as_array().unwrap().iter().any(|found| found["id"] == company.id)
        );
        let detail = customer.get(&customer.room(room)).await.unwrap().expect(200).unwrap().body;
        for shown in [&detail, &customer.listed_room(room).await.unwrap()] {
            assert_eq!(
                (&shown["receiverDeleted"], &shown["receiverName"], &shown["receiverImageUrl"]),
                (&json!(true), &Value::Null, &Value::Null)
            );
        }
        assert_eq!(customer.history(room).await.unwrap().len(), 2);
        assert_refused(&say(&customer, room, "계세요?").await, 409, "receiver_withdrawn");
        let asking =
            customer.post(&format!("/auto-replies/{entry}"), &json!({ "chatRoomId": room })).await.unwrap();
        assert_refused(&asking, 409, "receiver_withdrawn");
        let known = customer.post("/customer/chatrooms", &json!({ "companyId": company.id })).await.unwrap();
        assert!(
            known.status == 200 && known.body["chatRoomId"] == room || known.code() == "company_not_found",
            "{}",
            known.body
        );
        let stranger = world.customer().await;
        let opening =
            stranger.post("/customer/chatrooms", &json!({ "companyId": company.id })).await.unwrap();
        assert_refused(&opening, 404, "company_not_found");
    });
}

#[test]
fn a_company_reads_on_when_its_customer_has_withdrawn_and_gets_no_answer() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        say(&customer, room, "안녕하세요").await.expect(201).unwrap();
        let mut socket = company.connect().await.unwrap();
        assert_eq!(withdraw(&customer).await.status, 204);
        let shown = company.listed_room(room).await.unwrap();
        assert_eq!((&shown["receiverDeleted"], &shown["receiverName"]), (&json!(true), &Value::Null));
        assert_eq!(company.history(room).await.unwrap().len(), 2);
        assert_refused(&say(&company, room, "계세요?").await, 409, "receiver_withdrawn");
        socket.say(room, "계세요?").await.unwrap();
        assert_eq!(socket.next_of("error").await.unwrap()["code"], "receiver_withdrawn");
        let read = company
            .call(Method::PUT, &format!("{}/read", company.room(room)), &json!({ "seq": 2 }))
            .await
            .unwrap();
        assert_eq!(read.status, 204);
    });
}

/// What was acknowledged is kept, what was kept was said before the room was closed, and nothing can be said after.
async fn assert_closed_in_order(world: &World, reader: &Person, room: i64, answers: &[Answer]) -> usize {
    let database = world.database().await;
    let history = reader.history(room).await.unwrap();
    let mut kept = 0;
    for answer in answers {
        match answer.status {
            201 => {
                kept += 1;
                assert!(
                    history.iter().any(|message| message["id"] == answer.body["id"]),
                    "lost: {}",
                    answer.body
                );
            }
            409 => assert_eq!(answer.code(), "receiver_withdrawn"),
            _ => assert_refused(answer, 401, "unauthenticated"),
        }
    }
    let after = "select count(*) from messages m join rooms r on r.id = m.room_id
                 where r.id = $1 and (r.closed_at is null or m.created_at > r.closed_at)";
    assert_eq!(
        database.query_one(after, &[&room]).await.unwrap().get::<_, i64>(0),
        0,
        "said after the room was closed"
    );
    let seqs: Vec<_> = history.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=i64::try_from(history.len()).unwrap()).collect::<Vec<_>>());
    assert_refused(&say(reader, room, "늦었습니다").await, 409, "receiver_withdrawn");
    kept
}

#[test]
fn sending_against_the_receivers_withdrawal_loses_nothing_and_ends() {
    in_world(|world| async move {
        let mut kept = 0;
        for round in 0..rounds() {
            let (customer, company, room) = world.pair().await;
            // In every other round the room has been typed in; else the first message also counts in the company's list.
            if round % 2 == 0 {
                say(&customer, room, "먼저").await.expect(201).unwrap();
            }
            let (leaving, reading) =
                if round % 3 == 0 { (&customer, &company) } else { (&company, &customer) };
            // Each goes on until it is refused, so that the withdrawal comes in the midst of them.
            let sends = (0..50).map(|number| async move {
                let sender = if number % 5 == 0 { leaving } else { reading };
                let mut answers = Vec::new();
                while answers.last().is_none_or(|answer: &Answer| answer.status == 201) {
                    answers.push(say(sender, room, &format!("{number}")).await);
                }
                answers
            });
            let (answers, gone) = tokio::join!(join_all(sends), withdraw(leaving));
            assert_eq!(gone.status, 204, "{}", gone.body);
            kept += assert_closed_in_order(world, reading, room, &answers.concat()).await;
        }
        println!("withdrawal against 50 sends, {} rounds: {kept} messages were in time", rounds());
    });
}

#[test]
fn a_companys_withdrawal_and_the_first_message_of_a_room_do_not_lock_each_other_out() {
    in_world(|world| async move {
        let mut served = 0;
        for _ in 0..rounds() {
            let company = world.company().await;
            let pairs = join_all((0..10).map(|_| async {
                let customer = world.customer().await;
                let room = customer.open_room(&company).await.unwrap();
                (customer, room)
            }))
            .await;
            let sends = pairs.iter().map(|(customer, room)| say(customer, *room, "첫 마디"));
            let (answers, gone) = tokio::join!(join_all(sends), withdraw(&company));
            assert_eq!(gone.status, 204, "{}", gone.body);
            for answer in answers {
                assert!(
                    answer.status == 201 || answer.code() == "receiver_withdrawn",
                    "{}: {}",
                    answer.status,
                    answer.body
                );
                served += usize::from(answer.status == 201);
            }
        }
        println!("withdrawal against 10 first messages, {} rounds: {served} were in time", rounds());
    });
}

/// Two of a database's clients wait for a lock.
async fn wait_for_waiters(database: &Database, count: i64) {
    let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    let limit = Instant::now() + PATIENCE;
    while database.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) < count {
        assert!(Instant::now() < limit, "nobody waits for the lock");
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_first_message_that_holds_the_room_while_the_company_withdraws_passes_or_is_refused() {
    alone(|| async {
        let system = own_system().await;
        let client = client_of(&system);
        let (customer, company) = (
            Person::customer(&client, "김하늘").await.unwrap(),
            Person::company(&client, "새벽빵집").await.unwrap(),
        );
        company.become_visible().await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        let (mut locking, watching) = (database(&system).await, database(&system).await);
        // Whoever comes to the room has to wait, and the withdrawal comes after the message.
        let lock = locking.transaction().await.unwrap();
        lock.execute("select from rooms where id = $1 for update", &[&room]).await.unwrap();
        let (sent, gone, ()) = tokio::join!(
            say(&customer, room, "첫 마디"),
            async {
                wait_for_waiters(&watching, 1).await;
                withdraw(&company).await
            },
            async {
                wait_for_waiters(&watching, 2).await;
                lock.commit().await.unwrap();
            }
        );
        assert_eq!(gone.status, 204, "{}", gone.body);
        assert!(sent.status == 201 || sent.code() == "receiver_withdrawn", "{}: {}", sent.status, sent.body);
        system.stop().await;
    });
}

#[test]
fn a_connection_that_opens_while_its_session_ends_does_not_stay() {
    alone(|| async {
        let system = own_system().await;
        let client = client_of(&system);
        let (mut locking, watching) = (database(&system).await, database(&system).await);
        let login = Login::of(&Person::customer(&client, "김하늘").await.unwrap()).await;
        let ticket = login.person.ticket().await.unwrap()["url"].as_str().unwrap().to_owned();
        // Both find the session alive, and wait for its row: the connection to refer to it, logging out to end it.
        let lock = locking.transaction().await.unwrap();
        let all = "select from sessions where account_id = $1 for update";
        lock.execute(all, &[&login.person.id]).await.unwrap();
        let (opened, out, ()) = tokio::join!(
            Socket::handshake(&ticket, &[]),
            async {
                wait_for_waiters(&watching, 1).await;
                log_out(&client, &login.cookie).await
            },
            async {
                wait_for_waiters(&watching, 2).await;
                lock.commit().await.unwrap();
            }
        );
        assert_eq!(out.status, 204);
        if let Ok(mut socket) = opened {
            assert!(socket.closed().await.is_ok(), "it stays open after logging out, and is pushed to");
        }
        system.stop().await;
    });
}

#[test]
fn a_login_with_the_old_password_does_not_outlive_the_change() {
    in_world(|world| async move {
        let database = world.database().await;
        for _ in 0..rounds() {
            let person = world.customer().await;
            let logins = (0..8).map(|_| log_in(&world.client, &person.username, PASSWORD));
            let (answers, changed) = tokio::join!(
                join_all(logins),
                change_password(&person, PASSWORD, "byeol-2027", "byeol-2027")
            );
            assert_eq!(changed.status, 204, "{}", changed.body);
            assert!(answers.iter().all(|answer| [201, 400].contains(&answer.status)));
            assert_eq!(living_sessions(&database, &person).await, 1, "the one that changed the password");
        }
        println!("a changed password against 8 logins, {} rounds", rounds());
    });
}

#[test]
fn a_login_that_has_begun_when_the_password_changes_does_not_outlive_it() {
    alone(|| async {
        let system = own_system().await;
        let client = client_of(&system);
        let (mut locking, watching) = (database(&system).await, database(&system).await);
        let person = Person::customer(&client, "김하늘").await.unwrap();
        // Both wait for the account's row, the login first.
        let lock = locking.transaction().await.unwrap();
        lock.execute("select from accounts where id = $1 for no key update", &[&person.id]).await.unwrap();
        let (begun, changed, ()) = tokio::join!(
            log_in(&client, &person.username, PASSWORD),
            async {
                wait_for_waiters(&watching, 1).await;
                change_password(&person, PASSWORD, "byeol-2027", "byeol-2027").await
            },
            async {
                wait_for_waiters(&watching, 2).await;
                lock.commit().await.unwrap();
            }
        );
        assert_eq!(changed.status, 204);
        assert!([201, 400].contains(&begun.status), "{}", begun.body);
        assert_eq!(living_sessions(&watching, &person).await, 1, "the one that changed the password");
        system.stop().await;
    });
}

#[test]
fn a_room_that_is_being_opened_while_the_company_withdraws_is_closed_or_not_opened() {
    alone(|| async {
        let system = own_system().await;
        let client = client_of(&system);
        let (mut locking, watching) = (database(&system).await, database(&system).await);
        for opening_first in [true, false] {
            let customer = Person::customer(&client, "김하늘").await.unwrap();
            let company = Person::company(&client, "새벽빵집").await.unwrap();
            company.become_visible().await.unwrap();
            let lock = locking.transaction().await.unwrap();
            lock.execute("select from accounts where id = $1 for update", &[&company.id]).await.unwrap();
            let body = json!({ "companyId": company.id });
            let (opened, gone, ()) = tokio::join!(
                async {
                    if !opening_first {
                        wait_for_waiters(&watching, 1).await;
                    }
                    customer.post("/customer/chatrooms", &body).await.unwrap()
                },
                async {
                    if opening_first {
                        wait_for_waiters(&watching, 1).await;
                    }
                    withdraw(&company).await
                },
                async {
                    wait_for_waiters(&watching, 2).await;
                    lock.commit().await.unwrap();
                }
            );
            assert_eq!(gone.status, 204, "{}", gone.body);
            assert!(opened.status == 201 || opened.code() == "company_not_found", "{}", opened.body);
            assert_eq!(opened.status == 201, opening_first);
            let open = "select count(*) from rooms where company_id = $1 and closed_at is null";
            assert_eq!(watching.query_one(open, &[&company.id]).await.unwrap().get::<_, i64>(0), 0);
        }
        system.stop().await;
    });
}

#[test]
fn refreshing_against_a_withdrawal_leaves_no_session() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut renewed = 0;
        for _ in 0..rounds() {
            let login = Login::of(&world.customer().await).await;
            let refreshes = join_all((0..50).map(|_| async {
                let mut answers = Vec::new();
                while answers.last().is_none_or(|answer: &Answer| answer.status == 201) {
                    answers.push(trade(&world.client, &login.cookie).await);
                }
                answers
            }));
            let (answers, gone) = tokio::join!(refreshes, withdraw(&login.person));
            assert_eq!(gone.status, 204, "{}", gone.body);
            let answers = answers.concat();
            renewed += answers.len() - 50;
            for answer in &answers {
                if answer.status != 201 {
                    assert_refused(answer, 400, "invalid_refresh_token");
                }
            }
            for answer in answers.iter().filter(|answer| answer.status == 201).take(5) {
                let mut after = login.clone();
                answer.body["accessToken"].as_str().unwrap().clone_into(&mut after.person.token);
                after.cookie = cookie(answer);
                after.assert_over().await;
            }
            assert_eq!(living_sessions(&database, &login.person).await, 0);
        }
        println!("withdrawal against 50 refreshes, {} rounds: {renewed} were in time", rounds());
    });
}

#[test]
fn no_room_stays_open_with_somebody_who_has_withdrawn() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut opened = 0;
        for round in 0..rounds() {
            let company = world.company().await;
            let customers = join_all((0..20).map(|_| world.customer())).await;
            let body = json!({ "companyId": company.id });
            let openings =
                join_all(customers.iter().map(|customer| customer.post("/customer/chatrooms", &body)));
            let leaving = if round % 2 == 0 { &company } else { &customers[0] };
            let (answers, gone) = tokio::join!(openings, withdraw(leaving));
            assert_eq!(gone.status, 204, "{}", gone.body);
            for answer in answers {
                let answer = answer.unwrap();
                let refused = ["company_not_found", "unauthenticated"].contains(&answer.code());
                assert!(answer.status == 201 || refused, "{}: {}", answer.status, answer.body);
                opened += usize::from(answer.status == 201);
            }
            let open = "select count(*) from rooms where (customer_id = $1 or company_id = $1) and closed_at is null";
            assert_eq!(database.query_one(open, &[&leaving.id]).await.unwrap().get::<_, i64>(0), 0);
        }
        println!("withdrawal against 20 openings, {} rounds: {opened} were in time", rounds());
    });
}

#[test]
fn ten_logins_at_once_of_one_person_all_succeed() {
    in_world(|world| async move {
        for _ in 0..rounds() {
            let person = world.customer().await;
            let answers = join_all((0..10).map(|_| log_in(&world.client, &person.username, PASSWORD))).await;
            for answer in answers {
                assert_eq!(answer.status, 201, "{}", answer.body);
            }
        }
        println!("10 logins at once, {} rounds", rounds());
    });
}

#[test]
fn after_ten_wrong_passwords_a_name_has_to_wait_and_no_other_has() {
    alone(|| async {
        let system = own_system().await;
        let (client, database) = (client_of(&system), database(&system).await);
        let person = Person::customer(&client, "김하늘").await.unwrap();
        let other = Person::customer(&client, "이바다").await.unwrap();
        let nobody = new_username("nobody");
        let mut throttled = Vec::new();
        for username in [&person.username, &nobody] {
            let tries = join_all((0..10).map(|_| log_in(&client, username, "wrong-2026"))).await;
            assert!(
                tries.iter().all(|answer| answer.code() == "login_failed"),
                "the first ten are told what is wrong"
            );
            let answer = log_in(&client, &username.to_uppercase(), PASSWORD).await;
            assert_refused(&answer, 429, "too_many_attempts");
            let wait: u32 = answer.header("retry-after").parse().unwrap();
            assert!((1..=900).contains(&wait), "{wait}");
            throttled.push(json!([answer.body["code"], answer.body["message"]]));
        }
        assert_eq!(throttled[0], throttled[1], "a name that does not exist is treated the same");
        assert_refused(
            &change_password(&person, PASSWORD, "byeol-2027", "byeol-2027").await,
            429,
            "too_many_attempts",
        );
        assert_refused(&withdraw(&person).await, 429, "too_many_attempts");
        assert_eq!(
            log_in(&client, &other.username, PASSWORD).await.status,
            201,
            "another name is not touched"
        );
        database.batch_execute("update attempts set since = since - interval '15 minutes'").await.unwrap();
        assert_eq!(log_in(&client, &person.username, PASSWORD).await.status, 201, "the window has passed");
        for _ in 0..2 {
            join_all((0..9).map(|_| log_in(&client, &person.username, "wrong-2026"))).await;
            assert_eq!(
                log_in(&client, &person.username, PASSWORD).await.status,
                201,
                "a right one starts over"
            );
        }
        system.stop().await;
    });
}

#[test]
fn after_a_hundred_wrong_passwords_an_address_has_to_wait() {
    alone(|| async {
        let system = own_system().await;
        let (client, database) = (client_of(&system), database(&system).await);
        let person = Person::customer(&client, "김하늘").await.unwrap();
        assert_refused(&log_in(&client, &new_username("nobody"), PASSWORD).await, 400, "login_failed");
        let set = |count: i32| {
            let database = &database;
            async move {
                let set = "update attempts set count = $1 where subject like 'address %'";
                assert!(database.execute(set, &[&count]).await.unwrap() >= 1);
            }
        };
        set(99).await;
        assert_eq!(log_in(&client, &person.username, PASSWORD).await.status, 201, "the hundredth");
        set(100).await;
        let answer = log_in(&client, &person.username, PASSWORD).await;
        assert_refused(&answer, 429, "too_many_attempts");
        assert!((1..=900).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
        assert_refused(&withdraw(&person).await, 429, "too_many_attempts");
        database.batch_execute("update attempts set since = since - interval '15 minutes'").await.unwrap();
        assert_eq!(log_in(&client, &person.username, PASSWORD).await.status, 201);
        system.stop().await;
    });
}
