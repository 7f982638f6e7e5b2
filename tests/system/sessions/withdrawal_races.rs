//! Withdrawals that run concurrently with sends, openings of rooms and refreshes. Whatever the
//! order, the account's rooms are closed and its sessions have ended.

use chatchat_harness::{Answer, Person};
use futures_util::future::join_all;
use serde_json::json;

use super::{Login, active_sessions, in_turn::in_turn, races::refresh_until_refused};
use crate::{World, assert_refused, in_own_world, in_world, rounds, send_message, withdraw};

/// Asserts that each acknowledged message is stored, that no message was stored after the room was
/// closed, and that a send now fails. Returns the number of acknowledged messages.
async fn assert_closed_in_order(world: &World, reader: &Person, room: i64, answers: &[Answer]) -> usize {
    let history = reader.history(room).await.unwrap();
    let mut stored = 0;
    for answer in answers {
        match answer.status {
            201 => {
                stored += 1;
                let found = history.iter().any(|message| message["id"] == answer.body["id"]);
                assert!(found, "lost: {}", answer.body);
            }
            409 => assert_eq!(answer.code(), "receiver_withdrawn"),
            _ => assert_refused(answer, 401, "unauthenticated"),
        }
    }
    let after = "select count(*) from messages m join rooms r on r.id = m.room_id
                 where r.id = $1 and (r.closed_at is null or m.created_at > r.closed_at)";
    let after: i64 = world.database().await.query_one(after, &[&room]).await.unwrap().get(0);
    assert_eq!(after, 0, "messages that were stored after the room was closed");
    let seqs: Vec<_> = history.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=i64::try_from(history.len()).unwrap()).collect::<Vec<_>>());
    assert_refused(&send_message(reader, room, "늦었습니다").await, 409, "receiver_withdrawn");
    stored
}

/// Asserts that a withdrawn account has no open room.
async fn assert_no_open_room(world: &World, withdrawn: &Person) {
    let open = "select count(*) from rooms where (customer_id = $1 or company_id = $1) and closed_at is null";
    let open: i64 = world.database().await.query_one(open, &[&withdrawn.id]).await.unwrap().get(0);
    assert_eq!(open, 0);
}

#[track_caller]
fn assert_sent_or_withdrawn(answer: &Answer) {
    let fits = answer.status == 201 || answer.code() == "receiver_withdrawn";
    assert!(fits, "{}: {}", answer.status, answer.body);
}

#[test]
fn sends_against_a_withdrawal_lose_no_acknowledged_message() {
    in_world(|world| async move {
        let mut stored = 0;
        for round in 0..rounds() {
            let (customer, company, room) = world.pair().await;
            // In every second round, the room already has a typed message. In the others, the first
            // message also adds the room to the company's list.
            if round % 2 == 0 {
                send_message(&customer, room, "먼저").await.expect(201).unwrap();
            }
            let (leaving, reading) =
                if round % 3 == 0 { (&customer, &company) } else { (&company, &customer) };
            // Each sender sends until it is refused, so the withdrawal happens between the sends.
            let sends = (0..50).map(|number| async move {
                let sender = if number % 5 == 0 { leaving } else { reading };
                let mut answers = Vec::new();
                while answers.last().is_none_or(|answer: &Answer| answer.status == 201) {
                    answers.push(send_message(sender, room, &format!("{number}")).await);
                }
                answers
            });
            let (answers, withdrawn) = tokio::join!(join_all(sends), withdraw(leaving));
            assert_eq!(withdrawn.status, 204, "{}", withdrawn.body);
            stored += assert_closed_in_order(world, reading, room, &answers.concat()).await;
        }
        println!("withdrawal against 50 senders, {} rounds: {stored} messages before it", rounds());
    });
}

#[test]
fn first_messages_against_a_withdrawal_do_not_deadlock() {
    in_world(|world| async move {
        let mut sent = 0;
        for _ in 0..rounds() {
            let company = world.company().await;
            let pairs = join_all((0..10).map(|_| async {
                let customer = world.customer().await;
                let room = customer.open_room(&company).await.unwrap();
                (customer, room)
            }))
            .await;
            let sends = pairs.iter().map(|(customer, room)| send_message(customer, *room, "첫 마디"));
            let (answers, withdrawn) = tokio::join!(join_all(sends), withdraw(&company));
            assert_eq!(withdrawn.status, 204, "{}", withdrawn.body);
            for answer in answers {
                assert_sent_or_withdrawn(&answer);
                sent += usize::from(answer.status == 201);
            }
        }
        println!("withdrawal against 10 first messages, {} rounds: {sent} before it", rounds());
    });
}

#[test]
fn first_message_and_withdrawal_take_effect_in_lock_order() {
    in_own_world(async |world| {
        // Both calls wait for the lock on the room's row.
        let lock = "select from rooms where id = $1 for update";
        for sending_first in [true, false] {
            let (customer, company, room) = world.pair().await;
            let (sending, leaving) = (send_message(&customer, room, "첫 마디"), withdraw(&company));
            let (sent, withdrawn) = if sending_first {
                in_turn(&world.system, lock, room, sending, leaving).await
            } else {
                let (withdrawn, sent) = in_turn(&world.system, lock, room, leaving, sending).await;
                (sent, withdrawn)
            };
            assert_eq!(withdrawn.status, 204, "{}", withdrawn.body);
            assert_sent_or_withdrawn(&sent);
            assert_eq!(sent.status == 201, sending_first, "{}", sent.body);
        }
    });
}

#[test]
fn room_opened_during_a_withdrawal_is_closed_or_not_opened() {
    in_own_world(async |world| {
        let lock = "select from accounts where id = $1 for update";
        for opening_first in [true, false] {
            let (customer, company) = (world.customer().await, world.company().await);
            let body = json!({ "companyId": company.id });
            let (opening, leaving) = (customer.post("/customer/chatrooms", &body), withdraw(&company));
            let (opened, withdrawn) = if opening_first {
                in_turn(&world.system, lock, company.id, opening, leaving).await
            } else {
                let (withdrawn, opened) = in_turn(&world.system, lock, company.id, leaving, opening).await;
                (opened, withdrawn)
            };
            let opened = opened.unwrap();
            assert_eq!(withdrawn.status, 204, "{}", withdrawn.body);
            assert!(opened.status == 201 || opened.code() == "company_not_found", "{}", opened.body);
            assert_eq!(opened.status == 201, opening_first);
            assert_no_open_room(world, &company).await;
        }
    });
}

#[test]
fn refreshes_against_a_withdrawal_leave_no_session() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut refreshed = 0;
        for _ in 0..rounds() {
            let login = Login::of(&world.customer().await).await;
            let (answers, withdrawn) =
                tokio::join!(refresh_until_refused(world, &login.cookie), withdraw(&login.person));
            assert_eq!(withdrawn.status, 204, "{}", withdrawn.body);
            refreshed += answers.len() - 50;
            for answer in answers.iter().filter(|answer| answer.status != 201) {
                assert_refused(answer, 400, "invalid_refresh_token");
            }
            for answer in answers.iter().filter(|answer| answer.status == 201).take(5) {
                let mut after = login.clone();
                after.take(answer);
                after.assert_ended().await;
            }
            assert_eq!(active_sessions(&database, &login.person).await, 0);
        }
        println!("withdrawal against 50 refreshes, {} rounds: {refreshed} before it", rounds());
    });
}

#[test]
fn openings_against_a_withdrawal_leave_no_open_room() {
    in_world(|world| async move {
        let mut opened = 0;
        for round in 0..rounds() {
            let company = world.company().await;
            let customers = join_all((0..20).map(|_| world.customer())).await;
            let body = json!({ "companyId": company.id });
            let openings =
                join_all(customers.iter().map(|customer| customer.post("/customer/chatrooms", &body)));
            let leaving = if round % 2 == 0 { &company } else { &customers[0] };
            let (answers, withdrawn) = tokio::join!(openings, withdraw(leaving));
            assert_eq!(withdrawn.status, 204, "{}", withdrawn.body);
            for answer in answers {
                let answer = answer.unwrap();
                let refused = ["company_not_found", "unauthenticated"].contains(&answer.code());
                assert!(answer.status == 201 || refused, "{}: {}", answer.status, answer.body);
                opened += usize::from(answer.status == 201);
            }
            assert_no_open_room(world, leaving).await;
        }
        println!("withdrawal against 20 openings, {} rounds: {opened} before it", rounds());
    });
}
