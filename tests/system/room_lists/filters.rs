//! Filters and keywords.

use chatchat_harness::Person;
use serde_json::{Value, json};

use super::{all_ids, ids, list, many_rooms, rename, send};
use crate::{World, in_world, mark_read, withdraw};

/// A company, and four customers with a room each. The first room has no message of a person. The
/// others have a message of the customer: an unread one, a read one, and one that the company
/// answered without reading it.
async fn four_rooms(world: &World) -> (Person, Vec<Person>, Vec<i64>) {
    let company = world.company().await;
    let (mut customers, mut rooms) = (Vec::new(), Vec::new());
    for number in 0..4 {
        let customer = world.customer().await;
        let room = customer.open_room(&company).await.unwrap();
        if number > 0 {
            let seq = send(&customer, room).await;
            match number {
                2 => mark_read(&company, room, seq).await,
                3 => drop(send(&company, room).await),
                _ => {}
            }
        }
        customers.push(customer);
        rooms.push(room);
    }
    (company, customers, rooms)
}

#[test]
fn unread_and_unanswered_rooms_of_a_company_are_found() {
    in_world(|world| async move {
        let (company, _, rooms) = four_rooms(world).await;
        let found = async |query: &str| all_ids(&company, query).await;
        assert_eq!(found("").await, [rooms[3], rooms[2], rooms[1]]);
        assert_eq!(found("filter=unread").await, [rooms[3], rooms[1]]);
        assert_eq!(found("filter=unanswered").await, [rooms[2], rooms[1]]);
        for (query, expected) in
            [("filter=unread", [rooms[3], rooms[1]]), ("filter=unanswered", [rooms[2], rooms[1]])]
        {
            assert_eq!(found(&format!("{query}&limit=1")).await, expected, "with cursors");
            assert_eq!(found(&format!("{query}&limit=1&keyword=하늘")).await, expected, "with a keyword too");
            assert_eq!(found(&format!("{query}&keyword=바다")).await, [] as [i64; 0]);
        }
        assert_eq!(list(&company, "filter=unread&limit=1").await["unreadTotal"], 2);
        mark_read(&company, rooms[3], 3).await;
        send(&company, rooms[1]).await;
        assert_eq!(found("filter=unread").await, [rooms[1]]);
        assert_eq!(found("filter=unanswered").await, [rooms[2]]);
    });
}

#[test]
fn unread_and_unanswered_rooms_of_a_customer_are_found() {
    in_world(|world| async move {
        let (_, customers, rooms) = four_rooms(world).await;
        for (number, unread, unanswered) in
            [(0, false, false), (1, false, true), (2, false, true), (3, true, false)]
        {
            let room = [rooms[number]];
            let expected = |is_found: bool| if is_found { &room[..] } else { &[] };
            assert_eq!(all_ids(&customers[number], "").await, room);
            assert_eq!(all_ids(&customers[number], "filter=unread").await, expected(unread), "{number}");
            assert_eq!(
                all_ids(&customers[number], "filter=unanswered").await,
                expected(unanswered),
                "{number}"
            );
        }
    });
}

#[test]
fn faq_messages_do_not_change_whether_a_room_is_unanswered() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let entry = json!({ "question": "언제 여나요?", "answer": "아침 7시입니다." });
        let entry = company.post("/company/auto-replies", &entry).await.unwrap().body["id"].clone();
        let ask = async || {
            let path = format!("/auto-replies/{entry}");
            customer.post(&path, &json!({ "chatRoomId": room })).await.unwrap().expect(201).unwrap();
        };
        let unanswered = async || all_ids(&customer, "filter=unanswered").await.len();
        ask().await;
        assert_eq!(unanswered().await, 0, "an FAQ question needs no answer of a person");
        send(&customer, room).await;
        ask().await;
        assert_eq!(unanswered().await, 1, "an FAQ answer does not count as an answer");
        send(&company, room).await;
        ask().await;
        assert_eq!(unanswered().await, 0);
    });
}

#[test]
fn last_message_has_its_sender_and_faq_answers_the_company() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let assert_last = async |sender: &Person, seq: i64, text: &str| {
            let listed = customer.listed_room(room).await.unwrap();
            let last = (&listed["lastMessageSenderId"], &listed["lastSeq"], listed["lastMessage"].as_str());
            let history = customer.history(room).await.unwrap();
            assert_eq!(last, (&json!(sender.id), &json!(seq), history.last().unwrap()["content"].as_str()));
            assert!(last.2.unwrap().contains(text));
        };
        assert_last(&company, 1, "새벽빵집입니다.").await;
        send(&customer, room).await;
        assert_last(&customer, 2, "안녕하세요").await;
        let seen = company.listed_room(room).await.unwrap();
        assert_eq!(seen["lastMessageSenderId"], customer.id, "both sides see the same");
        let entry = json!({ "question": "언제 여나요?", "answer": "아침 7시입니다." });
        let entry = company.post("/company/auto-replies", &entry).await.unwrap().body["id"].clone();
        let path = format!("/auto-replies/{entry}");
        customer.post(&path, &json!({ "chatRoomId": room })).await.unwrap().expect(201).unwrap();
        assert_last(&company, 4, "아침 7시입니다.").await;
        send(&customer, room).await;
        send(&company, room).await;
        assert_last(&company, 6, "안녕하세요").await;
    });
}

#[test]
fn keyword_is_found_in_the_other_sides_name_on_every_page() {
    in_world(|world| async move {
        let company = world.company().await;
        let mut rooms = Vec::new();
        for name in ["김하늘", "Kim Haneul", "이바다", "\u{1100}\u{1175}\u{11b7}하늬", "50% 할인_왕"]
        {
            let customer = Person::customer(&world.client, name).await.unwrap();
            let room = customer.open_room(&company).await.unwrap();
            send(&customer, room).await;
            rooms.push(room);
        }
        for (keyword, expected) in [
            ("김", vec![rooms[3], rooms[0]]),
            ("\u{1100}\u{1175}\u{11b7}", vec![rooms[3], rooms[0]]),
            ("하늘", vec![rooms[0]]),
            ("kIM hANEUL", vec![rooms[1]]),
            ("%25", vec![rooms[4]]),
            ("_", vec![rooms[4]]),
            ("새벽빵집", vec![]),
            ("없는 이름", vec![]),
            ("", vec![rooms[4], rooms[3], rooms[2], rooms[1], rooms[0]]),
        ] {
            assert_eq!(all_ids(&company, &format!("keyword={keyword}")).await, expected, "{keyword}");
            assert_eq!(all_ids(&company, &format!("limit=1&keyword={keyword}")).await, expected, "{keyword}");
        }
        let customer = world.customer().await;
        let rooms = many_rooms(world, &customer, 23).await;
        assert_eq!(
            all_ids(&customer, "keyword=빵집 2").await,
            [rooms[22], rooms[21], rooms[20], rooms[19], rooms[1]]
        );
    });
}

#[test]
fn rooms_follow_the_other_sides_new_name() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        send(&customer, room).await;
        rename(&customer, "박구름").await;
        rename(&company, "구름빵집").await;
        for (person, old, new) in [(&company, "하늘", "박구름"), (&customer, "새벽", "구름빵집")] {
            assert_eq!(person.listed_room(room).await.unwrap()["receiverName"], new);
            assert_eq!(person.get(&person.room(room)).await.unwrap().body["receiverName"], new);
            assert_eq!(ids(&list(person, &format!("keyword={new}")).await), [room]);
            assert_eq!(ids(&list(person, &format!("keyword={old}")).await), [] as [i64; 0]);
        }
    });
}

#[test]
fn withdrawn_receiver_has_no_name_and_is_not_found_by_it() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        send(&customer, room).await;
        assert_eq!(withdraw(&customer).await.status, 204);
        let page = list(&company, "filter=unanswered").await;
        assert_eq!(
            (&page["chatRooms"][0]["receiverName"], &page["chatRooms"][0]["receiverDeleted"]),
            (&Value::Null, &json!(true))
        );
        assert_eq!(ids(&list(&company, "keyword=하늘").await), [] as [i64; 0]);
        assert_eq!((ids(&page), &page["unreadTotal"]), (vec![room], &json!(1)));
        let kept = "select concat(customer_name, customer_search_name, customer_picture_key) from rooms where id = $1";
        let kept: String = world.database().await.query_one(kept, &[&room]).await.unwrap().get(0);
        assert_eq!(kept, "", "the room's copies are deleted");
    });
}

#[test]
fn filters_and_keywords_show_no_foreign_room() {
    in_world(|world| async move {
        let (company, customers, rooms) = four_rooms(world).await;
        let (stranger, other) = (world.customer().await, world.company().await);
        send(&stranger, stranger.open_room(&other).await.unwrap()).await;
        for query in [
            "",
            "filter=unread",
            "filter=unanswered",
            "keyword=빵집",
            "keyword=하늘",
            "filter=unanswered&keyword=빵집",
        ] {
            for person in [&stranger, &other] {
                let found = all_ids(person, query).await;
                assert!(found.iter().all(|room| !rooms.contains(room)), "{query}");
            }
            for (customer, room) in customers.iter().zip(&rooms) {
                assert!(all_ids(customer, query).await.iter().all(|found| found == room), "{query}");
            }
            assert!(all_ids(&company, query).await.iter().all(|found| rooms.contains(found)), "{query}");
        }
    });
}
