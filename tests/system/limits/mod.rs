//! The limits for each caller. Each limit is one caller's: other callers do not notice it.

mod connections;
mod sign_ups;

use std::time::SystemTime;

use chatchat_harness::{Answer, Person, new_username};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client as Database;
use uuid::Uuid;

use crate::{
    assert_refused, cookie, in_world_with_limits, next_event, post_message, send_message,
    send_message_with_id,
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
