//! A conversation of a customer and a company, from the sign-up to the history after a restart.

use chatchat_harness::Person;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{block_on, client_of, next_event, start_system};

const MESSAGES: usize = 200;

/// A text with Korean, emoji of several code points, line breaks, quotes, and characters that have
/// a meaning in JSON or SQL.
fn text(number: usize) -> String {
    let kinds = [
        "안녕하세요, 주문하려고요.",
        "👩‍👩‍👧‍👦 네 명이요 🇰🇷 ☕️",
        "첫 줄\n둘째 줄\r\n셋째 줄\t끝",
        r#"그는 "네"라고 했다 \ ' ; -- $1 % _ {company}"#,
        "ㄱㅏㄴㅏ 가나 é \u{202e}gnirts\u{202c} ﷽",
    ];
    format!("{number}. {}", kinds[number % kinds.len()])
}

#[test]
fn messages_arrive_once_in_order_and_survive_a_restart() {
    block_on(|| async {
        let system = start_system().await;
        let client = client_of(&system);
        let company = Person::company(&client, "새벽빵집").await.unwrap();
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        company.become_visible().await.unwrap();
        let found =
            client.call(Method::GET, "/companies?keyword=%EB%B9%B5", None, &Value::Null).await.unwrap();
        assert_eq!(found.body["companySummaries"][0]["id"], company.id);
        let room = customer.open_room(&company).await.unwrap();

        let mut sockets = [customer.connect().await.unwrap(), company.connect().await.unwrap()];
        for number in 0..MESSAGES {
            let [customer, company] = &mut sockets;
            let (sender, receiver) = if number % 2 == 0 { (customer, company) } else { (company, customer) };
            let id = sender.say(room, &text(number)).await.unwrap();
            let ack = next_event(sender).await;
            assert_eq!((&ack["type"], &ack["clientMessageId"]), (&json!("ack"), &json!(id)));
            // The guide message is seq 1.
            assert_eq!(ack["seq"], number + 2);
            let pushed = next_event(receiver).await;
            assert_eq!(pushed["type"], "message", "{pushed}");
            assert_eq!(pushed["message"]["seq"], number + 2);
            assert_eq!(pushed["message"]["content"], text(number));
            assert_eq!(pushed["message"].get("clientMessageId"), None, "only the sender gets it");
        }

        let last = MESSAGES + 1;
        for person in [&customer, &company] {
            let listed = person.listed_room(room).await.unwrap();
            assert_eq!(listed["unreadMessageCount"], MESSAGES / 2);
            assert_eq!(listed["lastMessage"], text(MESSAGES - 1));
        }
        let [customer_socket, company_socket] = &mut sockets;
        customer_socket
            .send(&json!({ "action": "markRead", "roomId": room, "seq": last - 10 }))
            .await
            .unwrap();
        let read = next_event(company_socket).await;
        assert_eq!(
            read,
            json!({ "type": "read", "roomId": room, "readerId": customer.id, "seq": last - 10 })
        );
        assert_eq!(customer.listed_room(room).await.unwrap()["unreadMessageCount"], 5);
        company
            .call(Method::PUT, &format!("{}/read", company.room(room)), &json!({ "seq": last }))
            .await
            .unwrap()
            .expect(204)
            .unwrap();
        assert_eq!(company.listed_room(room).await.unwrap()["unreadMessageCount"], 0);

        let before = [customer.history(room).await.unwrap(), company.history(room).await.unwrap()];
        assert_history(&before[0], &customer, &company);
        assert_history(&before[1], &company, &customer);

        let system = system.restart().await.unwrap();
        let client = client_of(&system);
        for (mut person, before) in [(customer, &before[0]), (company, &before[1])] {
            person.client = client.clone();
            assert_eq!(person.get("/health").await.unwrap().status, 200);
            assert_eq!(
                &person.history(room).await.unwrap(),
                before,
                "the access token is still valid and shows the same history"
            );
            let detail = person.get(&person.room(room)).await.unwrap().expect(200).unwrap().body;
            let (mine, theirs) =
                if person.kind == "customer" { (last - 10, last) } else { (last, last - 10) };
            assert_eq!((&detail["readSeq"], &detail["receiverReadSeq"]), (&json!(mine), &json!(theirs)));
        }
        system.stop().await;
    });
}

/// Asserts that a history has exactly the texts that were sent, seqs from 1, times that do not
/// decrease, and `clientMessageId` on `me`'s own messages only.
fn assert_history(history: &[Value], me: &Person, other: &Person) {
    assert_eq!(history.len(), MESSAGES + 1);
    let (customer, company) = if me.kind == "customer" { (me, other) } else { (other, me) };
    assert_eq!((&history[0]["type"], &history[0]["senderId"]), (&json!("auto"), &json!(company.id)));
    for (number, message) in history[1..].iter().enumerate() {
        let sender = if number % 2 == 0 { customer } else { company };
        assert_eq!(message["seq"], number + 2);
        assert_eq!(message["content"], text(number));
        assert_eq!(message["senderId"], sender.id);
        assert_eq!(message.get("clientMessageId").is_some(), sender.id == me.id);
        assert!(message["createdAt"].as_str() >= history[number]["createdAt"].as_str());
    }
}
