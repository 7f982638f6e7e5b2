//! The example that `cargo xtask up --example` creates, as its accounts see it.

use chatchat_harness::{Client, PASSWORD, Person, example};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{World, in_world};

/// Runs a test in the shared system, with the example in it.
fn with_example<F: Future>(test: impl FnOnce(&'static World) -> F) {
    static EXAMPLE: OnceCell<()> = OnceCell::const_new();
    in_world(async |world| {
        let fill = async || assert!(example::fill(&world.client).await.unwrap(), "it already exists");
        EXAMPLE.get_or_init(fill).await;
        test(world).await;
    });
}

/// An account of the example, logged in.
async fn log_in(client: &Client, kind: &'static str, username: &str) -> Person {
    let (client, username) = (client.clone(), username.to_owned());
    let mut person = Person { client, kind, id: 0, username, token: String::new() };
    person.log_in().await.unwrap();
    person.id = person.get(person.profile()).await.unwrap().body["id"].as_i64().unwrap();
    person
}

async fn get(world: &World, path: &str) -> Value {
    world.client.call(Method::GET, path, None, &Value::Null).await.unwrap().expect(200).unwrap().body
}

/// The account's list of rooms, newest first.
async fn rooms(person: &Person) -> Vec<Value> {
    let answer = person.get(&format!("/{}/chatrooms", person.kind)).await.unwrap().expect(200).unwrap();
    answer.body["chatRooms"].as_array().unwrap().clone()
}

/// The name of the other side and the number of unread messages, for each room of an account.
async fn unread(person: &Person) -> Vec<Value> {
    let list = |room: Value| json!([room["receiverName"], room["unreadMessageCount"]]);
    rooms(person).await.into_iter().map(list).collect()
}

#[test]
fn example_shows_three_companies_with_pictures_and_faq() {
    with_example(async |world| {
        for name in ["하늘 빵집", "늘봄의원", "봄날 꽃집"] {
            let found = get(world, &format!("/companies?keyword={name}")).await;
            let [company] = &found["companySummaries"].as_array().unwrap()[..] else { panic!("{found}") };
            assert!(!company["description"].as_str().unwrap().is_empty(), "{company}");
            let picture = company["imageUrl"].as_str().unwrap();
            let served = world.client.page(picture).await.unwrap();
            assert_eq!((served.status, served.header("content-type")), (200, "image/jpeg"), "{company}");
            let faq = get(world, &format!("/auto-replies?companyId={}", company["id"])).await;
            assert!((4..=6).contains(&faq["autoReplies"].as_array().unwrap().len()), "{faq}");
        }
    });
}

#[test]
fn example_has_unread_rooms_answers_and_a_long_history() {
    with_example(async |world| {
        let customer = log_in(&world.client, "customer", "seoyeon").await;
        let company = log_in(&world.client, "company", "bakery").await;
        assert_eq!(unread(&customer).await, [json!(["늘봄의원", 2]), json!(["하늘 빵집", 0])]);
        assert_eq!(
            unread(&company).await,
            [json!(["김도윤", 2]), json!(["한지우", 0]), json!(["이서연", 0])]
        );

        let room = &rooms(&customer).await[1];
        let history = customer.history(room["id"].as_i64().unwrap()).await.unwrap();
        assert!(history.len() >= 60, "{}", history.len());
        let guide = 1;
        let kinds: Vec<_> = history[guide..].iter().map(|message| &message["type"]).take(3).collect();
        assert_eq!(kinds, ["auto", "auto", "general"], "a question of the FAQ, its answer, a message");
        let opened = customer.get(&customer.room(room["id"].as_i64().unwrap())).await.unwrap().body;
        assert_eq!(opened["receiverReadSeq"], room["lastSeq"], "the customer's last message is read");
        let pictures: Vec<_> =
            rooms(&company).await.iter().map(|room| room["receiverImageUrl"].is_string()).collect();
        assert_eq!(pictures, [false, true, true]);
    });
}

#[test]
fn second_run_of_the_example_changes_nothing() {
    with_example(async |world| {
        let state = async || {
            let mut lists = vec![get(world, "/companies?keyword=하늘 빵집").await];
            for (kind, username) in [("customer", "doyoon"), ("company", "flower"), ("company", "bakery")] {
                lists.extend(rooms(&log_in(&world.client, kind, username).await).await);
            }
            lists
        };
        let before = state().await;
        assert!(!example::fill(&world.client).await.unwrap());
        assert_eq!(state().await, before);
    });
}

#[test]
fn every_login_of_the_table_works() {
    with_example(async |world| {
        let table = example::logins("http://localhost:8080");
        for line in table.lines() {
            let columns: Vec<_> = line.split_whitespace().collect();
            let (page, username, password) = (columns[0], columns[1], columns[2]);
            assert_eq!(password, PASSWORD);
            let kind = if page.ends_with("/desk/login") { "company" } else { "customer" };
            let person = log_in(&world.client, kind, username).await;
            let name = person.get(person.profile()).await.unwrap().body["name"].clone();
            assert!(line.ends_with(name.as_str().unwrap()), "{line}");
        }
        assert_eq!(table.lines().count(), 6);
    });
}
