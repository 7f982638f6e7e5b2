//! What clients and their networks do: connections that end at the worst moment, frames that come twice, pushes that come late or not
//! at all.

use std::collections::BTreeMap;

use chatchat_local::{Fault, Moment, Tampering};
use serde_json::{Value, json};

use super::{
    Processes, acknowledged, ahead, assert_kept, happened, inject, is_cut, message, messages_after, next,
    post, told, waiting, with_faults,
};
use crate::eventually;

/// What a client shows of a room, by seq.
type View = BTreeMap<i64, Value>;

/// Adds messages; those that it has already are the same.
fn show(view: &mut View, messages: Vec<Value>) {
    for message in messages {
        let seen = view.insert(message["seq"].as_i64().unwrap(), message.clone());
        assert!(seen.is_none_or(|seen| seen == message), "two messages have one seq");
    }
}

/// Fault 1: the client drops before its send reaches the function.
#[test]
fn a_frame_that_was_lost_with_its_connection_is_kept_when_it_is_sent_again() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        let frame = message(room, "들리세요?");

        let cut = inject(world, Fault::Cut(Moment::BeforeFunction), 1);
        socket.send(&frame).await.unwrap();
        is_cut(&mut socket).await;
        happened(cut, 1).await;
        assert_kept([&customer, &company], room, &[]).await;

        let mut socket = customer.connect().await.unwrap();
        let ack = acknowledged(&mut socket, &frame, 2).await;
        assert_eq!(told(&mut receiver, 2).await["message"]["id"], ack["id"]);
        assert_kept([&customer, &company], room, &["들리세요?"]).await;
    });
}

/// Fault 2: the client drops after its send, before the ack.
#[test]
fn a_message_whose_ack_was_lost_with_the_connection_is_the_same_message_when_it_is_sent_again() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        let frame = message(room, "갔을까요?");

        let cut = inject(world, Fault::Cut(Moment::AfterFunction), 1);
        socket.send(&frame).await.unwrap();
        is_cut(&mut socket).await;
        happened(cut, 1).await;
        let pushed = told(&mut receiver, 2).await;

        let mut socket = customer.connect().await.unwrap();
        let ack = acknowledged(&mut socket, &frame, 2).await;
        assert_eq!(
            (&ack["id"], &ack["createdAt"]),
            (&pushed["message"]["id"], &pushed["message"]["createdAt"])
        );
        assert_eq!(ahead(&mut receiver, room, 2).await, None, "those who have it are not told again");
        assert_kept([&customer, &company], room, &["갔을까요?"]).await;
    });
}

/// Fault 3: the client drops while it resyncs.
#[test]
fn a_resync_that_was_cut_off_goes_on_where_it_was() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let contents = ["하나", "둘", "셋", "넷", "다섯", "여섯"];
        for content in &contents[..4] {
            post(&company, &message(room, content)).await.expect(201).unwrap();
        }
        let mut socket = customer.connect().await.unwrap();
        let mut view = View::new();
        show(&mut view, messages_after(&customer, room, 0, 2).await);

        // The history is locked, so that the second page is being fetched when the network goes.
        let (mut database, watch) = (world.database().await, world.database().await);
        let lock = database.transaction().await.unwrap();
        lock.batch_execute("lock table messages in access exclusive mode").await.unwrap();
        let path = format!("{}/messages?after=2&limit=2", customer.room(room));
        let (page, ()) = tokio::join!(customer.get(&path), async {
            eventually("the page is being read", async || waiting(&watch).await == 1).await;
            world.system.cloud.cut_off(true);
        });
        assert!(page.is_err(), "no answer arrived");
        is_cut(&mut socket).await;
        assert!(customer.connect().await.is_err(), "the network is away");
        lock.rollback().await.unwrap();
        world.system.cloud.cut_off(false);

        post(&company, &message(room, contents[4])).await.expect(201).unwrap();
        let mut socket = customer.connect().await.unwrap();
        post(&company, &message(room, contents[5])).await.expect(201).unwrap();
        show(&mut view, vec![told(&mut socket, 7).await["message"].clone()]);
        for caught_up in [2, 4, 6] {
            show(&mut view, messages_after(&customer, room, caught_up, 2).await);
        }
        assert!(view.keys().copied().eq(1..=7), "no gap: {:?}", view.keys());
        assert_eq!(view.into_values().collect::<Vec<_>>(), customer.history(room).await.unwrap());
        assert_kept([&customer, &company], room, &contents).await;
    });
}

/// Fault 4: the same frame twice.
#[test]
fn a_frame_that_comes_twice_is_done_once() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();

        let doubled = inject(world, Fault::Received(Tampering::Double), 2);
        let ack = acknowledged(&mut socket, &message(room, "한 번"), 2).await;
        assert_eq!(next(&mut socket).await, ack, "both are answered, and the same");
        told(&mut receiver, 2).await;
        let marking = Processes::of(world, "MarkReadFrame");
        socket.send(&json!({ "action": "markRead", "roomId": room, "seq": 2 })).await.unwrap();
        let read = json!({ "type": "read", "roomId": room, "readerId": customer.id, "seq": 2 });
        assert_eq!(next(&mut receiver).await, read);
        happened(doubled, 2).await;
        marking.have_done(2).await;

        acknowledged(&mut socket, &message(room, "두 번째 말"), 3).await;
        told(&mut receiver, 3).await;
        assert_kept([&customer, &company], room, &["한 번", "두 번째 말"]).await;
    });
}

/// Fault 5: pushes come in another order.
#[test]
fn messages_that_overtake_each_other_are_put_in_order_by_their_seqs() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        post(&company, &message(room, "먼저")).await.expect(201).unwrap();
        told(&mut socket, 2).await;

        let overtaken = inject(world, Fault::Pushed(Tampering::Overtaken), 1);
        post(&company, &message(room, "하나")).await.expect(201).unwrap();
        post(&company, &message(room, "둘")).await.expect(201).unwrap();
        let late = [told(&mut socket, 4).await, told(&mut socket, 3).await];
        happened(overtaken, 1).await;

        assert_eq!(ahead(&mut socket, room, 4).await, None, "both came, and nothing is missing");
        let history = messages_after(&customer, room, 2, 10).await;
        assert_eq!(history, [late[1]["message"].clone(), late[0]["message"].clone()]);
        assert_kept([&customer, &company], room, &["먼저", "하나", "둘"]).await;
    });
}

/// Fault 6: a push is lost while its client is connected.
#[test]
fn a_lost_push_is_noticed_at_the_next_heartbeat_or_message_and_a_lost_ack_is_asked_for_again() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let lost = inject(world, Fault::Pushed(Tampering::Drop), 1);
        post(&company, &message(room, "하나")).await.expect(201).unwrap();
        happened(lost, 1).await;
        assert_eq!(ahead(&mut socket, room, 1).await, Some(2), "and nothing else came");
        assert_eq!(messages_after(&customer, room, 1, 10).await[0]["content"], "하나");

        let lost = inject(world, Fault::Pushed(Tampering::Drop), 1);
        post(&company, &message(room, "둘")).await.expect(201).unwrap();
        happened(lost, 1).await;
        post(&company, &message(room, "셋")).await.expect(201).unwrap();
        let pushed = told(&mut socket, 4).await["message"].clone();
        let fetched = messages_after(&customer, room, 2, 10).await;
        assert_eq!((&fetched[0]["content"], &fetched[1]), (&json!("둘"), &pushed), "the gap is filled");

        let lost = inject(world, Fault::Pushed(Tampering::Drop), 1);
        let frame = message(room, "넷");
        socket.send(&frame).await.unwrap();
        happened(lost, 1).await;
        acknowledged(&mut socket, &frame, 5).await;
        assert_kept([&customer, &company], room, &["하나", "둘", "셋", "넷"]).await;
    });
}
