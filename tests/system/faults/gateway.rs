//! Faults of API Gateway when a function pushes: connections that are gone, and calls that are
//! throttled, fail or hang.

use chatchat_harness::{Person, Socket};
use chatchat_local::{Answer, Fault, Injection};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use serde_json::{Value, json};

use super::{
    age_connections, assert_happened, assert_kept, assert_receives, connection_count, heartbeat, message,
    messages_after, post, with_faults,
};
use crate::{World, eventually, next_event};

/// Injects an answer to the calls of `@connections` with these numbers. The next call has number 1.
fn inject_answers(world: &World, answer: Answer, numbers: impl IntoIterator<Item = u32>) -> Vec<Injection> {
    let fault = Fault::Connections(answer);
    numbers.into_iter().map(|number| world.system.cloud.inject(fault.clone(), number, 1)).collect()
}

async fn assert_all_happened(injections: Vec<Injection>) {
    for injection in injections {
        assert_happened(injection, 1).await;
    }
}

/// A customer with N connections, a company, their room, and the connections. The company has sent
/// a message to each connection, so its function is warm.
async fn connected_pair<const N: usize>(world: &World) -> (Person, Person, i64, [Socket; N]) {
    let (customer, company, room) = world.pair().await;
    let sockets = join_all((0..N).map(|_| async { customer.connect().await.unwrap() })).await;
    let mut sockets: [Socket; N] = sockets.try_into().ok().unwrap();
    post(&company, &message(room, "안녕하세요")).await.expect(201).unwrap();
    for socket in &mut sockets {
        assert_receives(socket, 2).await;
    }
    (customer, company, room, sockets)
}

/// Sends a heartbeat of a client that has a room up to seq 2. Returns the message that arrives
/// before the answer, if there is one, and the answer.
async fn heartbeat_events(socket: &mut Socket, room: i64) -> Vec<Value> {
    let rooms = json!([{ "roomId": room, "lastSeq": 2 }]);
    socket.send(&json!({ "action": "heartbeat", "rooms": rooms })).await.unwrap();
    let mut events = vec![next_event(socket).await];
    if events[0]["type"] == "message" {
        events.push(next_event(socket).await);
    }
    events
}

/// Fault 8: `@connections` answers 410. The client learns from its next frame that its connection
/// was deleted.
#[test]
fn fault_08_gone_connection_is_deleted() {
    with_faults(async |world| {
        let (customer, company, room, mut sockets) = connected_pair::<3>(world).await;
        age_connections(world, &customer).await;
        let gone = inject_answers(world, Answer::Gone, [2]);
        post(&company, &message(room, "계세요?")).await.expect(201).unwrap();
        assert_all_happened(gone).await;
        assert_eq!(connection_count(world, &customer).await, 2, "deleted before the send is answered");

        let mut deleted = 0;
        for socket in &mut sockets {
            match heartbeat_events(socket, room).await.as_slice() {
                [message, _] => assert_eq!(message["message"]["seq"], 3),
                [error] => {
                    assert_eq!(error["code"], "unauthenticated", "{error}");
                    socket.closed().await.unwrap();
                    deleted += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(deleted, 1);
        let mut again = customer.connect().await.unwrap();
        assert_eq!(heartbeat(&mut again, room, 2).await, Some(3));
        assert_kept([&customer, &company], room, &["안녕하세요", "계세요?"]).await;
    });
}

/// Fault 8: `@connections` also answers 410 for a connection whose `$connect` has not returned yet.
#[test]
fn fault_08_410_within_30_seconds_of_connecting_keeps_the_row() {
    with_faults(async |world| {
        let (customer, company, room, mut sockets) = connected_pair::<3>(world).await;
        let gone = inject_answers(world, Answer::Gone, [1, 2, 3]);
        post(&company, &message(room, "계세요?")).await.expect(201).unwrap();
        assert_all_happened(gone).await;
        assert_eq!(connection_count(world, &customer).await, 3);
        post(&company, &message(room, "거기 계세요?")).await.expect(201).unwrap();
        for socket in &mut sockets {
            assert_receives(socket, 4).await;
        }
    });
}

/// Fault 9: `@connections` answers 429.
#[test]
fn fault_09_throttled_push_is_retried_twice() {
    with_faults(async |world| assert_retried(world, Answer::Throttled).await);
}

/// Fault 10: `@connections` answers 5xx.
#[test]
fn fault_10_failed_push_is_retried_twice() {
    with_faults(async |world| assert_retried(world, Answer::Failed).await);
}

/// A push is tried three times at most. After that, the client learns of the message from a
/// heartbeat.
async fn assert_retried(world: &World, answer: Answer) {
    let (customer, company, room, [mut socket]) = connected_pair(world).await;
    let refused = inject_answers(world, answer, 1..=2);
    post(&company, &message(room, "하나")).await.expect(201).unwrap();
    assert_all_happened(refused).await;
    assert_receives(&mut socket, 3).await;

    let refused = inject_answers(world, answer, 1..=3);
    post(&company, &message(room, "둘")).await.expect(201).unwrap();
    assert_all_happened(refused).await;
    assert_eq!(heartbeat(&mut socket, room, 3).await, Some(4));
    assert_eq!(messages_after(&customer, room, 3, 10).await[0]["content"], "둘");

    post(&company, &message(room, "셋")).await.expect(201).unwrap();
    assert_receives(&mut socket, 5).await;
    assert_eq!(connection_count(world, &customer).await, 1, "the connection is not deleted");
    assert_kept([&customer, &company], room, &["안녕하세요", "하나", "둘", "셋"]).await;
}

/// Fault 10: `@connections` hangs.
#[test]
fn fault_10_hanging_push_delays_no_other_push() {
    with_faults(async |world| {
        let (customer, company, room, mut sockets) = connected_pair::<5>(world).await;
        // Call 1 is the first attempt for the first connection. Call 6 is its second attempt, after
        // the calls for the four others. There is no time for a third.
        let hanging = inject_answers(world, Answer::Hang, [1, 6]);
        let frame = message(room, "기다리지 마세요");
        let sending = tokio::spawn({
            let company = company.clone();
            async move { post(&company, &frame).await }
        });
        let mut events: FuturesUnordered<_> =
            sockets.iter_mut().map(|socket| assert_receives(socket, 3)).collect();
        for _ in 0..4 {
            events.next().await.unwrap();
        }
        drop(events);
        assert!(!sending.is_finished(), "the first push hangs until the others have arrived");
        assert_eq!(sending.await.unwrap().status, 201);
        assert_all_happened(hanging).await;
        for socket in &mut sockets {
            assert_eq!(heartbeat(socket, room, 2).await, Some(3));
        }
        assert_eq!(connection_count(world, &customer).await, 5);
        assert_kept([&customer, &company], room, &["안녕하세요", "기다리지 마세요"]).await;
    });
}

/// Fault 11: half of the fan-out fails.
#[test]
fn fault_11_other_pushes_arrive_when_half_of_them_fail() {
    with_faults(async |world| {
        let (customer, company, room, mut sockets) = connected_pair::<10>(world).await;
        // Every second one of the first ten calls, and all later calls. The later calls are the
        // retries, so five connections fail three times.
        let failing = inject_answers(world, Answer::Failed, [2, 4, 6, 8, 10].into_iter().chain(11..=20));
        let warnings = || {
            let log = world.system.log().unwrap();
            log.lines().filter(|line| line.contains("not every connection could be pushed to")).count()
        };
        let before = warnings();
        post(&company, &message(room, "반반")).await.expect(201).unwrap();
        assert_all_happened(failing).await;
        eventually("the failures are logged", async || warnings() > before).await;
        assert_eq!(warnings(), before + 1, "one line for all failures");
        let mut arrived = 0;
        for socket in &mut sockets {
            let events = heartbeat_events(socket, room).await;
            arrived += events.len() - 1;
            assert_eq!(events.last().unwrap()["rooms"], json!([{ "roomId": room, "lastSeq": 3 }]));
        }
        assert_eq!(arrived, 5);
        assert_eq!(connection_count(world, &customer).await, 10);
        assert_kept([&customer, &company], room, &["안녕하세요", "반반"]).await;
    });
}
