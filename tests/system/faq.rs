//! A company's FAQ: its entries, who can read them, and asking an entry in a room.

use chatchat_harness::{Answer, Person};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    World, assert_refused, in_world, mark_read, next_event, rounds, send_message, send_message_with_id,
    withdraw,
};

async fn add(company: &Person, question: &str, answer: &str) -> Answer {
    company.post("/company/auto-replies", &json!({ "question": question, "answer": answer })).await.unwrap()
}

/// Adds an entry, and returns its id.
async fn entry(company: &Person, question: &str, answer: &str) -> i64 {
    add(company, question, answer).await.expect(201).unwrap().body["id"].as_i64().unwrap()
}

async fn entries(company: &Person) -> Vec<Value> {
    let answer = company.get("/company/auto-replies").await.unwrap().expect(200).unwrap();
    answer.body["autoReplies"].as_array().unwrap().clone()
}

async fn questions(world: &World, person: Option<&Person>, company: i64) -> Answer {
    let path = format!("/auto-replies?companyId={company}");
    world
        .client
        .call(Method::GET, &path, person.map(|person| person.token.as_str()), &Value::Null)
        .await
        .unwrap()
}

async fn ask(customer: &Person, entry: i64, room: i64, id: Option<Uuid>) -> Answer {
    let mut body = json!({ "chatRoomId": room });
    if let Some(id) = id {
        body["clientMessageId"] = id.to_string().into();
    }
    customer.post(&format!("/auto-replies/{entry}"), &body).await.unwrap()
}

#[test]
fn entries_are_listed_oldest_first_changed_and_deleted() {
    in_world(|world| async move {
        let company = world.company().await;
        assert_eq!(entries(&company).await, [] as [Value; 0]);
        let first = entry(&company, " 언제 여나요? ", "아침 7시입니다.").await;
        let second = entry(&company, "주차되나요?", "네, 두 대까지요.").await;
        let change = json!({ "question": "언제 닫나요?", "answer": "저녁 8시입니다." });
        let path = format!("/company/auto-replies/{first}");
        company.call(Method::PATCH, &path, &change).await.unwrap().expect(204).unwrap();
        assert_eq!(
            entries(&company).await,
            [
                json!({ "id": first, "question": "언제 닫나요?", "answer": "저녁 8시입니다." }),
                json!({ "id": second, "question": "주차되나요?", "answer": "네, 두 대까지요." })
            ]
        );
        assert_eq!(
            questions(world, None, company.id).await.expect(200).unwrap().body,
            json!({ "autoReplies": entries(&company).await }),
            "the public list has the same entries"
        );
        company.call(Method::DELETE, &path, &Value::Null).await.unwrap().expect(204).unwrap();
        assert_refused(
            &company.call(Method::DELETE, &path, &Value::Null).await.unwrap(),
            404,
            "auto_reply_not_found",
        );
        assert_eq!(entries(&company).await.len(), 1);
    });
}

#[test]
fn fifty_entries_at_once_keep_six_and_a_deletion_frees_one() {
    in_world(|world| async move {
        for _ in 0..rounds() {
            let company = world.company().await;
            let answers = join_all((0..50).map(|_| add(&company, "질문", "답"))).await;
            assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 6);
            assert_eq!(answers.iter().filter(|answer| answer.code() == "faq_limit_reached").count(), 44);
            let kept = entries(&company).await;
            assert_eq!(kept.len(), 6);
            let path = format!("/company/auto-replies/{}", kept[2]["id"]);
            let deletions =
                join_all((0..10).map(|_| company.call(Method::DELETE, &path, &Value::Null))).await;
            assert_eq!(deletions.iter().filter(|answer| answer.as_ref().unwrap().status == 204).count(), 1);
            let answers = join_all((0..10).map(|_| add(&company, "질문", "답"))).await;
            assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "one more fits");
            assert_eq!(entries(&company).await.len(), 6);
        }
        println!("50 entries at once, {} rounds", rounds());
    });
}

#[test]
fn hidden_companys_faq_is_shown_to_itself_and_its_customers() {
    in_world(|world| async move {
        let (customer, company, _) = world.pair().await;
        let stranger = world.customer().await;
        entry(&company, "언제 여나요?", "7시").await;
        let hide = json!({ "profileVisibility": false });
        company.call(Method::PATCH, "/companies/me", &hide).await.unwrap().expect(204).unwrap();
        for person in [&customer, &company] {
            assert_eq!(questions(world, Some(person), company.id).await.status, 200);
        }
        for person in [Some(&stranger), None] {
            assert_refused(&questions(world, person, company.id).await, 404, "company_not_found");
        }
        withdraw(&company).await.expect(204).unwrap();
        for person in [Some(&customer), Some(&stranger), None] {
            assert_refused(&questions(world, person, company.id).await, 404, "company_not_found");
        }
        assert_refused(&questions(world, None, customer.id).await, 404, "company_not_found");
    });
}

#[test]
fn foreign_entry_gets_the_answer_of_a_missing_one() {
    in_world(|world| async move {
        let (one, other) = (world.company().await, world.company().await);
        let foreign = entry(&other, "언제 여나요?", "7시").await;
        let change = json!({ "question": "바꾼 질문", "answer": "바꾼 답" });
        for id in [foreign, 9_007_199_254_740_991] {
            let path = format!("/company/auto-replies/{id}");
            for (method, body) in [(Method::PATCH, &change), (Method::DELETE, &Value::Null)] {
                assert_refused(&one.call(method, &path, body).await.unwrap(), 404, "auto_reply_not_found");
            }
        }
        assert_eq!(
            entries(&other).await,
            [json!({ "id": foreign, "question": "언제 여나요?", "answer": "7시" })]
        );
    });
}

#[test]
fn asking_stores_and_pushes_question_and_answer() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let faq = entry(&company, "언제 여나요?", "아침 7시입니다.").await;
        let mut company_socket = company.connect().await.unwrap();
        let mut own_sockets = [customer.connect().await.unwrap(), customer.connect().await.unwrap()];
        let id = Uuid::new_v4();
        let asked = ask(&customer, faq, room, Some(id)).await.expect(201).unwrap().body;
        assert_eq!(asked["answer"], "아침 7시입니다.");
        let [question, answer] = &asked["messages"].as_array().unwrap()[..] else { panic!("two messages") };
        assert_eq!(
            (&question["seq"], &question["type"], &question["senderId"], &question["content"]),
            (&json!(2), &json!("auto"), &json!(customer.id), &json!("언제 여나요?"))
        );
        assert_eq!(
            (&answer["seq"], &answer["type"], &answer["senderId"], &answer["content"]),
            (&json!(3), &json!("auto"), &json!(company.id), &json!("아침 7시입니다."))
        );
        assert_eq!(
            (&question["clientMessageId"], answer.get("clientMessageId")),
            (&json!(id.to_string()), None)
        );
        let sockets =
            own_sockets.iter_mut().map(|socket| (true, socket)).chain([(false, &mut company_socket)]);
        for (shown, socket) in sockets {
            let mut pushed = [next_event(socket).await, next_event(socket).await];
            pushed.sort_by_key(|event| event["message"]["seq"].as_i64());
            for (event, kept) in pushed.iter().zip([question, answer]) {
                assert_eq!(event["type"], "message", "{event}");
                assert_eq!((&event["roomId"], &event["message"]["id"]), (&json!(room), &kept["id"]));
                let sender = if kept == question { "김하늘" } else { "새벽빵집" };
                assert_eq!(event["sender"], json!({ "name": sender, "imageUrl": null }));
            }
            let id = pushed[0]["message"].get("clientMessageId");
            assert_eq!(id.is_some(), shown, "only the sender sees the id: {}", pushed[0]);
        }
        let history = company.history(room).await.unwrap();
        assert_eq!(history.iter().filter(|message| message.get("clientMessageId").is_some()).count(), 0);
        assert_eq!(customer.history(room).await.unwrap()[1..], [question.clone(), answer.clone()]);
    });
}

#[test]
fn asking_changes_no_unread_count_and_no_company_list() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let faq = entry(&company, "언제 여나요?", "아침 7시입니다.").await;
        ask(&customer, faq, room, None).await.expect(201).unwrap();
        let listed = customer.listed_room(room).await.unwrap();
        assert_eq!(
            (&listed["unreadMessageCount"], &listed["lastMessage"]),
            (&json!(0), &json!("아침 7시입니다."))
        );
        assert_eq!(company.listed_room(room).await.unwrap(), Value::Null, "there is no typed message");
        let total = || async {
            let listed = company.get("/company/chatrooms").await.unwrap().body;
            listed["chatRooms"].as_array().unwrap().len()
        };
        assert_eq!(total().await, 0);
        send_message(&customer, room, "사람 있나요?").await.expect(201).unwrap();
        send_message(&company, room, "네, 있습니다.").await.expect(201).unwrap();
        ask(&customer, faq, room, None).await.expect(201).unwrap();
        for person in [&customer, &company] {
            let listed = person.listed_room(room).await.unwrap();
            assert_eq!(
                (&listed["unreadMessageCount"], &listed["lastMessage"]),
                (&json!(1), &json!("아침 7시입니다."))
            );
        }
        assert_eq!(total().await, 1);
        mark_read(&company, room, 7).await;
        assert_eq!(company.listed_room(room).await.unwrap()["unreadMessageCount"], 0);
    });
}

#[test]
fn asking_fifty_times_with_one_id_stores_two_messages() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let faq = entry(&company, "언제 여나요?", "7시").await;
        for round in 1..=rounds() {
            let id = Uuid::new_v4();
            let answers = join_all((0..50).map(|_| ask(&customer, faq, room, Some(id)))).await;
            assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
            assert!(answers.iter().all(|answer| answer.status < 300 && answer.body == answers[0].body));
            assert_eq!(customer.history(room).await.unwrap().len(), 1 + 2 * round);
        }
        println!("50 questions at once with one id, {} rounds", rounds());
    });
}

#[test]
fn message_id_reused_for_another_message_gets_409() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let (faq, other) =
            (entry(&company, "언제 여나요?", "7시").await, entry(&company, "주차되나요?", "네").await);
        let (asked, typed) = (Uuid::new_v4(), Uuid::new_v4());
        let first = ask(&customer, faq, room, Some(asked)).await.expect(201).unwrap();
        send_message_with_id(&customer, room, typed, "언제 여나요?").await.expect(201).unwrap();
        let again = ask(&customer, faq, room, Some(asked)).await;
        assert_eq!((again.status, again.body), (200, first.body), "a repeat gets the first answer");
        assert_refused(&ask(&customer, other, room, Some(asked)).await, 409, "message_id_reused");
        assert_refused(&ask(&customer, faq, room, Some(typed)).await, 409, "message_id_reused");
        let reused = send_message_with_id(&customer, room, asked, "언제 여나요?").await;
        assert_refused(&reused, 409, "message_id_reused");
        assert_eq!(customer.history(room).await.unwrap().len(), 4, "the rejected messages are not stored");
        send_message_with_id(&company, room, asked, "another sender's id").await.expect(201).unwrap();
    });
}

#[test]
fn asked_entry_stays_in_the_room_after_change_and_deletion() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let faq = entry(&company, "언제 여나요?", "7시").await;
        let id = Uuid::new_v4();
        let first = ask(&customer, faq, room, Some(id)).await.expect(201).unwrap();
        let path = format!("/company/auto-replies/{faq}");
        let answer_alone = json!({ "question": "언제 여나요?", "answer": "8시" });
        company.call(Method::PATCH, &path, &answer_alone).await.unwrap().expect(204).unwrap();
        assert_eq!(ask(&customer, faq, room, Some(id)).await.expect(200).unwrap().body, first.body);
        let both = json!({ "question": "몇 시에 여나요?", "answer": "8시" });
        company.call(Method::PATCH, &path, &both).await.unwrap().expect(204).unwrap();
        assert_eq!(ask(&customer, faq, room, Some(id)).await.expect(200).unwrap().body, first.body);
        company.call(Method::DELETE, &path, &Value::Null).await.unwrap().expect(204).unwrap();
        assert_eq!(ask(&customer, faq, room, Some(id)).await.expect(200).unwrap().body, first.body);
        assert_refused(&ask(&customer, faq, room, None).await, 404, "auto_reply_not_found");
        assert_eq!(customer.history(room).await.unwrap().len(), 3);
    });
}

#[test]
fn entry_can_be_asked_in_an_own_open_room_of_its_company() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let (stranger, other, foreign_room) = world.pair().await;
        let (faq, foreign) =
            (entry(&company, "언제 여나요?", "7시").await, entry(&other, "언제 여나요?", "9시").await);
        let unknown = 9_007_199_254_740_991;
        for id in [foreign, unknown] {
            assert_refused(&ask(&customer, id, room, None).await, 404, "auto_reply_not_found");
        }
        for id in [foreign_room, unknown] {
            assert_refused(&ask(&customer, faq, id, None).await, 404, "room_not_found");
        }
        assert_refused(&ask(&company, faq, room, None).await, 403, "wrong_role");
        let kept = Uuid::new_v4();
        let first = ask(&customer, faq, room, Some(kept)).await.expect(201).unwrap();
        withdraw(&company).await.expect(204).unwrap();
        assert_refused(&ask(&customer, faq, room, Some(Uuid::new_v4())).await, 409, "receiver_withdrawn");
        assert_eq!(
            ask(&customer, faq, room, Some(kept)).await.expect(200).unwrap().body,
            first.body,
            "it was stored before the withdrawal"
        );
        assert_eq!(customer.history(room).await.unwrap().len(), 3);
        assert_eq!(stranger.history(foreign_room).await.unwrap().len(), 1);
    });
}

#[test]
fn sends_and_questions_at_once_get_consecutive_seqs() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let faq = entry(&company, "언제 여나요?", "7시").await;
        let all = (0..40).map(|number| {
            let (customer, company) = (&customer, &company);
            async move {
                match number % 3 {
                    0 => ask(customer, faq, room, Some(Uuid::new_v4())).await,
                    1 => send_message(customer, room, "말").await,
                    _ => send_message(company, room, "말").await,
                }
            }
        });
        assert!(join_all(all).await.iter().all(|answer| answer.status == 201));
        let history = customer.history(room).await.unwrap();
        let seqs: Vec<_> = history.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs, (1..=1 + 40 + 14).collect::<Vec<_>>());
        for pair in history.windows(2) {
            let question = pair[0]["type"] == "auto" && pair[0]["senderId"] == customer.id;
            assert!(
                !question || pair[1]["type"] == "auto" && pair[1]["senderId"] == company.id,
                "the next message is the answer"
            );
        }
        assert_eq!(
            company.listed_room(room).await.unwrap()["unreadMessageCount"],
            13,
            "the messages that the customer typed"
        );
    });
}
