//! Texts in several normalisation forms, with characters that are invisible or change the writing
//! direction, and in other forms of the same letters.

use chatchat_harness::{Answer, Client, Person, new_username};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{in_world, message_body, post_message, send_message_with_id, wrong_fields};

/// `하늘` and `한`, decomposed.
const HANEUL: &str = "\u{1112}\u{1161}\u{1102}\u{1173}\u{11af}";
const HAN: &str = "\u{1112}\u{1161}\u{11ab}";

async fn sign_up(client: &Client, name: &str) -> Answer {
    let body = json!({
        "username": new_username("text"), "password": "haneul-2026", "confirmPassword": "haneul-2026", "name": name,
    });
    client.in_new_network().unwrap().call(Method::POST, "/customers", None, &body).await.unwrap()
}

#[test]
fn hidden_characters_are_rejected_in_single_lines() {
    in_world(|world| async move {
        let (customer, company) = (world.customer().await, world.company().await);
        for hidden in [
            "\u{202e}",
            "\u{2066}",
            "\u{200b}",
            "\u{200d}",
            "\u{fe0f}",
            "\u{e0061}",
            "\u{ffff}",
            "\u{3164}",
            "\u{2800}",
            "\u{ad}",
            "\u{e000}",
            "\u{378}",
            "\n",
        ] {
            let text = format!("하늘{hidden}은행");
            let entry = json!({ "question": text, "answer": text });
            let keyword = format!("/companies?keyword={}", text.replace('\n', "%0A"));
            for (answer, fields) in [
                (sign_up(&world.client, &text).await, &["name"][..]),
                (change(&customer, json!({ "name": text })).await, &["name"]),
                (
                    change(&company, json!({ "name": text, "description": text })).await,
                    &["description", "name"],
                ),
                (company.post("/company/auto-replies", &entry).await.unwrap(), &["answer", "question"]),
                (customer.get(&keyword).await.unwrap(), &["keyword"]),
            ] {
                assert_eq!((answer.status, answer.code()), (400, "validation_failed"), "{text:?}");
                let mut wrong = wrong_fields(&answer.body);
                wrong.sort_unstable();
                let expected: Vec<_> = fields.iter().map(|field| (*field, "invalid_characters")).collect();
                assert_eq!(wrong, expected, "{text:?}");
            }
        }
        for name in ["👨‍👩‍👧 하늘네", "❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ＡＢＣ 은행"]
        {
            assert_eq!(sign_up(&world.client, name).await.status, 201, "{name}");
            assert_eq!(change(&company, json!({ "name": name })).await.status, 204, "{name}");
            let own = company.get("/companies/me").await.unwrap().expect(200).unwrap();
            assert_eq!(own.body["name"], name);
        }
    });
}

async fn change(person: &Person, body: Value) -> Answer {
    person.call(Method::PATCH, person.profile(), &body).await.unwrap()
}

#[test]
fn decomposed_text_is_counted_and_stored_composed() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let limit = HAN.repeat(20);
        assert_eq!(change(&customer, json!({ "name": limit })).await.status, 204);
        let profile = customer.get("/customers/me").await.unwrap();
        assert_eq!(profile.body["name"], "한".repeat(20));
        let too_long = change(&customer, json!({ "name": HAN.repeat(21) })).await;
        assert_eq!(wrong_fields(&too_long.body), [("name", "too_long")]);

        let description = json!({ "description": format!(" {HANEUL} cafe\u{301} ") });
        assert_eq!(change(&company, description).await.status, 204);
        let profile = company.get("/companies/me").await.unwrap();
        assert_eq!(profile.body["description"], "하늘 café");

        let mut socket = customer.connect().await.unwrap();
        socket.say(room, &HAN.repeat(2000)).await.unwrap();
        let ack = socket.next_of("ack").await.unwrap();
        let history = customer.get(&format!("{}/messages?limit=1", customer.room(room))).await.unwrap();
        let newest = &history.body["messages"][0];
        assert_eq!((&newest["seq"], &newest["content"]), (&ack["seq"], &json!("한".repeat(2000))));

        // The same message in another form is a repeat, not another message.
        let id = uuid::Uuid::new_v4();
        assert_eq!(send_message_with_id(&customer, room, id, HANEUL).await.status, 201);
        assert_eq!(send_message_with_id(&customer, room, id, "하늘").await.status, 200);
    });
}

#[test]
fn message_without_a_visible_character_is_rejected() {
    in_world(|world| async move {
        let (customer, _, room) = world.pair().await;
        for content in
            [" \n\t", "\u{200b}", "\u{3164} \u{2800}", "\u{202e}\u{2066}", "\u{e0061}\u{fe0f}", "\u{ffff}"]
        {
            let answer = post_message(&customer, room, &message_body(content)).await;
            assert_eq!(wrong_fields(&answer.body), [("content", "required")], "{content:?}");
        }
        for content in ["네,\u{200b} 하늘\u{202e}\n👨‍👩‍👧", "\u{1fae8}"] {
            let answer = post_message(&customer, room, &message_body(content)).await.expect(201).unwrap();
            assert_eq!(answer.body["content"], content);
        }
    });
}

#[test]
fn search_finds_other_forms_of_a_name() {
    in_world(|world| async move {
        let unique = &new_username("d")[..9];
        let company = Person::company(&world.client, &format!("{unique}ＡＢＣ㈜하늘")).await.unwrap();
        company.become_visible().await.unwrap();
        let customer = Person::customer(&world.client, "ｋＩＭ ﾊﾅ").await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        post_message(&customer, room, &message_body("안녕하세요")).await.expect(201).unwrap();

        for part in ["abc", "ABC", "ａｂｃ(주)하늘", &format!("Abc㈜{HANEUL}"), "aＢc(주)ㅎㅏ늘"]
        {
            let keyword = format!("{unique}{part}");
            let found = customer.get(&format!("/companies?keyword={keyword}")).await.unwrap();
            assert_eq!(found.body["companySummaries"][0]["id"], company.id, "{keyword}");
            let found = customer.get(&format!("/customer/chatrooms?keyword={keyword}")).await.unwrap();
            assert_eq!(found.body["chatRooms"][0]["id"], room, "{keyword}");
        }
        for keyword in ["kim", "KIM", "Ｋｉｍ", "ハナ", "ﾊﾅ"] {
            let found = company.get(&format!("/company/chatrooms?keyword={keyword}")).await.unwrap();
            assert_eq!(found.body["chatRooms"][0]["id"], room, "{keyword}");
        }
    });
}
