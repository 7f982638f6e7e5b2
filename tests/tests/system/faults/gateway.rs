//! What API Gateway does when it is asked to push: connections that are gone, calls that are throttled, fail or hang.

use chatchat_local::{Answer, Fault, Injection};
use chatchat_tests::{Person, Socket};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use serde_json::{Value, json};

use super::{
    ahead, assert_kept, connections, happened, make_older, message, messages_after, next, post, told,
    with_faults,
};
use crate::World;

/// Has these calls of `@connections` answered so, counting from 1 from now on.
fn calls(world: &World, answer: Answer, numbers: impl IntoIterator<Item = u32>) -> Vec<Injection> {
    let fault = Fault::Connections(answer);
    numbers.into_iter().map(|number| world.system.cloud.inject(fault.clone(), number, 1)).collect()
}

/// Each of them was answered so.
async fn answered(calls: Vec<Injection>) {
    for call in calls {
        happened(call, 1).await;
    }
}

/// A customer with so many connections, and a company that has pushed a message to each, so that its function is warm; their room.
async fn stage<const N: usize>(world: &World) -> (Person, Person, i64, [Socket; N]) {
    let (customer, company, room) = world.pair().await;
    let sockets = join_all((0..N).map(|_| async { customer.connect().await.unwrap() })).await;
    let mut sockets: [Socket; N] = sockets.try_into().ok().unwrap();
    post(&company, &message(room, "안녕하세요")).await.expect(201).unwrap();
    for socket in &mut sockets {
        told(socket, 2).await;
    }
    (customer, company, room, sockets)
}

/// What a client that has a room up to seq 2 gets when it sends a heartbeat: the message that came before, if one did, and what answers.
async fn heard(socket: &mut Socket, room: i64) -> Vec<Value> {
    let rooms = json!([{ "roomId": room, "lastSeq": 2 }]);
    socket.send(&json!({ "action": "heartbeat", "rooms": rooms })).await.unwrap();
    let mut heard = vec![next(socket).await];
    if heard[0]["type"] == "message" {
        heard.push(next(socket).await);
    }
    heard
}

/// Fault 8: `@connections` answers 410.
#[test]
fn a_connection_that_is_said_to_be_gone_is_forgotten_and_its_client_finds_out() {
    with_faults(async |world| {
        let (customer, company, room, mut sockets) = stage::<3>(world).await;
        make_older(world, &customer).await;
        let gone = calls(world, Answer::Gone, [2]);
        post(&company, &message(room, "계세요?")).await.expect(201).unwrap();
        answered(gone).await;
        assert_eq!(connections(world, &customer).await, 2, "forgotten in the same pass");

        let mut forgotten = 0;
        for socket in &mut sockets {
            match heard(socket, room).await.as_slice() {
                [message, _] => assert_eq!(message["message"]["seq"], 3),
                [error] => {
                    assert_eq!(error["code"], "unauthenticated", "{error}");
                    socket.closed().await.unwrap();
                    forgotten += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(forgotten, 1);
        let mut again = customer.connect().await.unwrap();
        assert_eq!(ahead(&mut again, room, 2).await, Some(3));
        assert_kept([&customer, &company], room, &["안녕하세요", "계세요?"]).await;
    });
}

/// Fault 8: `@connections` also answers 410 for a connection whose `$connect` has not returned yet.
#[test]
fn a_410_in_the_first_30_seconds_of_a_connection_keeps_its_row() {
    with_faults(async |world| {
        let (customer, company, room, mut sockets) = stage::<3>(world).await;
        let gone = calls(world, Answer::Gone, [1, 2, 3]);
        post(&company, &message(room, "계세요?")).await.expect(201).unwrap();
        answered(gone).await;
        assert_eq!(connections(world, &customer).await, 3);
        post(&company, &message(room, "거기 계세요?")).await.expect(201).unwrap();
        for socket in &mut sockets {
            told(socket, 4).await;
        }
    });
}

/// Fault 9: `@connections` answers 429.
#[test]
fn a_push_that_is_throttled_is_tried_again_and_in_the_end_left_to_the_client() {
    with_faults(async |world| tried_again(world, Answer::Throttled).await);
}

/// Fault 10: `@connections` answers 5xx.
#[test]
fn a_push_that_fails_is_tried_again_and_in_the_end_left_to_the_client() {
    with_faults(async |world| tried_again(world, Answer::Failed).await);
}

async fn tried_again(world: &World, answer: Answer) {
    let (customer, company, room, [mut socket]) = stage(world).await;
    let refused = calls(world, answer, 1..=2);
    post(&company, &message(room, "하나")).await.expect(201).unwrap();
    answered(refused).await;
    told(&mut socket, 3).await;

    let refused = calls(world, answer, 1..=3);
    post(&company, &message(room, "둘")).await.expect(201).unwrap();
    answered(refused).await;
    assert_eq!(ahead(&mut socket, room, 3).await, Some(4));
    assert_eq!(messages_after(&customer, room, 3, 10).await[0]["content"], "둘");

    post(&company, &message(room, "셋")).await.expect(201).unwrap();
    told(&mut socket, 5).await;
    assert_eq!(connections(world, &customer).await, 1, "it was never forgotten");
    assert_kept([&customer, &company], room, &["안녕하세요", "하나", "둘", "셋"]).await;
}

/// Fault 10: `@connections` hangs.
#[test]
fn a_push_that_hangs_delays_no_other_and_fails_no_message() {
    with_faults(async |world| {
        let (customer, company, room, mut sockets) = stage::<5>(world).await;
        // The first try of the first connection, and its second, which comes after those of the others; there is no time for a third.
        let hanging = calls(world, Answer::Hang, [1, 6]);
        let frame = message(room, "기다리지 마세요");
        let sending = tokio::spawn({
            let company = company.clone();
            async move { post(&company, &frame).await }
        });
        let mut events: FuturesUnordered<_> = sockets.iter_mut().map(|socket| told(socket, 3)).collect();
        for _ in 0..4 {
            events.next().await.unwrap();
        }
        drop(events);
        assert!(!sending.is_finished(), "the one still hangs when all others have it");
        assert_eq!(sending.await.unwrap().status, 201);
        answered(hanging).await;
        for socket in &mut sockets {
            assert_eq!(ahead(socket, room, 2).await, Some(3));
        }
        assert_eq!(connections(world, &customer).await, 5);
        assert_kept([&customer, &company], room, &["안녕하세요", "기다리지 마세요"]).await;
    });
}

/// Fault 11: half of the fan-out fails.
#[test]
fn where_half_of_the_pushes_fail_the_others_arrive_and_the_rest_is_fetched() {
    with_faults(async |world| {
        let (customer, company, room, mut sockets) = stage::<10>(world).await;
        // Every other of the ten first calls, and all that come after: whoever was unlucky is so three times.
        let failing = calls(world, Answer::Failed, [2, 4, 6, 8, 10].into_iter().chain(11..=20));
        post(&company, &message(room, "반반")).await.expect(201).unwrap();
        answered(failing).await;
        let mut arrived = 0;
        for socket in &mut sockets {
            let heard = heard(socket, room).await;
            arrived += heard.len() - 1;
            assert_eq!(heard.last().unwrap()["rooms"], json!([{ "roomId": room, "lastSeq": 3 }]));
        }
        assert_eq!(arrived, 5);
        assert_eq!(connections(world, &customer).await, 10);
        assert_kept([&customer, &company], room, &["안녕하세요", "반반"]).await;
    });
}
