//! Pages and cursors.

use std::collections::BTreeSet;

use chatchat_harness::Person;
use serde_json::{Value, json};

use super::{all_ids, ids, list, listed, many_rooms, pages, send};
use crate::{in_world, rounds, wrong_fields};

#[test]
fn rooms_come_latest_first_in_pages_of_20_by_default() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let mut rooms = many_rooms(world, &customer, 51).await;
        send(&customer, rooms[7]).await;
        let moved = rooms.remove(7);
        rooms.push(moved);
        rooms.reverse();
        let by_default = pages(&customer, "").await;
        assert_eq!(by_default.iter().map(|page| ids(page).len()).collect::<Vec<_>>(), [20, 20, 11]);
        assert_eq!(by_default.iter().flat_map(ids).collect::<Vec<_>>(), rooms);
        assert_eq!(all_ids(&customer, "limit=50").await, rooms);
        assert_eq!(all_ids(&customer, "limit=7").await, rooms);
        assert_eq!(ids(&list(&customer, "limit=1").await), rooms[..1]);
        let page = &list(&customer, "limit=1").await["chatRooms"][0];
        assert_eq!((&page["id"], &page["lastSeq"]), (&json!(moved), &json!(2)));
    });
}

#[test]
fn last_page_has_no_next_even_when_it_is_full() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let empty = json!({ "chatRooms": [], "next": null, "unreadTotal": 0 });
        assert_eq!(list(&customer, "").await, empty);
        let rooms = many_rooms(world, &customer, 4).await;
        let pages = pages(&customer, "limit=2").await;
        assert_eq!(pages.len(), 2);
        assert_eq!(ids(&pages[1]), [rooms[1], rooms[0]]);
        assert_eq!(pages[1]["next"], Value::Null);
    });
}

#[test]
fn each_room_with_equal_times_is_on_one_page() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let rooms = many_rooms(world, &customer, 7).await;
        let same = "update rooms set last_message_at = '2026-11-22T09:30:00.123456Z' where customer_id = $1";
        assert_eq!(world.database().await.execute(same, &[&customer.id]).await.unwrap(), 7);
        let expected: Vec<_> = rooms.into_iter().rev().collect();
        assert_eq!(all_ids(&customer, "limit=2").await, expected);
    });
}

#[test]
fn room_that_moves_between_pages_is_on_top_of_the_first() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let rooms = many_rooms(world, &customer, 6).await;
        let first = list(&customer, "limit=2").await;
        assert_eq!(ids(&first), [rooms[5], rooms[4]]);
        send(&customer, rooms[0]).await;
        let query = format!("limit=2&cursor={}", first["next"].as_str().unwrap());
        let second = list(&customer, &query).await;
        assert_eq!(ids(&second), [rooms[3], rooms[2]]);
        let query = format!("limit=2&cursor={}", second["next"].as_str().unwrap());
        let third = list(&customer, &query).await;
        assert_eq!(ids(&third), [rooms[1]], "the room that moved is no longer here");
        assert_eq!(ids(&list(&customer, "limit=1").await), [rooms[0]]);
    });
}

/// If a client has not seen a room after its last page, that room moved to the top of the list
/// after the client had begun.
#[test]
fn no_room_is_lost_while_rooms_move_between_pages() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let rooms = many_rooms(world, &customer, 30).await;
        for round in 0..rounds() {
            let moving = async {
                for number in 0..30 {
                    send(&customer, rooms[(number * 7 + round * 11) % 30]).await;
                }
            };
            let paging = async {
                let mut seen = BTreeSet::new();
                let pages = pages(&customer, "limit=3").await;
                let began = pages[0]["chatRooms"][0]["lastMessageDate"].clone();
                for page in &pages {
                    let found = ids(page);
                    assert!(!found.is_empty() || page["next"].is_null());
                    seen.extend(found);
                }
                (seen, began)
            };
            let (seen, began) = tokio::join!(paging, moving).0;
            let now = list(&customer, "limit=50").await;
            let now = now["chatRooms"].as_array().unwrap();
            assert_eq!(now.len(), 30);
            for room in now.iter().filter(|room| !seen.contains(&room["id"].as_i64().unwrap())) {
                assert!(room["lastMessageDate"].as_str() >= began.as_str(), "{room} was lost");
            }
        }
    });
}

/// Asserts that a list rejects a cursor, with an error that does not say why.
async fn assert_rejected(person: &Person, query: &str) {
    let answer = listed(person, query).await;
    assert_eq!((answer.status, answer.code()), (400, "validation_failed"), "{query}: {}", answer.body);
    assert_eq!(wrong_fields(&answer.body), [("cursor", "invalid_format")], "{query}");
    assert_eq!(answer.body["message"], "입력값을 확인해 주세요.");
}

#[test]
fn cursor_of_another_list_is_rejected() {
    in_world(|world| async move {
        let (customer, other) = (world.customer().await, world.customer().await);
        let companies = [world.company().await, world.company().await];
        for person in [&customer, &other] {
            for company in &companies {
                send(person, person.open_room(company).await.unwrap()).await;
            }
        }
        let next = async |person: &Person, query: &str| {
            list(person, query).await["next"].as_str().unwrap().to_owned()
        };
        let own = next(&customer, "limit=1").await;
        assert_eq!(list(&customer, &format!("cursor={own}")).await["chatRooms"].as_array().unwrap().len(), 1);
        let keyword = next(&customer, "limit=1&keyword=빵집").await;
        let unanswered = next(&customer, "limit=1&filter=unanswered").await;
        list(&customer, &format!("keyword=빵집&cursor={keyword}")).await;
        list(&customer, &format!("filter=unanswered&cursor={unanswered}")).await;
        for query in [
            format!("cursor={}", next(&other, "limit=1").await),
            format!("cursor={}", next(&companies[0], "limit=1").await),
            format!("cursor={keyword}"),
            format!("cursor={unanswered}"),
            format!("filter=unread&cursor={unanswered}"),
            format!("filter=unanswered&cursor={own}"),
            format!("keyword=빵&cursor={keyword}"),
            format!("keyword=빵집&cursor={own}"),
        ] {
            assert_rejected(&customer, &query).await;
        }
        assert_rejected(&companies[0], &format!("cursor={own}")).await;
    });
}

#[test]
fn text_that_is_not_a_cursor_is_rejected() {
    in_world(|world| async move {
        let customer = world.customer().await;
        many_rooms(world, &customer, 2).await;
        let next = list(&customer, "limit=1").await["next"].as_str().unwrap().to_owned();
        let changed = |place: usize| {
            let other = if next.as_bytes()[place] == b'A' { "B" } else { "A" };
            format!("{}{other}{}", &next[..place], &next[place + 1..])
        };
        let mut wrong: Vec<String> = (0..next.len()).map(changed).collect();
        wrong.extend([
            String::new(),
            "1".to_owned(),
            "null".to_owned(),
            "A".repeat(64),
            next[1..].to_owned(),
            format!("{next}A"),
            format!("{next}%00"),
            format!("{next}%3D"),
            next.to_lowercase(),
            customer.token.clone(),
            "%EA%B0%80".to_owned(),
            "x".repeat(4000),
            "'%20or%20'1'='1".to_owned(),
        ]);
        for cursor in wrong {
            assert_rejected(&customer, &format!("cursor={cursor}")).await;
        }
        list(&customer, &format!("cursor={next}")).await;
    });
}

#[test]
fn wrong_parameters_are_reported_unless_the_session_ended() {
    in_world(|world| async move {
        let mut customer = world.customer().await;
        let answer = listed(&customer, "cursor=x&limit=51").await;
        assert_eq!(wrong_fields(&answer.body), [("cursor", "invalid_format"), ("limit", "out_of_range")]);
        let answer = listed(&customer, "cursor=x&filter=all&keyword=%00&limit=0").await;
        assert_eq!(
            wrong_fields(&answer.body),
            [("filter", "invalid_format"), ("keyword", "invalid_characters"), ("limit", "out_of_range")]
        );
        let ended = customer.clone();
        customer.log_in().await.unwrap();
        let end = "update sessions set ended_at = now() where account_id = $1";
        world.database().await.execute(end, &[&customer.id]).await.unwrap();
        for query in ["", "cursor=x", "filter=all"] {
            let answer = listed(&ended, query).await;
            assert_eq!((answer.status, answer.code()), (401, "unauthenticated"), "{query}");
        }
    });
}
