//! The lists of rooms: pages, cursors, filters, keywords, and totals of unread messages.

mod cost;
mod cursors;
mod filters;
mod migration;
mod profiles;
mod unread;

use chatchat_harness::{Answer, Person, new_username};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{World, send_message};

/// Sends a message and returns its seq.
async fn send(person: &Person, room: i64) -> i64 {
    let sent = send_message(person, room, "안녕하세요").await;
    sent.expect(201).unwrap().body["seq"].as_i64().unwrap()
}

async fn rename(person: &Person, name: &str) {
    let change = json!({ "name": name });
    person.call(Method::PATCH, person.profile(), &change).await.unwrap().expect(204).unwrap();
}

/// The list of an account with a query such as `limit=2&filter=unread`.
async fn list(person: &Person, query: &str) -> Value {
    listed(person, query).await.expect(200).unwrap().body
}

/// The answer to a request for the list, with any status.
async fn listed(person: &Person, query: &str) -> Answer {
    person.get(&format!("/{}/chatrooms?{query}", person.kind)).await.unwrap()
}

fn ids(page: &Value) -> Vec<i64> {
    page["chatRooms"].as_array().unwrap().iter().map(|room| room["id"].as_i64().unwrap()).collect()
}

/// All pages of a list, by their cursors.
async fn pages(person: &Person, query: &str) -> Vec<Value> {
    let mut pages = vec![list(person, query).await];
    while let Some(next) = pages.last().unwrap()["next"].as_str() {
        let next = list(person, &format!("{query}&cursor={next}")).await;
        pages.push(next);
    }
    pages
}

/// The ids of all rooms of a list, page by page.
async fn all_ids(person: &Person, query: &str) -> Vec<i64> {
    pages(person, query).await.iter().flat_map(ids).collect()
}

/// Opens rooms of a customer with `rooms` companies, one after the other, and returns their ids.
async fn many_rooms(world: &World, customer: &Person, rooms: i64) -> Vec<i64> {
    let made = "with made as (
                    insert into accounts (kind, username, password_hash, name)
                    select 'company', $1 || n, '$argon2id$', '빵집 ' || n from generate_series(1, $2::bigint) n returning id
                ), company as (
                    insert into companies (account_id, visible) select id, true from made
                )
                select id from made order by id";
    let username = new_username("m");
    let database = world.database().await;
    let companies = database.query(made, &[&username, &rooms]).await.unwrap();
    let mut rooms = Vec::new();
    for company in companies {
        let body = json!({ "companyId": company.get::<_, i64>("id") });
        let opened = customer.post("/customer/chatrooms", &body).await.unwrap().expect(201).unwrap();
        rooms.push(opened.body["chatRoomId"].as_i64().unwrap());
    }
    rooms
}
