//! One statement a route, counted by PostgreSQL.

use serde_json::json;
use uuid::Uuid;

use crate::{alone, client_of, database, own_system};

#[test]
fn send_history_list_detail_and_connect_are_one_statement_each() {
    alone(|| async {
        let system = own_system().await;
        let client = client_of(&system);
        let customer = chatchat_tests::Person::customer(&client, "김하늘").await.unwrap();
        let company = chatchat_tests::Person::company(&client, "새벽빵집").await.unwrap();
        company.become_visible().await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
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

            for (path, what) in [
                (path.clone(), "history"),
                ("/customer/chatrooms".to_owned(), "room list"),
                (customer.room(room), "room detail"),
            ] {
                let before = counting.reset(counted).await;
                customer.get(&path).await.unwrap().expect(200).unwrap();
                counting.expect(before, 1, what).await;
            }

            let ticket = customer.ticket().await.unwrap();
            let before = counting.reset(counted).await;
            let opened = chatchat_tests::Socket::open(ticket["url"].as_str().unwrap()).await.unwrap();
            counting.expect(before, 1, "$connect").await;
            drop(opened);
        }
        let before = counting.reset(true).await;
        customer.post(&path, &body).await.unwrap().expect(201).unwrap();
        customer.post(&path, &body).await.unwrap().expect(200).unwrap();
        counting.expect(before, 2, "send and send again").await;
        system.stop().await;
    });
}

/// Counts the functions' statements, hidden ones of their driver included.
struct Counting<'a> {
    database: &'a tokio_postgres::Client,
}

impl Counting<'_> {
    /// Begins to count, if this round counts.
    async fn reset(&self, counted: bool) -> Option<()> {
        // Disconnects of the round before must not be counted here.
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
                 where r.rolname = 'chatchat' and s.dbid = (select oid from pg_database where datname = current_database())
                   and s.query not like '%delete from connections%'",
                &[],
            )
            .await
            .unwrap();
        let calls: i64 = rows.iter().map(|row| row.get::<_, i64>("calls")).sum();
        let queries: Vec<String> = rows.iter().map(|row| row.get("query")).collect();
        assert_eq!(calls, statements, "{what}: {queries:#?}");
    }
}
