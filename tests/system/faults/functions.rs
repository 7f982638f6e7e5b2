//! Faults of Lambda: processes that are killed at any point of their work, malformed events, and
//! calls that Lambda rejects.

use std::time::Duration;

use chatchat_harness::{Answer, Socket};
use chatchat_local::{Fault, Injection, InvokeError, Point, Target};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Processes, REALTIME, ask, assert_acknowledged, assert_gateway_error, assert_happened, assert_kept,
    assert_receives, connection_count, heartbeat, inject, message, post, sends, unchecked,
    wait_for_connections, with_faults,
};
use crate::{World, eventually, next_event, wait_for_blocked};

fn kill(world: &World, target: Target, at: Point) -> Injection {
    inject(world, Fault::Kill { target, at }, 1)
}

/// Whether an answer is API Gateway's own, for a function whose process ended.
fn is_internal_error(answer: &Answer) -> bool {
    (answer.status, &answer.body) == (500, &json!({ "message": "Internal Server Error" }))
}

/// Fault 12: a function is killed before the commit.
#[test]
fn fault_12_function_killed_before_its_work_stores_nothing() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        let frame = message(room, "하나");
        let killed = kill(world, sends(), Point::BeforeWork);
        socket.send(&frame).await.unwrap();
        assert_gateway_error(&mut socket).await;
        assert_happened(killed, 1).await;
        assert_kept([&customer, &company], room, &[]).await;
        assert_acknowledged(&mut socket, &frame, 2).await;
        assert_receives(&mut receiver, 2).await;

        let frame = message(room, "둘");
        let killed = kill(world, Target::function("SendMessageAsCustomer"), Point::BeforeWork);
        assert!(is_internal_error(&post(&unchecked(&customer), &frame).await));
        assert_happened(killed, 1).await;
        assert_kept([&customer, &company], room, &["하나"]).await;
        assert_eq!(post(&customer, &frame).await.expect(201).unwrap().body["seq"], 3);
        assert_receives(&mut receiver, 3).await;
        assert_kept([&customer, &company], room, &["하나", "둘"]).await;
    });
}

/// Fault 13: a function is killed after the commit, before the ack.
#[test]
fn fault_13_message_is_stored_once_if_killed_before_the_ack() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        let frame = message(room, "하나");
        let killed = kill(world, sends(), Point::AtPush(1));
        socket.send(&frame).await.unwrap();
        assert_gateway_error(&mut socket).await;
        assert_happened(killed, 1).await;
        assert_kept([&customer, &company], room, &["하나"]).await;
        assert_acknowledged(&mut socket, &frame, 2).await;
        assert_eq!(heartbeat(&mut receiver, room, 1).await, Some(2), "the process ended before the push");

        let frame = message(room, "둘");
        let killed = kill(world, Target::function("SendMessageAsCustomer"), Point::BeforeAnswer);
        assert!(is_internal_error(&post(&unchecked(&customer), &frame).await));
        assert_happened(killed, 1).await;
        assert_receives(&mut receiver, 3).await;
        assert_eq!(post(&customer, &frame).await.expect(200).unwrap().body["seq"], 3);
        assert_eq!(heartbeat(&mut receiver, room, 3).await, None);
        assert_kept([&customer, &company], room, &["하나", "둘"]).await;
    });
}

/// Fault 14: a function is killed during the fan-out.
#[test]
fn fault_14_receivers_without_a_push_learn_by_heartbeat() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receivers = Vec::new();
        for _ in 0..4 {
            receivers.push(company.connect().await.unwrap());
        }
        let frame = message(room, "누구까지 갈까요");
        let killed = kill(world, sends(), Point::AtPush(3));
        socket.send(&frame).await.unwrap();
        let mut reached = 0;
        // The ack is one of the pushes.
        let mut frame_received = socket.next().await.unwrap();
        if frame_received["type"] == "ack" {
            reached += 1;
            frame_received = socket.next().await.unwrap();
        }
        assert_eq!(frame_received["message"], "Internal server error", "{frame_received}");
        assert_happened(killed, 1).await;
        for receiver in &mut receivers {
            let rooms = json!([{ "roomId": room, "lastSeq": 1 }]);
            let mut event = ask(receiver, &json!({ "action": "heartbeat", "rooms": rooms })).await;
            if event["type"] == "message" {
                reached += 1;
                event = next_event(receiver).await;
            }
            assert_eq!(event["rooms"][0]["lastSeq"], 2, "{event}");
        }
        assert_eq!(reached, 2);
        assert_acknowledged(&mut socket, &frame, 2).await;
        assert_eq!(connection_count(world, &company).await, 4);
        assert_kept([&customer, &company], room, &["누구까지 갈까요"]).await;
    });
}

/// Fault 16: a malformed event. The same process serves the next event.
#[test]
fn fault_16_malformed_event_fails_alone() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let functions = [REALTIME, "SendMessageAsCustomer", "ListRoomsAsCustomer"];
        let mut use_all_functions = async |seq: i64| {
            assert_acknowledged(&mut socket, &message(room, "하나"), seq).await;
            post(&customer, &message(room, "둘")).await.expect(201).unwrap();
            assert_receives(&mut socket, seq + 1).await;
            socket.send(&json!({ "action": "markRead", "roomId": room, "seq": seq })).await.unwrap();
            socket.send(&json!({ "action": "typing", "roomId": room })).await.unwrap();
            assert_eq!(heartbeat(&mut socket, room, seq + 1).await, None);
            assert_eq!(ask(&mut socket, &json!({ "action": "dance" })).await["code"], "unknown_action");
            customer.get("/customer/chatrooms").await.unwrap().expect(200).unwrap();
            let short: Socket = customer.connect().await.unwrap();
            short.close().await.unwrap();
            wait_for_connections(world, &customer, 1).await;
        };
        use_all_functions(2).await;
        let malformed = [
            json!(null),
            json!(7),
            json!("malformed"),
            json!([]),
            json!({}),
            json!({ "requestContext": null }),
            // Valid except that the connection's id is missing.
            json!({ "requestContext": { "connectedAt": 0, "requestTimeEpoch": 0 } }),
            json!({ "requestContext": { "connectionId": 7 } }),
            json!({ "requestContext": { "connectionId": null, "eventType": "MESSAGE" }, "body": 7 }),
            // Valid except that the route's key is missing.
            json!({ "requestContext": { "connectionId": "a", "connectedAt": 0, "requestTimeEpoch": 0 } }),
        ];
        for function in functions {
            let processes = Processes::of(world, function);
            for event in &malformed {
                let outcome = world.system.cloud.invoke(function, event.clone()).await;
                assert!(
                    matches!(outcome, Err(InvokeError::Function { .. })),
                    "{function} {event}: {outcome:?}"
                );
            }
            processes.assert_reused(malformed.len() as u64).await;
        }
        use_all_functions(4).await;
        // These functions ignore the contents of their event.
        for function in ["Sweep", "Migrate"] {
            let run = async |event: Value| world.system.cloud.invoke(function, event).await;
            run(json!({})).await.unwrap();
            let processes = Processes::of(world, function);
            for event in &malformed {
                run(event.clone()).await.unwrap();
            }
            processes.assert_reused(malformed.len() as u64).await;
        }
        world.client.call(Method::GET, "/health", None, &Value::Null).await.unwrap().expect(200).unwrap();
        assert_kept([&customer, &company], room, &["하나", "둘", "하나", "둘"]).await;
    });
}

/// Fault 26: Lambda has made a function inactive. Its calls fail until it is active again.
#[test]
fn fault_26_message_is_stored_once_the_function_is_active_again() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        let deactivate =
            |target| inject(world, Fault::Inactive { target, pending: Duration::from_millis(500) }, 1);

        let inactive = deactivate(Target::function(REALTIME));
        let frame = message(room, "하나");
        socket.send(&frame).await.unwrap();
        assert_gateway_error(&mut socket).await;
        let mut ack = Value::Null;
        eventually("the frame is acknowledged", async || {
            socket.send(&frame).await.unwrap();
            ack = socket.next().await.unwrap();
            ack["type"] == "ack" || {
                assert_eq!(ack["message"], "Internal server error", "{ack}");
                false
            }
        })
        .await;
        assert_eq!(ack["seq"], 2);
        assert_receives(&mut receiver, 2).await;
        assert_happened(inactive, 1).await;

        let inactive = deactivate(Target::function("SendMessageAsCustomer"));
        let (frame, unchecked) = (message(room, "둘"), unchecked(&customer));
        assert!(is_internal_error(&post(&unchecked, &frame).await));
        eventually("the message is stored", async || post(&unchecked, &frame).await.status == 201).await;
        assert_happened(inactive, 1).await;
        assert_receives(&mut receiver, 3).await;
        assert_kept([&customer, &company], room, &["하나", "둘"]).await;
    });
}

/// Fault 27: a new account runs 10 calls at a time. Further calls are throttled.
#[test]
fn fault_27_throttled_message_is_stored_when_it_is_sent_again() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut sender = company.connect().await.unwrap();
        let url = customer.ticket().await.unwrap()["url"].as_str().unwrap().to_owned();
        let (mut locking, watch) = (world.database().await, world.database().await);
        let lock = locking.transaction().await.unwrap();
        lock.execute("select from rooms where id = $1 for update", &[&room]).await.unwrap();
        let limit = inject(world, Fault::AccountLimit(10), u32::MAX);
        for _ in 0..10 {
            sender.send(&message(room, "동시에")).await.unwrap();
        }
        wait_for_blocked(&watch, 10).await;

        let (frame, request) = (message(room, "하나"), message(room, "둘"));
        socket.send(&frame).await.unwrap();
        assert_gateway_error(&mut socket).await;
        assert_eq!(post(&unchecked(&customer), &request).await.status, 429);
        assert_eq!(Socket::handshake(&url, &[]).await.err(), Some(502));
        assert_eq!(limit.happened(), 3);
        lock.rollback().await.unwrap();
        for _ in 0..10 {
            assert_eq!(sender.next_of("ack").await.unwrap()["type"], "ack");
        }
        for _ in 0..10 {
            socket.next_of("message").await.unwrap();
        }
        assert_acknowledged(&mut socket, &frame, 12).await;
        assert_eq!(post(&customer, &request).await.expect(201).unwrap().body["seq"], 13);
        let contents = [["동시에"; 10].as_slice(), &["하나", "둘"]].concat();
        assert_kept([&customer, &company], room, &contents).await;
        assert!(Socket::open(&url).await.is_ok(), "the throttled handshake has not used the ticket");
        drop(limit);
    });
}
