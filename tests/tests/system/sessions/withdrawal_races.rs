//! Withdrawing while others send, open rooms and refresh: every order leaves rooms closed and sessions ended.

use chatchat_tests::{Answer, Person};
use futures_util::future::join_all;
use serde_json::json;

use super::{Login, in_turn::in_turn, living_sessions, races::refresh_until_refused, say};
use crate::{World, assert_refused, in_own_world, in_world, rounds, withdraw};

/// What was acknowledged is kept, what was kept was said before the room was closed, and nothing can be said after.
async fn assert_closed_in_order(world: &World, reader: &Person, room: i64, answers: &[Answer]) -> usize {
    let history = reader.history(room).await.unwrap();
    let mut kept = 0;
    for answer in answers {
        match answer.status {
            201 => {
                kept += 1;
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
    assert_eq!(after, 0, "said after the room was closed");
    let seqs: Vec<_> = history.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=i64::try_from(history.len()).unwrap()).collect::<Vec<_>>());
    assert_refused(&say(reader, room, "늦었습니다").await, 409, "receiver_withdrawn");
    kept
}

/// Nobody has an open room with who has left.
async fn assert_no_open_room(world: &World, gone: &Person) {
    let open = "select count(*) from rooms where (customer_id = $1 or company_id = $1) and closed_at is null";
    let open: i64 = world.database().await.query_one(open, &[&gone.id]).await.unwrap().get(0);
    assert_eq!(open, 0);
}

#[track_caller]
fn assert_sent_or_withdrawn(answer: &Answer) {
    let fits = answer.status == 201 || answer.code() == "receiver_withdrawn";
    assert!(fits, "{}: {}", answer.status, answer.body);
}

#[test]
fn sending_against_the_receivers_withdrawal_loses_nothing_and_ends() {
    in_world(|world| async move {
        let mut kept = 0;
        for round in 0..rounds() {
            let (customer, company, room) = world.pair().await;
            // In every other round the room has been typed in; else the first message also counts in the company's list.
            if round % 2 == 0 {
                say(&customer, room, "먼저").await.expect(201).unwrap();
            }
            let (leaving, reading) =
                if round % 3 == 0 { (&customer, &company) } else { (&company, &customer) };
            // Each goes on until it is refused, so that the withdrawal comes in the midst of them.
            let sends = (0..50).map(|number| async move {
                let sender = if number % 5 == 0 { leaving } else { reading };
                let mut answers = Vec::new();
                while answers.last().is_none_or(|answer: &Answer| answer.status == 201) {
                    answers.push(say(sender, room, &format!("{number}")).await);
                }
                answers
            });
            let (answers, gone) = tokio::join!(join_all(sends), withdraw(leaving));
            assert_eq!(gone.status, 204, "{}", gone.body);
            kept += assert_closed_in_order(world, reading, room, &answers.concat()).await;
        }
        println!("withdrawal against 50 sends, {} rounds: {kept} messages were in time", rounds());
    });
}

#[test]
fn a_companys_withdrawal_and_the_first_message_of_a_room_do_not_lock_each_other_out() {
    in_world(|world| async move {
        let mut served = 0;
        for _ in 0..rounds() {
            let company = world.company().await;
            let pairs = join_all((0..10).map(|_| async {
                let customer = world.customer().await;
                let room = customer.open_room(&company).await.unwrap();
                (customer, room)
            }))
            .await;
            let sends = pairs.iter().map(|(customer, room)| say(customer, *room, "첫 마디"));
            let (answers, gone) = tokio::join!(join_all(sends), withdraw(&company));
            assert_eq!(gone.status, 204, "{}", gone.body);
            for answer in answers {
                assert_sent_or_withdrawn(&answer);
                served += usize::from(answer.status == 201);
            }
        }
        println!("withdrawal against 10 first messages, {} rounds: {served} were in time", rounds());
    });
}

#[test]
fn a_first_message_that_holds_the_room_while_the_company_withdraws_passes_or_is_refused() {
    in_own_world(async |world| {
        // Whoever comes to the room has to wait.
        let lock = "select from rooms where id = $1 for update";
        for sending_first in [true, false] {
            let (customer, company, room) = world.pair().await;
            let (sending, leaving) = (say(&customer, room, "첫 마디"), withdraw(&company));
            let (sent, gone) = if sending_first {
                in_turn(&world.system, lock, room, sending, leaving).await
            } else {
                let (gone, sent) = in_turn(&world.system, lock, room, leaving, sending).await;
                (sent, gone)
            };
            assert_eq!(gone.status, 204, "{}", gone.body);
            assert_sent_or_withdrawn(&sent);
            assert_eq!(sent.status == 201, sending_first, "{}", sent.body);
        }
    });
}

#[test]
fn a_room_that_is_being_opened_while_the_company_withdraws_is_closed_or_not_opened() {
    in_own_world(async |world| {
        let lock = "select from accounts where id = $1 for update";
        for opening_first in [true, false] {
            let (customer, company) = (world.customer().await, world.company().await);
            let body = json!({ "companyId": company.id });
            let (opening, leaving) = (customer.post("/customer/chatrooms", &body), withdraw(&company));
            let (opened, gone) = if opening_first {
                in_turn(&world.system, lock, company.id, opening, leaving).await
            } else {
                let (gone, opened) = in_turn(&world.system, lock, company.id, leaving, opening).await;
                (opened, gone)
            };
            let opened = opened.unwrap();
            assert_eq!(gone.status, 204, "{}", gone.body);
            assert!(opened.status == 201 || opened.code() == "company_not_found", "{}", opened.body);
            assert_eq!(opened.status == 201, opening_first);
            assert_no_open_room(world, &company).await;
        }
    });
}

#[test]
fn refreshing_against_a_withdrawal_leaves_no_session() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut renewed = 0;
        for _ in 0..rounds() {
            let login = Login::of(&world.customer().await).await;
            let (answers, gone) =
                tokio::join!(refresh_until_refused(world, &login.cookie), withdraw(&login.person));
            assert_eq!(gone.status, 204, "{}", gone.body);
            renewed += answers.len() - 50;
            for answer in answers.iter().filter(|answer| answer.status != 201) {
                assert_refused(answer, 400, "invalid_refresh_token");
            }
            for answer in answers.iter().filter(|answer| answer.status == 201).take(5) {
                let mut after = login.clone();
                after.take(answer);
                after.assert_over().await;
            }
            assert_eq!(living_sessions(&database, &login.person).await, 0);
        }
        println!("withdrawal against 50 refreshes, {} rounds: {renewed} were in time", rounds());
    });
}

#[test]
fn no_room_stays_open_with_somebody_who_has_withdrawn() {
    in_world(|world| async move {
        let mut opened = 0;
        for round in 0..rounds() {
            let company = world.company().await;
            let customers = join_all((0..20).map(|_| world.customer())).await;
            let body = json!({ "companyId": company.id });
            let openings =
                join_all(customers.iter().map(|customer| customer.post("/customer/chatrooms", &body)));
            let leaving = if round % 2 == 0 { &company } else { &customers[0] };
            let (answers, gone) = tokio::join!(openings, withdraw(leaving));
            assert_eq!(gone.status, 204, "{}", gone.body);
            for answer in answers {
                let answer = answer.unwrap();
                let refused = ["company_not_found", "unauthenticated"].contains(&answer.code());
                assert!(answer.status == 201 || refused, "{}: {}", answer.status, answer.body);
                opened += usize::from(answer.status == 201);
            }
            assert_no_open_room(world, leaving).await;
        }
        println!("withdrawal against 20 openings, {} rounds: {opened} were in time", rounds());
    });
}
