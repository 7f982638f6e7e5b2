//! The limits for each caller. Each limit is one caller's: other callers do not notice it.

use std::{cell::Cell, time::SystemTime};

use chatchat_harness::{Answer, Client, PASSWORD, Person, new_username};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client as Database;
use uuid::Uuid;

use crate::{
    assert_refused, cookie, end_processes, eventually, in_world_with_limits, next_event, post_message,
    send_message, send_message_with_id,
};

/// Asserts that an answer rejects a call because of a limit, and returns the seconds to wait.
#[track_caller]
fn assert_limited(answer: &Answer) -> u32 {
    assert_refused(answer, 429, "too_many_requests");
    answer.header("retry-after").parse().unwrap()
}

/// The database's time.
async fn now(database: &Database) -> SystemTime {
    database.query_one("select clock_timestamp()", &[]).await.unwrap().get(0)
}

/// Moves the times of all buckets back, as if this interval had passed.
async fn pass(database: &Database, interval: &str) {
    let earlier = format!(
        "update limits set full_at = full_at - interval '{interval}', day_full_at = day_full_at - interval '{interval}'"
    );
    database.batch_execute(&earlier).await.unwrap();
}

/// Makes calls until the limit, one more, and one more after a token has returned.
///
/// The calls run one after the other, and each may take time in which a part of a token returns. So
/// the test accepts one call more than the limit.
async fn assert_limit(
    database: &Database,
    limit: usize,
    token_returns_after: &str,
    mut call: impl AsyncFnMut() -> Answer,
) {
    let mut done = 0;
    let limited = loop {
        let answer = call().await;
        if answer.status >= 400 {
            break answer;
        }
        done += 1;
        assert!(done <= limit + 1, "{done} calls were accepted");
    };
    assert!(done >= limit, "{done} calls before {}", limited.body);
    let wait = assert_limited(&limited);
    let seconds = format!("select extract(epoch from interval '{token_returns_after}')::float8");
    let seconds: f64 = database.query_one(&seconds, &[]).await.unwrap().get(0);
    assert!(f64::from(wait) <= seconds.ceil() && wait >= 1, "{wait} s of {seconds}");
    pass(database, token_returns_after).await;
    assert!(call().await.status < 400, "a token has returned");
    // Empty, also if another token returns because the machine is slow.
    let empty = format!(
        "update limits set full_at = now() + interval '{token_returns_after}' * {} where refused is false and full_at > now()",
        limit + 1
    );
    database.batch_execute(&empty).await.unwrap();
    assert_limited(&call().await);
}

async fn sign_up(client: &Client, username: &str) -> Answer {
    let body =
        json!({ "username": username, "password": PASSWORD, "confirmPassword": PASSWORD, "name": "이름" });
    client.call(Method::POST, "/customers", None, &body).await.unwrap()
}

#[test]
fn network_signs_up_twenty_accounts_an_hour() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let network = world.client.in_new_network().unwrap();
        let is_limited = Cell::new(false);
        assert_limit(&database, 20, "3 min", async || {
            // A process also rejects the next sign-ups of the network. A new one asks the database.
            if is_limited.take() {
                end_processes(&world.system, "SignUpCustomer").await;
            }
            let answer = sign_up(&network, &new_username("many")).await;
            is_limited.set(answer.status == 429);
            answer
        })
        .await;
        let taken = new_username("taken");
        assert_limited(&sign_up(&network, &taken).await);
        let other = world.client.in_new_network().unwrap();
        assert_eq!(sign_up(&other, &taken).await.status, 201, "another network has its own limit");
        for _ in 0..19 {
            assert_refused(&sign_up(&other, &taken).await, 409, "username_taken");
        }
        assert_limited(&sign_up(&other, &taken).await);
        // An account from before `username_hash`.
        let old = "update accounts set username_hash = null where username = $1";
        assert_eq!(database.execute(old, &[&taken]).await.unwrap(), 1);
        let third = world.client.in_new_network().unwrap();
        for _ in 0..20 {
            assert_refused(&sign_up(&third, &taken.to_uppercase()).await, 409, "username_taken");
        }
        assert_limited(&sign_up(&third, &taken).await);
    });
}

/// Computing the hash of a password takes much more CPU time than a statement.
#[test]
fn sign_up_over_the_limit_is_rejected_without_hashing() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let network = world.client.in_new_network().unwrap();
        sign_up(&network, &new_username("first")).await.expect(201).unwrap();
        let empty = "update limits set full_at = now() + interval '1 hour' where subject like 'sign-ups %'";
        database.batch_execute(empty).await.unwrap();
        assert_limited(&sign_up(&network, &new_username("over")).await);
        database.batch_execute("delete from limits").await.unwrap();
        // The database would accept it, so it was not asked.
        let wait = assert_limited(&sign_up(&network, &new_username("over")).await);
        assert!((1..=180).contains(&wait), "{wait}");
        let other = world.client.in_new_network().unwrap();
        sign_up(&other, &new_username("other")).await.expect(201).unwrap();
        end_processes(&world.system, "SignUpCustomer").await;
        sign_up(&network, &new_username("again")).await.expect(201).unwrap();
    });
}

#[test]
fn session_sends_twenty_messages_at_once_and_five_a_second() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = world.pair().await;
        let id = Uuid::new_v4();
        let first = send_message_with_id(&customer, room, id, "처음").await.expect(201).unwrap();
        let started = now(&database).await;
        let answers = join_all((0..60).map(|_| send_message(&customer, room, "도배"))).await;
        // The tokens that returned until the last message was accepted.
        let seconds =
            "select extract(epoch from max(created_at) - $1)::float8 from messages where room_id = $2";
        let seconds: f64 = database.query_one(seconds, &[&started, &room]).await.unwrap().get(0);
        let returned = 5.0 * seconds;
        let (sent, limited): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
        let sent = u32::try_from(sent.len()).unwrap();
        assert!(sent >= 19 && f64::from(sent) <= 20.0 + returned, "{sent} while {returned} tokens returned");
        for answer in limited {
            assert_eq!(assert_limited(answer), 1);
        }
        let empty = "update limits set full_at = now() + interval '1 min' where subject like 'messages %'";
        assert_eq!(database.execute(empty, &[]).await.unwrap(), 1);
        assert_limited(&send_message(&customer, room, "아직").await);
        let repeat = send_message_with_id(&customer, room, id, "처음").await.expect(200).unwrap();
        assert_eq!(repeat.body, first.body, "a repeat takes no token");
        send_message(&company, room, "다른 쪽").await.expect(201).unwrap();
        let mut other_session = customer.clone();
        other_session.log_in().await.unwrap();
        send_message(&other_session, room, "다른 기기").await.expect(201).unwrap();
        let stored = customer.history(room).await.unwrap().len();
        assert_eq!(stored, database_count(&database, room).await, "a rejected message is not stored");
        assert_refused(&post_message(&customer, room, &json!({})).await, 400, "validation_failed");

        let mut socket = customer.connect().await.unwrap();
        let id = socket.say(room, "소켓으로").await.unwrap();
        let error = next_event(&mut socket).await;
        assert_eq!((&error["code"], &error["clientMessageId"]), (&json!("too_many_requests"), &json!(id)));
    });
}

/// The number of messages of a room, from its summary.
async fn database_count(database: &Database, room: i64) -> usize {
    let last = "select last_seq from rooms where id = $1";
    usize::try_from(database.query_one(last, &[&room]).await.unwrap().get::<_, i64>(0)).unwrap()
}

#[test]
fn session_sends_three_thousand_messages_a_day() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = world.pair().await;
        let entry = json!({ "question": "언제 여나요?", "answer": "7시" });
        let entry = company.post("/company/auto-replies", &entry).await.unwrap().expect(201).unwrap();
        let ask = format!("/auto-replies/{}", entry.body["id"]);
        let question = json!({ "chatRoomId": room });
        send_message(&customer, room, "1").await.expect(201).unwrap();
        // The first call of a function takes longer.
        customer.post(&ask, &question).await.unwrap().expect(201).unwrap();
        let almost_empty = "update limits set day_full_at = now() + interval '1 day' - interval '57.7 s'
                            where subject like 'messages %'";
        assert_eq!(database.execute(almost_empty, &[]).await.unwrap(), 1);
        send_message(&customer, room, "2999").await.expect(201).unwrap();
        customer.post(&ask, &question).await.unwrap().expect(201).unwrap();
        let wait = assert_limited(&send_message(&customer, room, "3001").await);
        assert!((1..=29).contains(&wait), "{wait}");
        assert_limited(&customer.post(&ask, &question).await.unwrap());
        send_message(&company, room, "다른 쪽").await.expect(201).unwrap();
        pass(&database, "28.8 s").await;
        send_message(&customer, room, "3001").await.expect(201).unwrap();
    });
}

#[test]
fn account_opens_fifty_new_rooms_a_day() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let customer = world.customer().await;
        // Companies without a password, because signing up 55 takes long.
        let made = "with made as (
                        insert into accounts (kind, username, password_hash, name)
                        select 'company', $1 || n, '$argon2id$', '빵집 ' || n from generate_series(1, 55) n returning id
                    )
                    insert into companies (account_id, visible) select id, true from made returning account_id";
        let companies = database.query(made, &[&new_username("r")]).await.unwrap();
        let mut companies = companies.iter().map(|row| json!({ "companyId": row.get::<_, i64>(0) }));
        let first = companies.next().unwrap();
        customer.post("/customer/chatrooms", &first).await.unwrap().expect(201).unwrap();
        assert_limit(&database, 49, "28.8 min", async || {
            customer.post("/customer/chatrooms", &companies.next().unwrap()).await.unwrap()
        })
        .await;
        let again = customer.post("/customer/chatrooms", &first).await.unwrap();
        assert_eq!(again.status, 200, "an existing room takes no token");
    });
}

#[test]
fn account_uploads_thirty_pictures_a_day() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let customer = world.customer().await;
        // The limit is checked before the file is read.
        let path = "/files?folder=profile";
        let form = "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nno picture\r\n--x--\r\n";
        let upload = async || {
            let request = world.client.request(Method::POST, path);
            let request = request.header("authorization", &format!("Bearer {}", customer.token));
            request.header("content-type", "multipart/form-data; boundary=x").body(form).send().await.unwrap()
        };
        for _ in 0..30 {
            assert_refused(&upload().await, 400, "validation_failed");
        }
        let wait = assert_limited(&upload().await);
        assert!((2_800..=2_880).contains(&wait), "{wait}");
        pass(&database, "48 min").await;
        assert_refused(&upload().await, 400, "validation_failed");
        assert_limited(&upload().await);
    });
}

#[test]
fn session_creates_thirty_tickets_in_ten_minutes() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let customer = world.customer().await;
        let ticket = async |person: &Person| person.post("/realtime/tickets", &Value::Null).await.unwrap();
        assert_limit(&database, 30, "20 s", async || ticket(&customer).await).await;
        let mut other_session = customer.clone();
        other_session.log_in().await.unwrap();
        assert_eq!(ticket(&other_session).await.status, 201);
    });
}

#[test]
fn session_is_renewed_thirty_times_in_ten_minutes() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let mut customer = world.customer().await;
        let mut current = cookie(&customer.log_in().await.unwrap());
        assert_limit(&database, 30, "20 s", async || {
            let request = world.client.request(Method::POST, "/customer/token").header("cookie", &current);
            let answer = request.send().await.unwrap();
            if answer.status == 201 {
                current = cookie(&answer);
            }
            answer
        })
        .await;
        assert_eq!(customer.get("/customers/me").await.unwrap().status, 200, "the session is still active");
        pass(&database, "10 min").await;
        let request = world.client.request(Method::POST, "/customer/token").header("cookie", &current);
        assert_eq!(request.send().await.unwrap().status, 201, "the token is still valid");
    });
}

#[test]
fn connection_that_floods_is_rejected_and_then_closed() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = world.pair().await;
        let mut other = company.connect().await.unwrap();
        for frame in [
            json!({ "action": "heartbeat", "rooms": [] }),
            json!({ "action": "markRead", "roomId": room, "seq": 1 }),
            json!({ "action": "typing", "roomId": 9_007_199_254_740_991_i64 }),
            json!({ "action": "sendMessage", "roomId": "wrong" }),
            json!({ "action": "dance" }),
        ] {
            let mut socket = customer.connect().await.unwrap();
            // The bucket is empty after the first frame, also if the machine is slow.
            let prefill = "insert into limits (subject, full_at)
                           select 'frames ' || id, now() + interval '2 s' from connections where account_id = $1
                           on conflict (subject) do update set full_at = now() + interval '2 s'";
            database.execute(prefill, &[&customer.id]).await.unwrap();
            for _ in 0..1000 {
                if socket.send(&frame).await.is_err() {
                    break;
                }
            }
            let mut limited = 0;
            let end = loop {
                match socket.next().await {
                    Ok(event) => limited += i32::from(event["code"] == "too_many_requests"),
                    Err(end) => break end.to_string(),
                }
            };
            assert!(end.starts_with("the connection ended"), "{frame}: {end}");
            assert!(limited >= 1, "{frame}: the connection was closed without an error");
        }
        other.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
        while next_event(&mut other).await["type"] != "heartbeat" {}
    });
}

#[test]
fn forty_frames_at_once_are_within_the_limit() {
    in_world_with_limits(async |world| {
        let customer = world.customer().await;
        let mut socket = customer.connect().await.unwrap();
        for _ in 0..40 {
            socket.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
        }
        for _ in 0..40 {
            assert_eq!(next_event(&mut socket).await["type"], "heartbeat");
        }
    });
}

#[test]
fn typing_is_relayed_once_in_three_seconds() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = world.pair().await;
        let second_room = customer.open_room(&world.company().await).await.unwrap();
        let (mut socket, mut receiver) =
            (customer.connect().await.unwrap(), company.connect().await.unwrap());
        let typing = |room: i64| json!({ "action": "typing", "roomId": room });
        let started = now(&database).await;
        for room in [room, second_room] {
            socket.send(&typing(room)).await.unwrap();
        }
        eventually("both frames are counted", async || {
            let counted = "select count(*) from limits where subject like 'typing %'";
            database.query_one(counted, &[]).await.unwrap().get::<_, i64>(0) == 2
        })
        .await;
        let three_seconds =
            "select bool_and(full_at between $1::timestamptz + interval '3 s' and now() + interval '3 s')
                             from limits where subject like 'typing %'";
        assert!(database.query_one(three_seconds, &[&started]).await.unwrap().get::<_, bool>(0));
        // The machine may be slow: 3 seconds can pass before the next frames.
        let later = "update limits set full_at = now() + interval '1 min' where subject like 'typing %'";
        database.batch_execute(later).await.unwrap();
        for room in [room, second_room] {
            socket.send(&typing(room)).await.unwrap();
        }
        eventually("each room has rejected a frame", async || {
            let rejected = "select count(*) from limits where subject like 'typing %' and refused";
            database.query_one(rejected, &[]).await.unwrap().get::<_, i64>(0) == 2
        })
        .await;
        socket.say(room, "다 썼어요").await.unwrap();
        assert_eq!(next_event(&mut socket).await["type"], "ack");
        let mut kinds = Vec::new();
        while kinds.last().is_none_or(|kind| kind != "message") {
            kinds.push(next_event(&mut receiver).await["type"].clone());
        }
        assert_eq!(kinds, ["typing", "message"]);
        pass(&database, "1 min").await;
        socket.send(&typing(room)).await.unwrap();
        assert_eq!(next_event(&mut receiver).await["type"], "typing");
    });
}

#[test]
fn new_connection_closes_the_oldest_beyond_the_limit() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = world.pair().await;
        for (person, limit) in [(&customer, 10), (&company, 50)] {
            let mut person = person.clone();
            let mut sockets = Vec::new();
            for number in 0..=limit {
                // A session creates at most 30 tickets.
                if number % 25 == 24 {
                    person.log_in().await.unwrap();
                }
                sockets.push(person.connect().await.unwrap());
            }
            let mut oldest = sockets.remove(0);
            oldest.closed().await.unwrap();
            let count = "select count(*) from connections where account_id = $1";
            let open = database.query_one(count, &[&person.id]).await.unwrap().get::<_, i64>(0);
            assert_eq!(open, limit);
            send_message(&person, room, "모두에게").await.expect(201).unwrap();
            for socket in &mut sockets {
                assert_eq!(socket.next_of("message").await.unwrap()["message"]["content"], "모두에게");
            }
        }
    });
}

/// One account with 1,000 connections and `typing` in a loop once caused 999 pushes a frame.
#[test]
fn connections_opened_at_once_are_bounded_too() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = world.pair().await;
        let tickets = join_all((0..25).map(|_| customer.ticket())).await;
        let tickets: Vec<Value> = tickets.into_iter().map(Result::unwrap).collect();
        let open = |ticket: &Value| {
            let url = ticket["url"].as_str().unwrap().to_owned();
            async move { chatchat_harness::Socket::open(&url).await }
        };
        let _at_once = join_all(tickets.iter().map(open)).await;
        // Connections that are opened at the same time may not see each other. The next one does.
        let mut last = customer.connect().await.unwrap();
        eventually("the surplus is closed", async || {
            let count = "select count(*) from connections where account_id = $1";
            database.query_one(count, &[&customer.id]).await.unwrap().get::<_, i64>(0) == 10
        })
        .await;
        send_message(&company, room, "들리나요?").await.expect(201).unwrap();
        assert_eq!(next_event(&mut last).await["type"], "message");
    });
}
