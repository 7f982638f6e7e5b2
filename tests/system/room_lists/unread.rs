//! The total of unread messages.

use futures_util::future::join_all;
use serde_json::json;

use super::{list, send};
use crate::{in_world, mark_read, rounds};

#[test]
fn total_counts_all_rooms_for_any_page_filter_and_keyword() {
    in_world(|world| async move {
        let company = world.company().await;
        let mut rooms = Vec::new();
        for messages in [3, 0, 2] {
            let customer = world.customer().await;
            let room = customer.open_room(&company).await.unwrap();
            send(&customer, room).await;
            mark_read(&company, room, 2).await;
            for _ in 0..messages {
                send(&customer, room).await;
            }
            rooms.push((customer, room));
        }
        for query in ["", "limit=1", "filter=unread", "filter=unanswered&limit=1", "keyword=없는이름"] {
            assert_eq!(list(&company, query).await["unreadTotal"], 5, "{query}");
        }
        let next = list(&company, "limit=2").await["next"].clone();
        let page = list(&company, &format!("limit=2&cursor={}", next.as_str().unwrap())).await;
        assert_eq!(page["unreadTotal"], 5);
        mark_read(&company, rooms[0].1, 3).await;
        assert_eq!(list(&company, "").await["unreadTotal"], 4, "one of three messages is read");
        mark_read(&company, rooms[2].1, 4).await;
        assert_eq!(list(&company, "").await["unreadTotal"], 2);
        let (customer, room) = &rooms[0];
        assert_eq!(list(customer, "").await["unreadTotal"], 0, "own messages are not unread");
        send(&company, *room).await;
        assert_eq!(list(customer, "").await["unreadTotal"], 1);
        assert_eq!(list(&company, "").await["unreadTotal"], 2);
    });
}

/// Eight customers and one company send, mark messages as read and list their rooms, all
/// concurrently.
#[test]
fn totals_and_counts_stay_exact_under_concurrent_use() {
    in_world(|world| async move {
        for round in 0..rounds() {
            let company = world.company().await;
            let customers = join_all((0..8).map(|_| world.customer())).await;
            let rooms: Vec<i64> = join_all(customers.iter().map(async |customer| {
                let room = customer.open_room(&company).await.unwrap();
                send(customer, room).await;
                room
            }))
            .await;
            let acts = (0..64).map(|number| {
                let (customer, room, company) = (&customers[number % 8], rooms[number % 8], &company);
                async move {
                    let (sender, reader) =
                        if (number + round) % 3 == 0 { (company, customer) } else { (customer, company) };
                    let seq = send(sender, room).await;
                    if number % 5 < 3 {
                        mark_read(reader, room, seq - i64::from(number % 2 == 0)).await;
                    }
                    let lister = if number % 2 == 0 { company } else { customer };
                    let query = ["limit=50", "limit=50&filter=unread"][number / 8 % 2];
                    let page = list(lister, query).await;
                    let counts = page["chatRooms"].as_array().unwrap().iter();
                    let sum: i64 = counts.map(|room| room["unreadMessageCount"].as_i64().unwrap()).sum();
                    assert_eq!(
                        page["unreadTotal"], sum,
                        "the total and the counts are of one moment: {page}"
                    );
                }
            });
            join_all(acts).await;
            let database = world.database().await;
            for person in [&company].into_iter().chain(&customers) {
                let (mine, theirs) =
                    if person.kind == "company" { ("company", "customer") } else { ("customer", "company") };
                let counted = format!(
                    "select r.id, count(m.seq) as unread from rooms r left join messages m
                         on m.room_id = r.id and m.type = 'general' and m.sender = '{theirs}' and m.seq > r.{mine}_read_seq
                     where r.{mine}_id = $1 group by r.id"
                );
                let page = list(person, "limit=50").await;
                let rows = database.query(&counted, &[&person.id]).await.unwrap();
                let mut total = 0;
                for row in &rows {
                    let (room, unread): (i64, i64) = (row.get("id"), row.get("unread"));
                    let mut listed = page["chatRooms"].as_array().unwrap().iter();
                    let listed = listed.find(|listed| listed["id"] == room).unwrap();
                    assert_eq!(listed["unreadMessageCount"], unread);
                    total += unread;
                }
                assert_eq!(page["unreadTotal"], total);
            }
            for room in rooms {
                mark_read(&company, room, 9_007_199_254_740_991).await;
            }
            assert_eq!(list(&company, "filter=unread").await["chatRooms"], json!([]));
            assert_eq!(list(&company, "").await["unreadTotal"], 0);
        }
    });
}
