//! Faults of clients and their networks: connections that end while a message is under way,
//! duplicate frames, and pushes that are late or lost.

use std::collections::BTreeMap;

use chatchat_local::{Fault, Moment, Tampering};
use serde_json::{Value, json};

use super::{
    Processes, REALTIME, assert_acknowledged, assert_cut, assert_happened, assert_kept, assert_receives,
    heartbeat, inject, message, messages_after, post, with_faults,
};
use crate::{next_event, wait_for_blocked};

/// The messages of a room that a client shows, by seq.
type View = BTreeMap<i64, Value>;

/// Adds messages. A message that is already there must be the same.
fn show(view: &mut View, messages: Vec<Value>) {
    for message in messages {
        let seen = view.insert(message["seq"].as_i64().unwrap(), message.clone());
        assert!(seen.is_none_or(|seen| seen == message), "two messages have the same seq");
    }
}

/// Fault 1: a client disconnects before its send reaches the function.
#[test]
fn fault_01_frame_lost_with_its_connection_can_be_resent() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        let frame = message(room, "들리세요?");

        let cut = inject(world, Fault::Cut(Moment::BeforeFunction), 1);
        socket.send(&frame).await.unwrap();
        assert_cut(&mut socket).await;
        assert_happened(cut, 1).await;
        assert_kept([&customer, &company], room, &[]).await;

        let mut socket = customer.connect().await.unwrap();
        let ack = assert_acknowledged(&mut socket, &frame, 2).await;
        assert_eq!(assert_receives(&mut receiver, 2).await["message"]["id"], ack["id"]);
        assert_kept([&customer, &company], room, &["들리세요?"]).await;
    });
}

/// Fault 2: a client disconnects after its send, before the ack.
#[test]
fn fault_02_message_with_a_lost_ack_is_stored_once() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        let frame = message(room, "갔을까요?");

        let cut = inject(world, Fault::Cut(Moment::AfterFunction), 1);
        socket.send(&frame).await.unwrap();
        assert_cut(&mut socket).await;
        assert_happened(cut, 1).await;
        let pushed = assert_receives(&mut receiver, 2).await;

        let mut socket = customer.connect().await.unwrap();
        let ack = assert_acknowledged(&mut socket, &frame, 2).await;
        assert_eq!(
            (&ack["id"], &ack["createdAt"]),
            (&pushed["message"]["id"], &pushed["message"]["createdAt"])
        );
        assert_eq!(heartbeat(&mut receiver, room, 2).await, None, "the receiver gets it once");
        assert_kept([&customer, &company], room, &["갔을까요?"]).await;
    });
}

/// Fault 3: a client disconnects during a resync.
#[test]
fn fault_03_interrupted_resync_continues() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let contents = ["하나", "둘", "셋", "넷", "다섯", "여섯"];
        for content in &contents[..4] {
            post(&company, &message(room, content)).await.expect(201).unwrap();
        }
        let mut socket = customer.connect().await.unwrap();
        let mut view = View::new();
        show(&mut view, messages_after(&customer, room, 0, 2).await);

        // The history is locked, so the second page is still being fetched when the network fails.
        let (mut database, watch) = (world.database().await, world.database().await);
        let lock = database.transaction().await.unwrap();
        lock.batch_execute("lock table messages in access exclusive mode").await.unwrap();
        let path = format!("{}/messages?after=2&limit=2", customer.room(room));
        let (page, ()) = tokio::join!(customer.get(&path), async {
            wait_for_blocked(&watch, 1).await;
            world.system.cloud.cut_off(true);
        });
        assert!(page.is_err(), "no answer arrived");
        assert_cut(&mut socket).await;
        assert!(customer.connect().await.is_err(), "the network is down");
        lock.rollback().await.unwrap();
        world.system.cloud.cut_off(false);

        post(&company, &message(room, contents[4])).await.expect(201).unwrap();
        let mut socket = customer.connect().await.unwrap();
        post(&company, &message(room, contents[5])).await.expect(201).unwrap();
        show(&mut view, vec![assert_receives(&mut socket, 7).await["message"].clone()]);
        for seq in [2, 4, 6] {
            show(&mut view, messages_after(&customer, room, seq, 2).await);
        }
        assert!(view.keys().copied().eq(1..=7), "there is a gap: {:?}", view.keys());
        assert_eq!(view.into_values().collect::<Vec<_>>(), customer.history(room).await.unwrap());
        assert_kept([&customer, &company], room, &contents).await;
    });
}

/// Fault 4: the same frame arrives twice.
#[test]
fn fault_04_duplicate_frame_takes_effect_once() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();

        let duplicated = inject(world, Fault::Received(Tampering::Double), 2);
        let ack = assert_acknowledged(&mut socket, &message(room, "한 번"), 2).await;
        assert_eq!(next_event(&mut socket).await, ack, "both frames get the same ack");
        assert_receives(&mut receiver, 2).await;
        let marking = Processes::of(world, REALTIME);
        socket.send(&json!({ "action": "markRead", "roomId": room, "seq": 2 })).await.unwrap();
        let read = json!({ "type": "read", "roomId": room, "readerId": customer.id, "seq": 2 });
        assert_eq!(next_event(&mut receiver).await, read);
        assert_happened(duplicated, 2).await;
        marking.wait_until_served(2).await;

        assert_acknowledged(&mut socket, &message(room, "두 번째 말"), 3).await;
        assert_receives(&mut receiver, 3).await;
        assert_kept([&customer, &company], room, &["한 번", "두 번째 말"]).await;
    });
}

/// Fault 5: pushes arrive in another order.
#[test]
fn fault_05_reordered_pushes_are_ordered_by_seq() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        post(&company, &message(room, "먼저")).await.expect(201).unwrap();
        assert_receives(&mut socket, 2).await;

        let overtaken = inject(world, Fault::Pushed(Tampering::Overtaken), 1);
        post(&company, &message(room, "하나")).await.expect(201).unwrap();
        post(&company, &message(room, "둘")).await.expect(201).unwrap();
        let late = [assert_receives(&mut socket, 4).await, assert_receives(&mut socket, 3).await];
        assert_happened(overtaken, 1).await;

        assert_eq!(heartbeat(&mut socket, room, 4).await, None, "no message is missing");
        let history = messages_after(&customer, room, 2, 10).await;
        assert_eq!(history, [late[1]["message"].clone(), late[0]["message"].clone()]);
        assert_kept([&customer, &company], room, &["먼저", "하나", "둘"]).await;
    });
}

/// Fault 6: a push is lost while its client is connected. A client that misses an `ack` sends its
/// frame again.
#[test]
fn fault_06_lost_push_is_noticed_by_heartbeat_or_next_seq() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let lost = inject(world, Fault::Pushed(Tampering::Drop), 1);
        post(&company, &message(room, "하나")).await.expect(201).unwrap();
        assert_happened(lost, 1).await;
        assert_eq!(heartbeat(&mut socket, room, 1).await, Some(2));
        assert_eq!(messages_after(&customer, room, 1, 10).await[0]["content"], "하나");

        let lost = inject(world, Fault::Pushed(Tampering::Drop), 1);
        post(&company, &message(room, "둘")).await.expect(201).unwrap();
        assert_happened(lost, 1).await;
        post(&company, &message(room, "셋")).await.expect(201).unwrap();
        let pushed = assert_receives(&mut socket, 4).await["message"].clone();
        let fetched = messages_after(&customer, room, 2, 10).await;
        assert_eq!((&fetched[0]["content"], &fetched[1]), (&json!("둘"), &pushed), "the gap is filled");

        let lost = inject(world, Fault::Pushed(Tampering::Drop), 1);
        let frame = message(room, "넷");
        socket.send(&frame).await.unwrap();
        assert_happened(lost, 1).await;
        assert_acknowledged(&mut socket, &frame, 5).await;
        assert_kept([&customer, &company], room, &["하나", "둘", "셋", "넷"]).await;
    });
}
