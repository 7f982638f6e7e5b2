//! The number of statements of a request, as PostgreSQL counts them.

use chatchat_harness::{Person, Socket};
use reqwest::Method;
use serde_json::Value;

use crate::{
    block_on, client_of, cookie, database, eventually, message_body, post_message, send_message, start_system,
};

#[test]
fn each_frequent_request_runs_one_statement() {
    block_on(|| async {
        let system = start_system().await;
        let client = client_of(&system);
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let company = Person::company(&client, "새벽빵집").await.unwrap();
        company.become_visible().await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        // Two rooms with companies of the same name, so that the filtered list has a second page.
        let second = Person::company(&client, "새벽빵집").await.unwrap();
        second.become_visible().await.unwrap();
        let second = customer.open_room(&second).await.unwrap();
        for room in [room, second] {
            send_message(&customer, room, "답해 주세요").await.expect(201).unwrap();
        }
        let pages = "/customer/chatrooms?limit=1&filter=unanswered&keyword=빵집";
        let next = customer.get(pages).await.unwrap().body["next"].as_str().unwrap().to_owned();
        let (mut socket, mut other) = (customer.connect().await.unwrap(), company.connect().await.unwrap());
        let database = database(&system).await;
        database.execute("create extension if not exists pg_stat_statements", &[]).await.unwrap();
        let counting = Counting { database: &database };

        // The first round starts the processes and connects them. The second round counts.
        for counted in [false, true] {
            let before = counting.reset(counted).await;
            send_message(&customer, room, "HTTP").await.expect(201).unwrap();
            other.next_of("message").await.unwrap();
            counting.expect(before, 1, "send over HTTP").await;

            let before = counting.reset(counted).await;
            socket.say(room, "WebSocket").await.unwrap();
            socket.next_of("ack").await.unwrap();
            other.next_of("message").await.unwrap();
            counting.expect(before, 1, "send over WebSocket").await;

            for (path, status, what) in [
                (format!("{}/messages", customer.room(room)), 200, "history"),
                ("/customer/chatrooms".to_owned(), 200, "room list"),
                (format!("{pages}&cursor={next}"), 200, "second page of a filtered room list"),
                (customer.room(room), 200, "room detail"),
                (format!("/auto-replies?companyId={}", company.id), 200, "FAQ list"),
                (customer.room(second + 1), 404, "a room that does not exist"),
            ] {
                let before = counting.reset(counted).await;
                customer.get(&path).await.unwrap().expect(status).unwrap();
                counting.expect(before, 1, what).await;
            }

            let login = cookie(&customer.clone().log_in().await.unwrap());
            let before = counting.reset(counted).await;
            let refresh = client.request(Method::POST, "/customer/token").header("cookie", &login);
            refresh.send().await.unwrap().expect(201).unwrap();
            counting.expect(before, 1, "refresh").await;

            let (list, no_session) = ("/customers/me/sessions", "/customers/me/sessions/9007199254740991");
            for (method, path, status) in [(Method::GET, list, 200), (Method::DELETE, no_session, 204)] {
                let before = counting.reset(counted).await;
                customer.call(method, path, &Value::Null).await.unwrap().expect(status).unwrap();
                counting.expect(before, 1, path).await;
            }

            let ticket = customer.ticket().await.unwrap();
            let before = counting.reset(counted).await;
            let opened = Socket::open(ticket["url"].as_str().unwrap()).await.unwrap();
            counting.expect(before, 1, "$connect").await;
            drop(opened);
            // Its `$disconnect` must not count for the next request.
            eventually("the connection is deleted", async || {
                let count = "select count(*) from connections";
                database.query_one(count, &[]).await.unwrap().get::<_, i64>(0) <= 2
            })
            .await;
        }
        let body = message_body("하나");
        let before = counting.reset(true).await;
        post_message(&customer, room, &body).await.expect(201).unwrap();
        post_message(&customer, room, &body).await.expect(200).unwrap();
        counting.expect(before, 2, "send and resend").await;
        system.stop().await;
    });
}

/// Counts the functions' statements. The count includes statements of the driver, and those that
/// begin and end a transaction. So one statement also means one commit.
struct Counting<'a> {
    database: &'a tokio_postgres::Client,
}

impl Counting<'_> {
    /// Resets the counts if this round counts. Pass the result to [`Self::expect`].
    async fn reset(&self, counted: bool) -> Option<()> {
        if counted {
            self.database.execute("select pg_stat_statements_reset()", &[]).await.unwrap();
        }
        counted.then_some(())
    }

    /// Asserts the number of statements since [`Self::reset`], unless this round does not count.
    async fn expect(&self, counted: Option<()>, statements: i64, what: &str) {
        let Some(()) = counted else { return };
        let rows = self
            .database
            .query(
                "select s.query, s.calls from pg_stat_statements s join pg_roles r on r.oid = s.userid
                 where r.rolname = current_database() || '_functions' and s.dbid = (select oid from pg_database where datname = current_database())",
                &[],
            )
            .await
            .unwrap();
        let calls: i64 = rows.iter().map(|row| row.get::<_, i64>("calls")).sum();
        let queries: Vec<String> = rows.iter().map(|row| row.get("query")).collect();
        assert_eq!(calls, statements, "{what}: {queries:#?}");
    }
}
