//! Events that Lambda delivers twice, at once and one after the other.

use chatchat_local::{Fault, Injection};
use serde_json::json;

use super::{
    Processes, acknowledged, ahead, assert_kept, connections, connections_become, happened, inject, message,
    next, post, told, with_faults,
};
use crate::World;

fn twice(world: &World, function: &str) -> Injection {
    // At once the first time, one after the other the second time.
    inject(world, Fault::DeliverTwice { function: Some(function.to_owned()) }, 2)
}

/// Fault 15: an event is delivered twice.
#[test]
fn a_send_or_a_marker_that_is_delivered_twice_is_done_once() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();

        let (doubled, processes) =
            (twice(world, "SendMessageFrame"), Processes::of(world, "SendMessageFrame"));
        for (seq, content) in [(2, "하나"), (3, "둘")] {
            let ack = acknowledged(&mut socket, &message(room, content), seq).await;
            assert_eq!(next(&mut socket).await, ack);
            told(&mut receiver, seq).await;
        }
        happened(doubled, 2).await;
        processes.have_done(4).await;

        let doubled = twice(world, "SendMessageAsCustomer");
        let processes = Processes::of(world, "SendMessageAsCustomer");
        for (seq, content) in [(4, "셋"), (5, "넷")] {
            // Which of the two came first is not to be known.
            let answer = post(&customer, &message(room, content)).await;
            assert!([200, 201].contains(&answer.status), "{}", answer.body);
            assert_eq!(answer.body["seq"], seq);
            told(&mut receiver, seq).await;
            told(&mut socket, seq).await;
        }
        happened(doubled, 2).await;
        processes.have_done(4).await;

        let (doubled, processes) = (twice(world, "MarkReadFrame"), Processes::of(world, "MarkReadFrame"));
        for seq in [4, 5] {
            socket.send(&json!({ "action": "markRead", "roomId": room, "seq": seq })).await.unwrap();
            let read = json!({ "type": "read", "roomId": room, "readerId": customer.id, "seq": seq });
            assert_eq!(next(&mut receiver).await, read);
        }
        happened(doubled, 2).await;
        processes.have_done(4).await;
        assert_eq!(ahead(&mut receiver, room, 5).await, None, "nothing came twice");
        assert_eq!(ahead(&mut socket, room, 5).await, None);
        assert_kept([&customer, &company], room, &["하나", "둘", "셋", "넷"]).await;
    });
}

/// Fault 15: and those that change nothing.
#[test]
fn an_event_that_changes_nothing_is_answered_as_often_as_it_is_delivered() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        for (function, frame, kind) in [
            ("TypingFrame", json!({ "action": "typing", "roomId": room }), "typing"),
            ("HeartbeatFrame", json!({ "action": "heartbeat", "rooms": [] }), "heartbeat"),
            ("UnknownAction", json!({ "action": "dance" }), "error"),
        ] {
            let doubled = twice(world, function);
            for _ in 0..2 {
                socket.send(&frame).await.unwrap();
                let hears = if kind == "typing" { &mut receiver } else { &mut socket };
                for _ in 0..2 {
                    assert_eq!(next(hears).await["type"], kind);
                }
            }
            happened(doubled, 2).await;
        }
        assert_kept([&customer, &company], room, &[]).await;
    });
}

/// Fault 15: and the beginning and the end of a connection.
#[test]
fn a_connection_that_begins_and_ends_twice_is_one_connection_and_then_none() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut sender = company.connect().await.unwrap();
        for seq in [2, 3] {
            let (doubled, processes) = (twice(world, "Connect"), Processes::of(world, "Connect"));
            let mut sockets = [customer.connect().await.unwrap(), customer.connect().await.unwrap()];
            happened(doubled, 2).await;
            processes.have_done(4).await;
            assert_eq!(connections(world, &customer).await, 2);
            acknowledged(&mut sender, &message(room, "둘 다 들리나요?"), seq).await;
            for socket in &mut sockets {
                told(socket, seq).await;
            }

            let (doubled, processes) = (twice(world, "Disconnect"), Processes::of(world, "Disconnect"));
            for socket in sockets {
                socket.close().await.unwrap();
            }
            happened(doubled, 2).await;
            processes.have_done(4).await;
            connections_become(world, &customer, 0).await;
        }
    });
}
