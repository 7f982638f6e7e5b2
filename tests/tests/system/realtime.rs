//! Tickets, connections, and frames.

use chatchat_tests::{Person, Socket, tungstenite::Message};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{contract, in_world, rounds};

async fn url(person: &Person) -> String {
    person.ticket().await.unwrap()["url"].as_str().unwrap().to_owned()
}

async fn next(socket: &mut Socket) -> Value {
    let event = socket.next().await.unwrap();
    assert_eq!(contract().check_event(&event), Ok(()));
    event
}

/// Sends a frame and gives the `error` that it is refused with.
async fn refusal(socket: &mut Socket, frame: &Value) -> Value {
    socket.send(frame).await.unwrap();
    let event = next(socket).await;
    assert_eq!(event["type"], "error", "{event}");
    event
}

#[test]
fn a_ticket_opens_one_connection_even_if_fifty_try() {
    in_world(|world| async move {
        for _ in 0..rounds() {
            let url = url(&world.customer().await).await;
            let opened = join_all((0..50).map(|_| Socket::handshake(&url, &[]))).await;
            let refused: Vec<_> = opened.iter().filter_map(|socket| socket.as_ref().err()).collect();
            assert_eq!(refused.len(), 49);
            assert!(refused.iter().all(|status| **status == 401), "{refused:?}");
        }
    });
}

#[test]
fn without_a_good_ticket_the_handshake_is_refused_with_401() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let url = url(&customer).await;
        let (address, ticket) = url.split_once("?ticket=").unwrap();
        let database = world.database().await;
        let refused = |url: String| async move { Socket::handshake(&url, &[]).await.err() };
        assert_eq!(refused(address.to_owned()).await, Some(401));
        assert_eq!(refused(format!("{address}?ticket=")).await, Some(401));
        assert_eq!(refused(format!("{address}?ticket={}", &ticket[1..])).await, Some(401));
        assert_eq!(refused(format!("{address}?ticket={}", customer.token)).await, Some(401));
        let of_customer = "session_id in (select id from sessions where account_id = $1)";
        let expire = format!("update tickets set expires_at = now() where {of_customer}");
        assert_eq!(database.execute(&expire, &[&customer.id]).await.unwrap(), 1);
        assert_eq!(refused(url).await, Some(401), "expired");
        let url = customer.ticket().await.unwrap()["url"].as_str().unwrap().to_owned();
        database
            .execute("update sessions set ended_at = now() where account_id = $1", &[&customer.id])
            .await
            .unwrap();
        assert_eq!(refused(url).await, Some(401), "the session has ended");
    });
}

#[test]
fn a_page_of_another_site_cannot_connect() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let url = url(&customer).await;
        assert_eq!(Socket::handshake(&url, &[("origin", "https://evil.example")]).await.err(), Some(403));
        let own = world.client.url.clone();
        assert!(Socket::handshake(&url, &[("origin", &own)]).await.is_ok(), "and the ticket was not spent");
    });
}

#[test]
fn messages_reach_every_connection_of_both_sides_and_the_sender_gets_an_ack() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let mut sender = customer.connect().await.unwrap();
        let mut others = [
            customer.connect().await.unwrap(),
            company.connect().await.unwrap(),
            company.connect().await.unwrap(),
        ];
        let id = sender.say(room, "여러 기기").await.unwrap();
        let ack = next(&mut sender).await;
        assert_eq!((&ack["type"], &ack["roomId"]), (&json!("ack"), &json!(room)));
        assert_eq!(ack["senderId"], customer.id);
        for (number, socket) in others.iter_mut().enumerate() {
            let event = next(socket).await;
            assert_eq!(event["message"]["id"], ack["id"]);
            assert_eq!(event["sender"], json!({ "name": "김하늘", "imageUrl": null }));
            let shown = event["message"].get("clientMessageId").cloned();
            assert_eq!(
                shown,
                (number == 0).then(|| json!(id)),
                "its sender's other devices are told its name"
            );
        }
        let body = json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": "HTTP로도" });
        company.post(&format!("{}/messages", company.room(room)), &body).await.unwrap().expect(201).unwrap();
        for socket in [&mut sender].into_iter().chain(&mut others) {
            let event = next(socket).await;
            assert_eq!(event["message"]["content"], "HTTP로도");
            assert_eq!(event["sender"], json!({ "name": "새벽빵집", "imageUrl": null }));
        }
    });
}

#[test]
fn a_repeated_frame_is_acknowledged_again_and_pushed_once() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let (mut sender, mut receiver) =
            (customer.connect().await.unwrap(), company.connect().await.unwrap());
        let frame = json!({ "action": "sendMessage", "roomId": room, "clientMessageId": Uuid::new_v4().to_string(), "content": "한 번" });
        sender.send(&frame).await.unwrap();
        let first = next(&mut sender).await;
        sender.send(&frame).await.unwrap();
        assert_eq!(next(&mut sender).await, first);
        sender.say(room, "다음").await.unwrap();
        assert_eq!(next(&mut receiver).await["message"]["content"], "한 번");
        assert_eq!(next(&mut receiver).await["message"]["content"], "다음");
    });
}

#[test]
fn typing_and_reading_are_told_to_the_other_side() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let (mut one, mut other) = (customer.connect().await.unwrap(), company.connect().await.unwrap());
        one.send(&json!({ "action": "typing", "roomId": room })).await.unwrap();
        assert_eq!(
            next(&mut other).await,
            json!({ "type": "typing", "roomId": room, "accountId": customer.id })
        );
        let path = format!("{}/read", customer.room(room));
        customer.call(Method::PUT, &path, &json!({ "seq": 1 })).await.unwrap().expect(204).unwrap();
        let read = json!({ "type": "read", "roomId": room, "readerId": customer.id, "seq": 1 });
        assert_eq!(next(&mut other).await, read);
        assert_eq!(next(&mut one).await, read, "one's own devices too");
        one.send(&json!({ "action": "markRead", "roomId": room, "seq": 1 })).await.unwrap();
        one.send(&json!({ "action": "typing", "roomId": room })).await.unwrap();
        assert_eq!(next(&mut other).await["type"], "typing", "a marker that did not move tells nobody");
    });
}

#[test]
fn a_heartbeat_tells_which_rooms_are_ahead() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let (_, _, foreign) = world.pair().await;
        let second = customer.open_room(&world.company().await).await.unwrap();
        let mut socket = customer.connect().await.unwrap();
        let body = json!({ "clientMessageId": Uuid::new_v4().to_string(), "content": "하나" });
        company.post(&format!("{}/messages", company.room(room)), &body).await.unwrap().expect(201).unwrap();
        assert_eq!(next(&mut socket).await["type"], "message");
        let said = [(room, 1), (second, 1), (foreign, 0)]
            .map(|(room, seq)| json!({ "roomId": room, "lastSeq": seq }));
        socket.send(&json!({ "action": "heartbeat", "rooms": said })).await.unwrap();
        assert_eq!(
            next(&mut socket).await,
            json!({ "type": "heartbeat", "rooms": [{ "roomId": room, "lastSeq": 2 }] })
        );
        socket.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
        assert_eq!(next(&mut socket).await, json!({ "type": "heartbeat", "rooms": [] }));
        let many: Vec<_> = (1..=21).map(|room| json!({ "roomId": room, "lastSeq": 0 })).collect();
        let error = refusal(&mut socket, &json!({ "action": "heartbeat", "rooms": many })).await;
        assert_eq!(error["code"], "validation_failed");
    });
}

#[test]
fn a_wrong_frame_gets_an_error_and_the_connection_stays_open() {
    in_world(|world| async move {
        let (customer, _, room) = world.pair().await;
        let (_, _, foreign) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let id = Uuid::new_v4().to_string();
        for raw in
            ["", "{", "nonsense", "{\"action\":\"sendMessage\"", "\u{feff}{}", "{\"action\":\"heartbeat\",}"]
        {
            socket.send_raw(Message::text(raw)).await.unwrap();
            assert_eq!(next(&mut socket).await["code"], "malformed_json", "{raw:?}");
        }
        for (frame, code) in [
            (json!([]), "validation_failed"),
            (json!(null), "validation_failed"),
            (json!({}), "unknown_action"),
            (json!({ "action": "dance" }), "unknown_action"),
            (json!({ "action": 7 }), "unknown_action"),
            (json!({ "action": "$connect" }), "unknown_action"),
            (json!({ "action": "sendMessage" }), "validation_failed"),
            (
                json!({ "action": "sendMessage", "roomId": room, "clientMessageId": id, "content": " " }),
                "validation_failed",
            ),
            (
                json!({ "action": "sendMessage", "roomId": room, "clientMessageId": id, "content": "a\0b" }),
                "validation_failed",
            ),
            (
                json!({ "action": "sendMessage", "roomId": room, "clientMessageId": id, "content": "x".repeat(2001) }),
                "validation_failed",
            ),
            (
                json!({ "action": "sendMessage", "roomId": room, "clientMessageId": "x", "content": "x" }),
                "validation_failed",
            ),
            (
                json!({ "action": "sendMessage", "roomId": 0, "clientMessageId": id, "content": "x" }),
                "validation_failed",
            ),
            (
                json!({ "action": "sendMessage", "roomId": "1", "clientMessageId": id, "content": "x" }),
                "validation_failed",
            ),
            (
                json!({ "action": "sendMessage", "roomId": 9_223_372_036_854_775_808_u64, "clientMessageId": id, "content": "x" }),
                "validation_failed",
            ),
            (
                json!({ "action": "sendMessage", "roomId": foreign, "clientMessageId": id, "content": "x" }),
                "room_not_found",
            ),
            (
                json!({ "action": "sendMessage", "roomId": 9_007_199_254_740_991_i64, "clientMessageId": id, "content": "x" }),
                "room_not_found",
            ),
            (json!({ "action": "markRead", "roomId": foreign, "seq": 1 }), "room_not_found"),
            (json!({ "action": "markRead", "roomId": room, "seq": -1 }), "validation_failed"),
            (json!({ "action": "typing", "roomId": foreign }), "room_not_found"),
            (json!({ "action": "heartbeat", "rooms": {} }), "validation_failed"),
        ] {
            let error = refusal(&mut socket, &frame).await;
            assert_eq!(error["code"], code, "{frame}");
            assert_eq!(error.get("clientMessageId"), frame.get("clientMessageId"), "{frame}");
        }
        socket.say(room, "아직 연결되어 있습니다").await.unwrap();
        assert_eq!(next(&mut socket).await["seq"], 2, "and nothing of all that was kept");
    });
}

#[test]
fn a_frame_after_the_end_of_the_session_gets_unauthenticated_and_the_connection_is_closed() {
    in_world(|world| async move {
        let (customer, _, room) = world.pair().await;
        let database = world.database().await;
        for frame in [
            json!({ "action": "typing", "roomId": room }),
            json!({ "action": "sendMessage", "roomId": "wrong" }),
            json!({ "action": "dance" }),
            json!({ "action": "heartbeat", "rooms": [] }),
        ] {
            let mut person = customer.clone();
            person.log_in().await.unwrap();
            let mut socket = person.connect().await.unwrap();
            database
                .execute("update sessions set ended_at = now() where account_id = $1", &[&customer.id])
                .await
                .unwrap();
            assert_eq!(refusal(&mut socket, &frame).await["code"], "unauthenticated", "{frame}");
            socket.closed().await.unwrap();
        }
    });
}

#[test]
fn a_connection_that_ends_is_forgotten() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let socket = customer.connect().await.unwrap();
        let database = world.database().await;
        let open = || async {
            let count = "select count(*) from connections where account_id = $1";
            database.query_one(count, &[&customer.id]).await.unwrap().get::<_, i64>(0)
        };
        assert_eq!(open().await, 1);
        socket.close().await.unwrap();
        eventually(|| async { open().await == 0 }).await;
    });
}

#[test]
fn a_connection_that_died_quietly_is_forgotten_at_the_first_push() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let database = world.database().await;
        let dead = "insert into connections (id, session_id, account_id, connected_at)
                    select 'ZGVhZGR' || lpad(id::text, 7, '0') || 'A=', id, account_id, now() - interval '31 seconds'
                    from sessions where account_id = $1";
        assert_eq!(database.execute(dead, &[&company.id]).await.unwrap(), 1);
        let mut socket = customer.connect().await.unwrap();
        socket.say(room, "누구 계세요?").await.unwrap();
        assert_eq!(next(&mut socket).await["type"], "ack");
        eventually(|| async {
            let left = "select 1 from connections where account_id = $1";
            database.query(left, &[&company.id]).await.unwrap().is_empty()
        })
        .await;
    });
}

/// Waits until it holds, with a limit.
async fn eventually<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let limit = std::time::Instant::now() + chatchat_tests::PATIENCE;
    while !holds().await {
        assert!(std::time::Instant::now() < limit, "it never came to hold");
        tokio::task::yield_now().await;
    }
}
