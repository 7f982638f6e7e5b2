//! Events that Lambda delivers twice: both at the same time, and one after the other.

use chatchat_local::{Fault, Injection, Target};
use serde_json::json;

use super::{
    Processes, REALTIME, assert_acknowledged, assert_happened, assert_kept, assert_receives,
    connection_count, heartbeat, inject, message, post, sends, wait_for_connections, with_faults,
};
use crate::{World, next_event};

fn deliver_twice(world: &World, target: Target) -> Injection {
    // The first event is delivered twice at the same time, the second one twice in succession.
    inject(world, Fault::DeliverTwice { target }, 2)
}

/// Fault 15: an event is delivered twice.
#[test]
fn fault_15_send_or_read_marker_delivered_twice_applies_once() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();

        let (duplicated, processes) = (deliver_twice(world, sends()), Processes::of(world, REALTIME));
        for (seq, content) in [(2, "하나"), (3, "둘")] {
            let ack = assert_acknowledged(&mut socket, &message(room, content), seq).await;
            assert_eq!(next_event(&mut socket).await, ack);
            assert_receives(&mut receiver, seq).await;
        }
        assert_happened(duplicated, 2).await;
        processes.wait_until_served(4).await;

        let duplicated = deliver_twice(world, Target::function("SendMessageAsCustomer"));
        let processes = Processes::of(world, "SendMessageAsCustomer");
        for (seq, content) in [(4, "셋"), (5, "넷")] {
            // Either delivery can be the first.
            let answer = post(&customer, &message(room, content)).await;
            assert!([200, 201].contains(&answer.status), "{}", answer.body);
            assert_eq!(answer.body["seq"], seq);
            assert_receives(&mut receiver, seq).await;
            assert_receives(&mut socket, seq).await;
        }
        assert_happened(duplicated, 2).await;
        processes.wait_until_served(4).await;

        let (duplicated, processes) =
            (deliver_twice(world, Target::route(REALTIME, "markRead")), Processes::of(world, REALTIME));
        for seq in [4, 5] {
            socket.send(&json!({ "action": "markRead", "roomId": room, "seq": seq })).await.unwrap();
            let read = json!({ "type": "read", "roomId": room, "readerId": customer.id, "seq": seq });
            assert_eq!(next_event(&mut receiver).await, read);
        }
        assert_happened(duplicated, 2).await;
        processes.wait_until_served(4).await;
        assert_eq!(heartbeat(&mut receiver, room, 5).await, None, "no message is pushed twice");
        assert_eq!(heartbeat(&mut socket, room, 5).await, None);
        assert_kept([&customer, &company], room, &["하나", "둘", "셋", "넷"]).await;
    });
}

/// Fault 15, for events that change nothing.
#[test]
fn fault_15_frame_without_effect_is_answered_per_delivery() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        for (route, frame, kind) in [
            ("typing", json!({ "action": "typing", "roomId": room }), "typing"),
            ("heartbeat", json!({ "action": "heartbeat", "rooms": [] }), "heartbeat"),
            ("$default", json!({ "action": "dance" }), "error"),
        ] {
            let duplicated = deliver_twice(world, Target::route(REALTIME, route));
            for _ in 0..2 {
                socket.send(&frame).await.unwrap();
                let listener = if kind == "typing" { &mut receiver } else { &mut socket };
                for _ in 0..2 {
                    assert_eq!(next_event(listener).await["type"], kind);
                }
            }
            assert_happened(duplicated, 2).await;
        }
        assert_kept([&customer, &company], room, &[]).await;
    });
}

/// Fault 15, for `$connect` and `$disconnect`.
#[test]
fn fault_15_connect_and_disconnect_twice_apply_once() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut sender = company.connect().await.unwrap();
        for seq in [2, 3] {
            let (duplicated, processes) =
                (deliver_twice(world, Target::route(REALTIME, "$connect")), Processes::of(world, REALTIME));
            let mut sockets = [customer.connect().await.unwrap(), customer.connect().await.unwrap()];
            assert_happened(duplicated, 2).await;
            processes.wait_until_served(4).await;
            assert_eq!(connection_count(world, &customer).await, 2);
            assert_acknowledged(&mut sender, &message(room, "둘 다 들리나요?"), seq).await;
            for socket in &mut sockets {
                assert_receives(socket, seq).await;
            }

            let (duplicated, processes) = (
                deliver_twice(world, Target::route(REALTIME, "$disconnect")),
                Processes::of(world, REALTIME),
            );
            for socket in sockets {
                socket.close().await.unwrap();
            }
            assert_happened(duplicated, 2).await;
            processes.wait_until_served(4).await;
            wait_for_connections(world, &customer, 0).await;
        }
    });
}
