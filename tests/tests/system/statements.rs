//! One statement a route, counted by PostgreSQL.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{alone, client_of, cookie, database, own_system};

#[test]
fn frequent_routes_and_a_refusal_are_one_statement_each() {
    alone(|| async {
        let system = own_system().await;
        let client = client_of(&system);
        let customer = chatchat_tests::Person::customer(&client, "김하늘").await.unwrap();
        let company = chatchat_tests::Person::company(&client, "새벽빵집").await.unwrap();
        company.become_visible().await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        // Two rooms of companies with one name, so that there is a second page.
        let second = chatchat_tests::Person::company(&client, "새벽빵집").await.unwrap();
        second.become_visible().await.unwrap();
        let second = customer.open_room(&second).await.unwrap();
        for room in [room, second] {
            let body = json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": "답해 주세요" });
            customer
                .post(&format!("{}/messages", customer.room(room)), &body)
                .await
                .unwrap()
                .expect(201)
                .unwrap();
        }
        let pages = "/customer/chatrooms?limit=1&filter=unanswered&keyword=빵집";
        let next = customer.get(pages).await.unwrap().body["next"].as_str().unwrap().to_owned();
        let (mut socket, mut other) = (customer.connect().await.unwrap(), company.connect().await.unwrap());
        let database = database(&system).await;
        database.execute("create extension if not exists pg_stat_statements", &[]).await.unwrap();
        let counting = Counting { database: &database };

        let body = json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": "하나" });
        let path = format!("{}/messages", customer.room(room));
        // Once to have the process started and connected, once to count.
        for counted in [false, true] {
            let before = counting.reset(counted).await;
            customer
                .post(&path, &json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": "HTTP" }))
                .await
                .unwrap()
                .expect(201)
                .unwrap();
            other.next_of("message").await.unwrap();
            counting.expect(before, 1, "send over HTTP").await;

            let before = counting.reset(counted).await;
            socket.say(room, "WebSocket").await.unwrap();
            socket.next_of("ack").await.unwrap();
            other.next_of("message").await.unwrap();
            counting.expect(before, 1, "send over WebSocket").await;

            for (path, status, what) in [
                (path.clone(), 200, "history"),
                ("/customer/chatrooms".to_owned(), 200, "room list"),
                (format!("{pages}&cursor={next}"), 200, "second page of a filtered room list"),
                (customer.room(room), 200, "room detail"),
                (format!("/auto-replies?companyId={}", company.id), 200, "FAQ list"),
                (customer.room(second + 1), 404, "a room that is not there"),
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
            let opened = chatchat_tests::Socket::open(ticket["url"].as_str().unwrap()).await.unwrap();
            counting.expect(before, 1, "$connect").await;
            drop(opened);
            // Its `$disconnect` must not be counted with what comes next.
            let open = "select count(*) from connections";
            while database.query_one(open, &[]).await.unwrap().get::<_, i64>(0) > 2 {
                tokio::task::yield_now().await;
            }
        }
        let before = counting.reset(true).await;
        customer.post(&path, &body).await.unwrap().expect(201).unwrap();
        customer.post(&path, &body).await.unwrap().expect(200).unwrap();
        counting.expect(before, 2, "send and send again").await;
        system.stop().await;
    });
}

/// Counts the functions' statements, with hidden ones of their driver and those that begin and end transactions: one statement
/// by itself is one commit.
struct Counting<'a> {
    database: &'a tokio_postgres::Client,
}

impl Counting<'_> {
    /// Begins to count, if this round counts.
    async fn reset(&self, counted: bool) -> Option<()> {
        if counted {
            self.database.execute("select pg_stat_statements_reset()", &[]).await.unwrap();
        }
        counted.then_some(())
    }

    async fn expect(&self, begun: Option<()>, statements: i64, what: &str) {
        let Some(()) = begun else { return };
        let rows = self
            .database
            .query(
                "select s.query, s.calls from pg_stat_statements s join pg_roles r on r.oid = s.userid
                 where r.rolname = 'chatchat' and s.dbid = (select oid from pg_database where datname = current_database())",
                &[],
            )
            .await
            .unwrap();
        let calls: i64 = rows.iter().map(|row| row.get::<_, i64>("calls")).sum();
        let queries: Vec<String> = rows.iter().map(|row| row.get("query")).collect();
        assert_eq!(calls, statements, "{what}: {queries:#?}");
    }
}
