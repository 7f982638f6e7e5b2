//! What Lambda does: processes that are killed at any point of their work, events that come twice, events that are none.

use chatchat_local::{Fault, Injection, InvokeError, Point};
use chatchat_tests::Socket;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Processes, acknowledged, ahead, ask, assert_kept, connections, connections_become, gateway_error,
    happened, inject, message, next, post, through_gateway, told, with_faults,
};
use crate::World;

fn kill(world: &World, function: &str, at: Point) -> Injection {
    inject(world, Fault::Kill { function: Some(function.to_owned()), at }, 1)
}

/// What API Gateway answers for a function that ended.
fn is_gateways(answer: &chatchat_tests::Answer) -> bool {
    (answer.status, &answer.body) == (500, &json!({ "message": "Internal Server Error" }))
}

/// Fault 12: a function is killed before the commit.
#[test]
fn a_send_whose_function_was_killed_before_its_work_is_not_kept_until_it_is_sent_again() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        let frame = message(room, "하나");
        let killed = kill(world, "SendMessageFrame", Point::BeforeWork);
        socket.send(&frame).await.unwrap();
        gateway_error(&mut socket).await;
        happened(killed, 1).await;
        assert_kept([&customer, &company], room, &[]).await;
        acknowledged(&mut socket, &frame, 2).await;
        told(&mut receiver, 2).await;

        let frame = message(room, "둘");
        let killed = kill(world, "SendMessageAsCustomer", Point::BeforeWork);
        assert!(is_gateways(&post(&through_gateway(&customer), &frame).await));
        happened(killed, 1).await;
        assert_kept([&customer, &company], room, &["하나"]).await;
        assert_eq!(post(&customer, &frame).await.expect(201).unwrap().body["seq"], 3);
        told(&mut receiver, 3).await;
        assert_kept([&customer, &company], room, &["하나", "둘"]).await;
    });
}

/// Fault 13: a function is killed after the commit, before the ack.
#[test]
fn a_message_whose_function_was_killed_before_the_ack_is_the_same_message_when_it_is_sent_again() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        let frame = message(room, "하나");
        let killed = kill(world, "SendMessageFrame", Point::AtPush(1));
        socket.send(&frame).await.unwrap();
        gateway_error(&mut socket).await;
        happened(killed, 1).await;
        assert_kept([&customer, &company], room, &["하나"]).await;
        acknowledged(&mut socket, &frame, 2).await;
        assert_eq!(ahead(&mut receiver, room, 1).await, Some(2), "its push was lost with the process");

        let frame = message(room, "둘");
        let killed = kill(world, "SendMessageAsCustomer", Point::BeforeAnswer);
        assert!(is_gateways(&post(&through_gateway(&customer), &frame).await));
        happened(killed, 1).await;
        told(&mut receiver, 3).await;
        assert_eq!(post(&customer, &frame).await.expect(200).unwrap().body["seq"], 3);
        assert_eq!(ahead(&mut receiver, room, 3).await, None);
        assert_kept([&customer, &company], room, &["하나", "둘"]).await;
    });
}

/// Fault 14: a function is killed during the fan-out.
#[test]
fn a_message_whose_function_was_killed_amid_its_pushes_is_fetched_by_those_it_did_not_reach() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receivers = Vec::new();
        for _ in 0..4 {
            receivers.push(company.connect().await.unwrap());
        }
        let frame = message(room, "누구까지 갈까요");
        let killed = kill(world, "SendMessageFrame", Point::AtPush(3));
        socket.send(&frame).await.unwrap();
        let mut reached = 0;
        // The ack is one of the pushes.
        let mut heard = socket.next().await.unwrap();
        if heard["type"] == "ack" {
            reached += 1;
            heard = socket.next().await.unwrap();
        }
        assert_eq!(heard["message"], "Internal server error", "{heard}");
        happened(killed, 1).await;
        for receiver in &mut receivers {
            let rooms = json!([{ "roomId": room, "lastSeq": 1 }]);
            let mut event = ask(receiver, &json!({ "action": "heartbeat", "rooms": rooms })).await;
            if event["type"] == "message" {
                reached += 1;
                event = next(receiver).await;
            }
            assert_eq!(event["rooms"][0]["lastSeq"], 2, "whoever was not reached is told: {event}");
        }
        assert_eq!(reached, 2);
        acknowledged(&mut socket, &frame, 2).await;
        assert_eq!(connections(world, &company).await, 4);
        assert_kept([&customer, &company], room, &["누구까지 갈까요"]).await;
    });
}

/// Fault 16: a poisonous event.
#[test]
fn an_event_that_is_none_fails_by_itself_and_the_same_process_serves_the_next() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let functions = [
            "SendMessageFrame",
            "MarkReadFrame",
            "TypingFrame",
            "HeartbeatFrame",
            "UnknownAction",
            "Connect",
            "Disconnect",
            "SendMessageAsCustomer",
            "ListRoomsAsCustomer",
        ];
        let mut say = async |seq: i64| {
            acknowledged(&mut socket, &message(room, "하나"), seq).await;
            post(&customer, &message(room, "둘")).await.expect(201).unwrap();
            told(&mut socket, seq + 1).await;
            socket.send(&json!({ "action": "markRead", "roomId": room, "seq": seq })).await.unwrap();
            socket.send(&json!({ "action": "typing", "roomId": room })).await.unwrap();
            assert_eq!(ahead(&mut socket, room, seq + 1).await, None);
            assert_eq!(ask(&mut socket, &json!({ "action": "dance" })).await["code"], "unknown_action");
            customer.get("/customer/chatrooms").await.unwrap().expect(200).unwrap();
            let short: Socket = customer.connect().await.unwrap();
            short.close().await.unwrap();
            connections_become(world, &customer, 1).await;
        };
        say(2).await;
        let poisons = [
            json!(null),
            json!(7),
            json!("poison"),
            json!([]),
            json!({}),
            json!({ "requestContext": null }),
            // Without the connection's id, and else right.
            json!({ "requestContext": { "connectedAt": 0, "requestTimeEpoch": 0 } }),
            json!({ "requestContext": { "connectionId": 7 } }),
            json!({ "requestContext": { "connectionId": null, "eventType": "MESSAGE" }, "body": 7 }),
        ];
        let processes: Vec<Processes> =
            functions.iter().map(|function| Processes::of(world, function)).collect();
        for function in functions {
            for poison in &poisons {
                let outcome = world.system.cloud.invoke(function, poison.clone()).await;
                assert!(
                    matches!(outcome, Err(InvokeError::Function { .. })),
                    "{function} {poison}: {outcome:?}"
                );
            }
        }
        say(4).await;
        for processes in processes {
            processes.live_on(poisons.len() as u64 + 1).await;
        }
        // These take no notice of their event.
        for function in ["Sweep", "Migrate"] {
            let run = async |event: Value| world.system.cloud.invoke(function, event).await;
            run(json!({})).await.unwrap();
            let processes = Processes::of(world, function);
            for poison in &poisons {
                run(poison.clone()).await.unwrap();
            }
            processes.live_on(poisons.len() as u64).await;
        }
        world.client.call(Method::GET, "/health", None, &Value::Null).await.unwrap().expect(200).unwrap();
        assert_kept([&customer, &company], room, &["하나", "둘", "하나", "둘"]).await;
    });
}
