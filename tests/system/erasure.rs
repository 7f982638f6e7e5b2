//! What is stored about an account: its export, and what a withdrawal erases.

use chatchat_harness::{PASSWORD, Person, root};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client as Database;

use crate::{
    World, assert_refused, cookie, eventually, in_own_world, in_world, in_world_with_limits, mark_read,
    send_message, withdraw,
};

/// Returns all rows of all tables that contain one of the texts.
async fn rows_with(database: &Database, texts: &[&str]) -> Vec<String> {
    let tables = "select tablename::text from pg_tables where schemaname = 'public'";
    let mut found = Vec::new();
    for table in database.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        let rows = format!("select t::text from \"{table}\" t");
        for row in database.query(&rows, &[]).await.unwrap() {
            let row: String = row.get(0);
            if texts.iter().any(|text| row.contains(text)) {
                found.push(format!("{table}: {row}"));
            }
        }
    }
    found
}

/// A company with everything that an account can have, and a customer who talks with it.
async fn conversation(world: &World) -> (Person, Person, i64) {
    let company = Person::company(&world.client, "지워질가게").await.unwrap();
    let customer = Person::customer(&world.client, "지워질고객").await.unwrap();
    let picture = std::fs::read(root().join("web/drawings/flower.png")).unwrap();
    let url = &company.upload(&picture).await.unwrap().expect(201).unwrap().body["url"];
    let profile = json!({ "description": "지워질 소개", "imageUrl": url, "profileVisibility": true });
    company.call(Method::PATCH, "/companies/me", &profile).await.unwrap().expect(204).unwrap();
    let entry = json!({ "question": "지워질 질문?", "answer": "지워질 답" });
    let entry = company.post("/company/auto-replies", &entry).await.unwrap().expect(201).unwrap();
    let room = customer.open_room(&company).await.unwrap();
    let ask = format!("/auto-replies/{}", entry.body["id"]);
    customer.post(&ask, &json!({ "chatRoomId": room })).await.unwrap().expect(201).unwrap();
    send_message(&customer, room, "고객이 쓴 말").await.expect(201).unwrap();
    send_message(&company, room, "가게가 쓴 말").await.expect(201).unwrap();
    (customer, company, room)
}

/// Lets 31 days pass since all withdrawals, and sweeps.
async fn sweep_after_a_month(world: &World) {
    let earlier = "update accounts set withdrawn_at = withdrawn_at - interval '31 days'";
    world.database().await.batch_execute(earlier).await.unwrap();
    world.system.cloud.invoke("Sweep", json!({})).await.unwrap();
}

#[test]
fn withdrawal_erases_the_profile_and_later_the_messages() {
    in_own_world(async |world| {
        let database = world.database().await;
        let (customer, company, room) = conversation(world).await;
        // A room with only the guide message.
        let silent = world.customer().await.open_room(&company).await.unwrap();
        let hash = "select password_hash from accounts where id = $1";
        let hash: String = database.query_one(hash, &[&company.id]).await.unwrap().get(0);
        let erased_at_once = [
            "지워질가게",
            "지워질 소개",
            "지워질 질문",
            &company.username,
            &hash,
            &company.username.to_uppercase(),
        ];
        assert!(rows_with(&database, &erased_at_once).await.len() >= 5, "the texts are stored before");
        withdraw(&company).await.expect(204).unwrap();
        // The question is also a message of the customer, in whose room it stays.
        let left = rows_with(&database, &erased_at_once).await;
        assert!(
            left.iter().all(|row| row.contains("지워질 질문") && row.starts_with("messages: ")),
            "{left:#?}"
        );

        let guide = "안녕하세요, 탈퇴한 기업입니다.";
        for room in [room, silent] {
            let first = "select content from messages where room_id = $1 and seq = 1";
            let first: String = database.query_one(first, &[&room]).await.unwrap().get(0);
            assert!(first.starts_with(guide), "{first}");
        }
        let last = "select last_message from rooms where id = $1";
        assert!(database.query_one(last, &[&silent]).await.unwrap().get::<_, String>(0).starts_with(guide));

        let listed = customer.listed_room(room).await.unwrap();
        assert_eq!((&listed["receiverName"], &listed["lastMessage"]), (&Value::Null, &json!("가게가 쓴 말")));
        let taken = json!({ "username": company.username.to_uppercase(), "password": PASSWORD, "confirmPassword": PASSWORD, "name": "새 가게" });
        for path in ["/customers", "/companies"] {
            let network = world.client.in_new_network().unwrap();
            let answer = network.call(Method::POST, path, None, &taken).await.unwrap();
            assert_refused(&answer, 409, "username_taken");
        }

        world.system.cloud.invoke("Sweep", json!({})).await.unwrap();
        assert_eq!(
            customer.listed_room(room).await.unwrap()["lastMessage"],
            "가게가 쓴 말",
            "30 days are left"
        );
        sweep_after_a_month(world).await;
        assert_eq!(rows_with(&database, &["가게가 쓴 말", "지워질 답"]).await, Vec::<String>::new());
        assert_eq!(customer.listed_room(room).await.unwrap()["lastMessage"], "삭제된 메시지");
        let history = customer.history(room).await.unwrap();
        let contents: Vec<&str> =
            history.iter().map(|message| message["content"].as_str().unwrap()).collect();
        assert!(contents[0].starts_with(guide));
        assert_eq!(contents[1..], ["지워질 질문?", "삭제된 메시지", "고객이 쓴 말", "삭제된 메시지"]);
        mark_read(&customer, room, 5).await;

        withdraw(&customer).await.expect(204).unwrap();
        sweep_after_a_month(world).await;
        let texts = ["지워질", "쓴 말", customer.username.as_str()];
        assert_eq!(rows_with(&database, &texts).await, Vec::<String>::new());
        let log = world.system.log().unwrap();
        for text in [&texts[..], &[company.username.as_str(), &hash, PASSWORD]].concat() {
            assert!(!log.contains(text), "the log contains {text}");
        }
    });
}

#[test]
fn operator_removes_a_message() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        send_message(&customer, room, "남는 말").await.expect(201).unwrap();
        send_message(&customer, room, "지울 말").await.expect(201).unwrap();
        let newest = customer.history(room).await.unwrap().last().unwrap()["seq"].clone();
        let measure = json!({ "removeMessage": { "room": room, "seq": newest } });
        let removed = world.system.cloud.invoke("Moderate", measure).await.unwrap();
        assert_eq!(removed, json!({ "room": room, "seq": newest }));
        for person in [&customer, &company] {
            let history = person.history(room).await.unwrap();
            let contents: Vec<&str> = history[1..].iter().map(|m| m["content"].as_str().unwrap()).collect();
            assert_eq!(contents, ["남는 말", "삭제된 메시지"]);
            assert_eq!(person.listed_room(room).await.unwrap()["lastMessage"], "삭제된 메시지");
        }
        // An older message is not in the summary of the room.
        send_message(&customer, room, "새 말").await.expect(201).unwrap();
        let older = json!({ "removeMessage": { "room": room, "seq": 2 } });
        world.system.cloud.invoke("Moderate", older).await.unwrap();
        assert_eq!(customer.listed_room(room).await.unwrap()["lastMessage"], "새 말");
        assert_eq!(rows_with(&world.database().await, &["남는 말", "지울 말"]).await, Vec::<String>::new());
    });
}

#[test]
fn withdrawn_username_stays_taken_while_it_is_signed_up_again() {
    in_world(|world| async move {
        for _ in 0..crate::rounds() {
            let person = world.customer().await;
            let again = json!({ "username": person.username, "password": PASSWORD, "confirmPassword": PASSWORD, "name": "새 사람" });
            let network = world.client.in_new_network().unwrap();
            let (withdrawn, answer) =
                tokio::join!(withdraw(&person), network.call(Method::POST, "/customers", None, &again));
            assert_eq!(withdrawn.status, 204);
            assert_refused(&answer.unwrap(), 409, "username_taken");
        }
    });
}

#[test]
fn account_exports_everything_about_it_and_nothing_of_others() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = conversation(world).await;
        for (person, other, own_text, other_text) in [
            (&customer, &company, "고객이 쓴 말", "가게가 쓴 말"),
            (&company, &customer, "가게가 쓴 말", "고객이 쓴 말"),
        ] {
            let path = format!("{}/export", person.profile());
            let answer = person.get(&path).await.unwrap().expect(200).unwrap();
            assert_eq!(answer.header("content-disposition"), "attachment; filename=\"chatchat.json\"");
            let export = &answer.body;
            assert_eq!(export["account"]["username"], person.username);
            assert_eq!(export["messages"][0]["content"], own_text);
            assert!(!export.to_string().contains(other_text), "{export}");
            assert!(!export.to_string().contains(&other.username), "{export}");
            assert_eq!(export["rooms"][0]["id"], room);
            assert_eq!(export["rooms"][0]["receiverId"], other.id);
            let documents: Vec<_> =
                export["consents"].as_array().unwrap().iter().map(|one| &one["document"]).collect();
            assert_eq!(documents, ["privacy", "terms"]);
            assert_eq!((&export["omittedRooms"], &export["omittedMessages"]), (&json!(0), &json!(0)));
            assert_refused(&person.get(&path).await.unwrap(), 429, "too_many_requests");
        }
        database.batch_execute("delete from limits").await.unwrap();
        let export = company.get("/companies/me/export").await.unwrap().expect(200).unwrap().body;
        assert_eq!(export["company"], json!({ "description": "지워질 소개", "profileVisibility": true }));
        assert_eq!(export["autoReplies"][0]["answer"], "지워질 답");
        assert_eq!(export["pictures"][0]["imageUrl"], export["account"]["imageUrl"]);
    });
}

/// Lambda returns at most 6 MB.
#[test]
fn export_of_a_large_account_omits_the_oldest() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (_, company, room) = conversation(world).await;
        let long = "insert into messages
                        (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
                    select $1, 1000 + n, 'company', 'general', repeat('가', 2000), gen_random_uuid(), now(), 1, 1
                    from generate_series(1, 1000) n";
        database.execute(long, &[&room]).await.unwrap();
        let rooms = "with made as (
                         insert into accounts (kind, username, password_hash, name)
                         select 'customer', 'large' || n, '$argon2id$', '\"김하늘\" ' || n
                         from generate_series(1, 15000) n returning id
                     )
                     insert into rooms (customer_id, company_id, last_seq, last_message, last_message_at)
                     select id, $1, 1, '안녕하세요', now() from made";
        database.execute(rooms, &[&company.id]).await.unwrap();
        let export = company.get("/companies/me/export").await.unwrap().expect(200).unwrap().body;
        for (list, omitted, all, least) in
            [("rooms", "omittedRooms", 15_001, 9_000), ("messages", "omittedMessages", 1003, 400)]
        {
            let included = export[list].as_array().unwrap().len();
            assert!((least..all).contains(&included), "{included} {list}");
            assert_eq!(export[omitted], all - included, "{list}");
        }
        let newest = &export["rooms"].as_array().unwrap().last().unwrap();
        assert_eq!(newest["receiverName"], "\"김하늘\" 15000");
    });
}

#[test]
fn log_lines_say_who_and_where() {
    in_own_world(async |world| {
        let (mut customer, company, room) = world.pair().await;
        let login = customer.log_in().await.unwrap();
        assert_eq!(login.status, 201);
        let wrong = json!({ "username": customer.username, "password": "wrong-2026" });
        world.client.call(Method::POST, "/customer/session", None, &wrong).await.unwrap();
        world.client.call(Method::POST, "/customer/session", None, &wrong).await.unwrap();
        send_message(&customer, room, "안녕하세요").await.expect(201).unwrap();
        let cookie = cookie(&login);
        for (method, path) in [(Method::DELETE, "/customer/session"), (Method::POST, "/customer/token")] {
            world.client.request(method, path).header("cookie", &cookie).send().await.unwrap();
        }
        let mut socket = company.connect().await.unwrap();
        socket.say(room, "어서 오세요").await.unwrap();
        socket.next_of("ack").await.unwrap();
        socket.close().await.unwrap();
        let lines = || {
            let log = world.system.log().unwrap();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            lines.filter(|line| line["message"] == "answered").collect::<Vec<_>>()
        };
        eventually("the end of the connection is logged", async || {
            lines().iter().any(|line| line["route"] == "$disconnect")
        })
        .await;
        let of = |route: &str| lines().into_iter().filter(|line| line["route"] == route).collect::<Vec<_>>();
        let logins = of("log_in_customer");
        let [.., success, first, second] = &logins[..] else { panic!("{logins:#?}") };
        assert_eq!(success["account"], customer.id);
        assert!(success["session"].is_i64() && success["username_hash"].is_null(), "{success}");
        assert_eq!((&first["code"], &first["account"]), (&json!("login_failed"), &Value::Null));
        for name in ["username_hash", "network_hash"] {
            assert_eq!(first[name].as_str().unwrap().len(), 64);
            assert_eq!(first[name], second[name], "equal for the same username and network");
        }
        let ended = &of("log_out_customer")[0];
        assert_eq!((&ended["account"], &ended["session"]), (&success["account"], &success["session"]));
        let rejected = &of("refresh_customer")[0];
        assert_eq!(rejected["code"], "invalid_refresh_token");
        assert_eq!(rejected["network_hash"], first["network_hash"]);
        let sent = &of("send_message_as_customer")[0];
        assert_eq!((&sent["account"], &sent["room"]), (&json!(customer.id), &json!(room)));
        assert_eq!(sent["session"], success["session"]);
        assert_eq!(of("open_room")[0]["room"], room);
        for route in ["$connect", "sendMessage", "$disconnect"] {
            let line = &of(route)[0];
            assert_eq!(line["account"], company.id, "{line}");
            assert!(line["session"].is_i64() && line["connection"].is_string(), "{line}");
        }
        assert_eq!(of("sendMessage")[0]["room"], room);
    });
}
