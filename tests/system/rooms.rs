//! Rooms: opening them, reading their messages, sending over HTTP, read markers, and blocked
//! customers.

use chatchat_harness::Person;
use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    World, assert_refused, in_world, mark_read, message_body, next_event, rounds, send_message,
    send_message_with_id, withdraw,
};

async fn unread(person: &Person, room: i64) -> i64 {
    person.listed_room(room).await.unwrap()["unreadMessageCount"].as_i64().unwrap()
}

#[test]
fn room_opens_once_with_the_companys_guide_message() {
    in_world(|world| async move {
        let (customer, company) = (world.customer().await, world.company().await);
        let open = || async {
            customer.post("/customer/chatrooms", &json!({ "companyId": company.id })).await.unwrap()
        };
        let (first, second) = (open().await, open().await);
        assert_eq!((first.status, second.status), (201, 200));
        assert_eq!(first.body, second.body);
        let room = first.body["chatRoomId"].as_i64().unwrap();
        let history = customer.history(room).await.unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!((&history[0]["type"], &history[0]["senderId"]), (&json!("auto"), &json!(company.id)));
        assert!(history[0]["content"].as_str().unwrap().starts_with("안녕하세요, 새벽빵집입니다."));
        assert_eq!(unread(&customer, room).await, 0, "the guide message does not count as unread");
        assert_eq!(company.listed_room(room).await.unwrap(), Value::Null, "there is no typed message yet");
    });
}

#[test]
fn fifty_openings_at_once_create_one_room() {
    in_world(|world| async move {
        for _ in 0..rounds() {
            let (customer, company) = (world.customer().await, world.company().await);
            let body = json!({ "companyId": company.id });
            let answers = join_all((0..50).map(|_| customer.post("/customer/chatrooms", &body))).await;
            let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
            assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
            assert!(answers.iter().all(|answer| answer.body == answers[0].body && answer.status < 300));
            let room = answers[0].body["chatRoomId"].as_i64().unwrap();
            assert_eq!(customer.history(room).await.unwrap().len(), 1);
            let listed = customer.get("/customer/chatrooms").await.unwrap().body;
            assert_eq!(listed["chatRooms"].as_array().unwrap().len(), 1);
        }
    });
}

#[test]
fn resend_gets_the_first_answer_and_rejects_other_content() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let id = Uuid::new_v4();
        let first = send_message_with_id(&customer, room, id, " 주문이요 ").await;
        let second = send_message_with_id(&customer, room, id, "주문이요").await;
        assert_eq!((first.status, second.status), (201, 200));
        assert_eq!(first.body, second.body);
        assert_eq!(first.body["content"], "주문이요");
        let reused = send_message_with_id(&customer, room, id, "다른 말").await;
        assert_eq!((reused.status, reused.code()), (409, "message_id_reused"));
        let other_side = send_message_with_id(&company, room, id, "회사도 같은 id를 쓸 수 있습니다").await;
        assert_eq!(other_side.status, 201, "an id belongs to its sender");
        assert_eq!(company.history(room).await.unwrap().len(), 3);
    });
}

#[test]
fn fifty_sends_of_one_message_store_it_once() {
    in_world(|world| async move {
        let (customer, _, room) = world.pair().await;
        for round in 2..rounds() + 2 {
            let id = Uuid::new_v4();
            let sends = (0..50).map(|_| send_message_with_id(&customer, room, id, "한 번만"));
            let answers = join_all(sends).await;
            assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
            assert!(answers.iter().all(|answer| answer.status < 300 && answer.body == answers[0].body));
            assert_eq!(answers[0].body["seq"], round);
        }
    });
}

#[test]
fn concurrent_sends_get_consecutive_seqs_and_exact_counts() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let both = (0..60).map(|number| {
            let person = if number % 2 == 0 { &customer } else { &company };
            let reader = if number % 3 == 0 { &customer } else { &company };
            async move {
                let sent = send_message(person, room, &format!("{number}")).await.expect(201).unwrap();
                mark_read(reader, room, sent.body["seq"].as_i64().unwrap()).await;
            }
        });
        join_all(both).await;
        let history = customer.history(room).await.unwrap();
        let seqs: Vec<_> = history.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs, (1..=61).collect::<Vec<_>>());
        let times: Vec<_> = history.iter().map(|message| message["createdAt"].as_str().unwrap()).collect();
        assert!(times.is_sorted());
        for (person, other) in [(&customer, &company), (&company, &customer)] {
            let detail = person.get(&person.room(room)).await.unwrap().body;
            let read = detail["readSeq"].as_i64().unwrap();
            let left = history.iter().filter(|m| {
                m["senderId"] == other.id && m["type"] == "general" && m["seq"].as_i64() > Some(read)
            });
            assert_eq!(unread(person, room).await, i64::try_from(left.count()).unwrap());
            mark_read(person, room, 61).await;
            assert_eq!(unread(person, room).await, 0);
        }
    });
}

#[test]
fn room_shows_both_markers_and_the_newest_seq() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        send_message(&company, room, "어서 오세요").await.expect(201).unwrap();
        send_message(&customer, room, "안녕하세요").await.expect(201).unwrap();
        mark_read(&customer, room, 2).await;
        mark_read(&company, room, 3).await;
        for (person, other, read, other_read) in [(&customer, &company, 2, 3), (&company, &customer, 3, 2)] {
            let shown = person.get(&person.room(room)).await.unwrap().body;
            let name = other.get(other.profile()).await.unwrap().body["name"].clone();
            for (field, value) in [
                ("id", json!(room)),
                ("receiverId", json!(other.id)),
                ("receiverName", name),
                ("receiverImageUrl", Value::Null),
                ("receiverDeleted", json!(false)),
                ("readSeq", json!(read)),
                ("receiverReadSeq", json!(other_read)),
                ("lastSeq", json!(3)),
            ] {
                assert_eq!(shown[field], value, "{field}");
            }
            assert_eq!(shown["messages"].as_array().unwrap().len(), 3);
        }
    });
}

#[test]
fn read_marker_moves_forward_only_and_stops_at_the_newest_seq() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        for number in 0..3 {
            send_message(&company, room, &format!("{number}")).await.expect(201).unwrap();
        }
        let marker =
            || async { customer.get(&customer.room(room)).await.unwrap().body["readSeq"].as_i64().unwrap() };
        for (seq, marked, left) in [(0, 0, 3), (2, 2, 2), (1, 2, 2), (9_007_199_254_740_991, 4, 0), (2, 4, 0)]
        {
            mark_read(&customer, room, seq).await;
            assert_eq!((marker().await, unread(&customer, room).await), (marked, left), "after {seq}");
        }
        send_message(&company, room, "새 소식").await;
        assert_eq!(unread(&customer, room).await, 1, "a message after the marker is unread");
    });
}

#[test]
fn message_pages_reach_any_part_of_the_history() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        for number in 2..=45 {
            send_message(&customer, room, &format!("{number}")).await.expect(201).unwrap();
        }
        let seqs = |query: &'static str| {
            let path = format!("{}{query}", company.room(room));
            let company = company.clone();
            async move {
                let body = company.get(&path).await.unwrap().expect(200).unwrap().body;
                let messages = body["messages"].as_array().unwrap();
                assert_eq!(body["lastSeq"], 45);
                messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect::<Vec<_>>()
            }
        };
        let range = |from: i64, to: i64| (from..=to).collect::<Vec<_>>();
        assert_eq!(seqs("").await, range(26, 45));
        assert_eq!(seqs("?limit=1").await, range(45, 45));
        assert_eq!(seqs("?limit=44").await, range(2, 45));
        assert_eq!(seqs("?limit=100").await, range(1, 45));
        assert_eq!(seqs("/messages").await, range(26, 45));
        assert_eq!(seqs("/messages?limit=3").await, range(43, 45));
        assert_eq!(seqs("/messages?after=0&limit=3").await, range(1, 3));
        assert_eq!(seqs("/messages?after=40").await, range(41, 45));
        assert_eq!(seqs("/messages?after=45").await, range(1, 0));
        assert_eq!(seqs("/messages?before=10&limit=3").await, range(7, 9));
        assert_eq!(seqs("/messages?before=2").await, range(1, 1));
        assert_eq!(seqs("/messages?before=0").await, range(1, 0));
        assert_eq!(seqs("/messages?before=9007199254740991&limit=100").await, range(1, 45));
    });
}

/// Asserts that each route answers a stranger about a room as it does about a room that does not
/// exist.
async fn assert_looks_missing(world: &World, stranger: &Person, room: i64) {
    let missing = 9_007_199_254_740_991_i64;
    let message = message_body("안녕하세요");
    for (method, path, body) in [
        (Method::GET, "", Value::Null),
        (Method::GET, "/messages", Value::Null),
        (Method::POST, "/messages", message),
        (Method::PUT, "/read", json!({ "seq": 1 })),
    ] {
        let mut bodies = Vec::new();
        for id in [room, missing] {
            let path = format!("{}{path}", stranger.room(id));
            let mut answer = stranger.call(method.clone(), &path, &body).await.unwrap();
            assert_eq!((answer.status, answer.code()), (404, "room_not_found"), "{method} {path}");
            answer.body.as_object_mut().unwrap().remove("requestId");
            bodies.push(answer.body);
        }
        assert_eq!(bodies[0], bodies[1], "a foreign and a missing room get the same answer");
    }
    let rows =
        world.database().await.query("select 1 from messages where room_id = $1", &[&room]).await.unwrap();
    assert_eq!(rows.len(), 1, "no message was stored");
}

#[test]
fn foreign_room_gets_the_answer_of_a_missing_one() {
    in_world(|world| async move {
        let (_, _, room) = world.pair().await;
        assert_looks_missing(world, &world.customer().await, room).await;
        assert_looks_missing(world, &world.company().await, room).await;
    });
}

#[test]
fn room_with_a_withdrawn_account_is_read_only() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        send_message(&company, room, "안녕히 가세요").await.expect(201).unwrap();
        withdraw(&company).await.expect(204).unwrap();
        let listed = customer.listed_room(room).await.unwrap();
        assert_eq!(
            (&listed["receiverDeleted"], &listed["receiverName"], &listed["receiverImageUrl"]),
            (&json!(true), &Value::Null, &Value::Null)
        );
        assert_eq!(customer.history(room).await.unwrap().len(), 2);
        let refused = send_message(&customer, room, "계세요?").await;
        assert_eq!((refused.status, refused.code()), (409, "receiver_withdrawn"));
        let withdrawn = company.get(&company.room(room)).await.unwrap();
        assert_eq!((withdrawn.status, withdrawn.code()), (401, "unauthenticated"));
    });
}

#[test]
fn left_room_is_off_the_customers_list_until_the_next_message() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let listed = async || customer.listed_room(room).await.unwrap();
        let unread_total =
            async || customer.get("/customer/chatrooms").await.unwrap().body["unreadTotal"].clone();
        let leave = async || customer.call(Method::DELETE, &customer.room(room), &Value::Null).await.unwrap();
        send_message(&customer, room, "주문할게요").await;
        send_message(&company, room, "네, 준비할게요").await;
        assert_eq!(unread_total().await, 1);
        let history = customer.history(room).await.unwrap();

        for _ in 0..2 {
            assert_eq!(leave().await.status, 204, "leaving again changes nothing");
        }
        assert_eq!(listed().await, Value::Null);
        assert_eq!(unread_total().await, 0);
        for filter in ["filter=unread", "filter=unanswered", "keyword=새벽"] {
            let found = customer.get(&format!("/customer/chatrooms?{filter}")).await.unwrap().body;
            assert_eq!(found["chatRooms"], json!([]), "{filter}");
        }
        // Otherwise the room is as it was, for both sides.
        assert_eq!(customer.history(room).await.unwrap(), history);
        assert_eq!(company.listed_room(room).await.unwrap()["lastMessage"], "네, 준비할게요");
        let opened = customer.post("/customer/chatrooms", &json!({ "companyId": company.id })).await.unwrap();
        assert_eq!((opened.status, &opened.body["chatRoomId"]), (200, &json!(room)));
        mark_read(&customer, room, 2).await;
        assert_eq!(listed().await, Value::Null, "neither opening nor reading the room brings it back");

        send_message(&company, room, "다 됐어요").await;
        assert_eq!(
            listed().await["unreadMessageCount"],
            2,
            "the message from before the leaving is still unread"
        );
        assert_eq!(unread_total().await, 2);

        let seen = format!("{}?seq=3", customer.room(room));
        let left = customer.call(Method::DELETE, &seen, &Value::Null).await.unwrap();
        assert_eq!(left.status, 204);
        assert_eq!(listed().await["lastMessage"], "다 됐어요", "the customer has not seen message 4");

        leave().await;
        send_message(&customer, room, "고마워요").await;
        assert_eq!(listed().await["lastMessage"], "고마워요", "an own message brings it back too");
    });
}

#[test]
fn room_left_while_messages_arrive_is_back_with_the_next_one() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        for _ in 0..rounds() {
            let sends = (0..10).map(|_| send_message(&company, room, "도착 알림"));
            let path = customer.room(room);
            let (left, _) = join(customer.call(Method::DELETE, &path, &Value::Null), join_all(sends)).await;
            assert_eq!(left.unwrap().status, 204);
            // The last of the ten may have been stored before the customer left.
            send_message(&company, room, "다음 메시지").await;
            assert_eq!(customer.listed_room(room).await.unwrap()["lastMessage"], "다음 메시지");
        }
    });
}

#[test]
fn blocked_customer_can_read_but_not_send() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let entry = json!({ "question": "언제 여나요?", "answer": "7시" });
        let entry = company.post("/company/auto-replies", &entry).await.unwrap().expect(201).unwrap();
        let ask = format!("/auto-replies/{}", entry.body["id"]);
        let (mut asks, mut answers) = (customer.connect().await.unwrap(), company.connect().await.unwrap());
        let id = Uuid::new_v4();
        let before = send_message_with_id(&customer, room, id, "막히기 전").await.expect(201).unwrap();
        assert_eq!(next_event(&mut answers).await["message"]["content"], "막히기 전");
        assert_eq!(next_event(&mut asks).await["message"]["content"], "막히기 전");
        let block = format!("{}/block", company.room(room));
        let shown = async |blocked: bool| {
            for person in [&customer, &company] {
                assert_eq!(person.listed_room(room).await.unwrap()["blocked"], blocked);
                assert_eq!(person.get(&person.room(room)).await.unwrap().body["blocked"], blocked);
            }
        };
        shown(false).await;
        for _ in 0..2 {
            let answer = company.call(Method::PUT, &block, &Value::Null).await.unwrap();
            assert_eq!(answer.status, 204, "blocking is idempotent");
        }
        shown(true).await;
        assert_refused(&send_message(&customer, room, "막혔나요?").await, 403, "blocked");
        let question = json!({ "chatRoomId": room });
        assert_refused(&customer.post(&ask, &question).await.unwrap(), 403, "blocked");
        let repeat = send_message_with_id(&customer, room, id, "막히기 전").await.expect(200).unwrap();
        assert_eq!(repeat.body, before.body, "a stored message is acknowledged again");
        asks.send(&json!({ "action": "typing", "roomId": room })).await.unwrap();
        asks.say(room, "들리나요?").await.unwrap();
        assert_eq!(asks.next_of("error").await.unwrap()["code"], "blocked");
        send_message(&company, room, "차단했어요").await.expect(201).unwrap();
        assert_eq!(next_event(&mut answers).await["message"]["content"], "차단했어요", "no typing before it");
        assert_eq!(customer.history(room).await.unwrap().len(), 3);

        for _ in 0..2 {
            let answer = company.call(Method::DELETE, &block, &Value::Null).await.unwrap();
            assert_eq!(answer.status, 204);
        }
        shown(false).await;
        send_message(&customer, room, "다시 됩니다").await.expect(201).unwrap();
    });
}
