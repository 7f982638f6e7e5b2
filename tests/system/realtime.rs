//! Tickets, connections and frames of the WebSocket API.

use std::{cell::Cell, collections::BTreeSet};

use chatchat_harness::{Person, Socket, root, tungstenite::Message};
use chatchat_template::Template;
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    eventually, in_own_world, in_world, mark_read, message_body, next_event, rounds, send_message,
    wait_for_blocked,
};

/// Returns the URL for a connection, with a new ticket.
async fn ticket_url(person: &Person) -> String {
    person.ticket().await.unwrap()["url"].as_str().unwrap().to_owned()
}

/// Sends an invalid frame and returns the `error` event that answers the frame.
async fn rejection(socket: &mut Socket, frame: &Value) -> Value {
    socket.send(frame).await.unwrap();
    let event = next_event(socket).await;
    assert_eq!(event["type"], "error", "{event}");
    event
}

#[test]
fn error_events_are_in_the_language_of_the_handshake() {
    in_world(|world| async move {
        let customer = world.customer().await;
        for (languages, message) in [
            (None, "알 수 없는 action이에요."),
            (Some("ko-KR,ko;q=0.9,en;q=0.8"), "알 수 없는 action이에요."),
            (Some("en-US,en;q=0.9"), "There is no such action."),
        ] {
            let url = ticket_url(&customer).await;
            let headers: Vec<_> = languages.map(|value| ("accept-language", value)).into_iter().collect();
            let mut socket = Socket::handshake(&url, &headers).await.unwrap();
            let error = rejection(&mut socket, &json!({ "action": "dance" })).await;
            assert_eq!(error["message"], message, "{languages:?}");
        }
    });
}

#[test]
fn function_serves_exactly_the_routes_of_the_template() {
    in_world(|world| async move {
        let template = Template::read(&root().join("infra/template.yaml")).unwrap();
        let event = json!({ "requestContext": {
            "routeKey": "dance", "connectionId": "a", "connectedAt": 0, "requestTimeEpoch": 0,
        } });
        let error = world.system.cloud.invoke("Realtime", event).await.unwrap_err().to_string();
        let known = error.split_once("there is no route \"dance\"; the routes are: ").unwrap().1;
        let known: BTreeSet<_> = known.split(", ").map(str::to_owned).collect();
        let routes = template.websocket_routes().unwrap();
        assert!(routes.iter().all(|route| route.function == "Realtime"));
        assert_eq!(known, routes.into_iter().map(|route| route.key).collect());
    });
}

#[test]
fn ticket_opens_only_one_of_fifty_connections() {
    in_world(|world| async move {
        for _ in 0..rounds() {
            let url = ticket_url(&world.customer().await).await;
            let opened = join_all((0..50).map(|_| Socket::handshake(&url, &[]))).await;
            let refused: Vec<_> = opened.iter().filter_map(|socket| socket.as_ref().err()).collect();
            assert_eq!(refused.len(), 49);
            assert!(refused.iter().all(|status| **status == 401), "{refused:?}");
        }
    });
}

#[test]
fn handshake_without_a_valid_ticket_gets_401() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let url = ticket_url(&customer).await;
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
fn handshake_from_another_origin_gets_403() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let url = ticket_url(&customer).await;
        assert_eq!(Socket::handshake(&url, &[("origin", "https://evil.example")]).await.err(), Some(403));
        let own = world.client.url.clone();
        assert!(Socket::handshake(&url, &[("origin", &own)]).await.is_ok(), "the ticket is still unused");
    });
}

#[test]
fn message_reaches_all_connections_and_the_sender_gets_an_ack() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let mut sender = customer.connect().await.unwrap();
        let mut others = [
            customer.connect().await.unwrap(),
            company.connect().await.unwrap(),
            company.connect().await.unwrap(),
        ];
        let id = sender.say(room, "여러 기기").await.unwrap();
        let ack = next_event(&mut sender).await;
        assert_eq!((&ack["type"], &ack["roomId"]), (&json!("ack"), &json!(room)));
        assert_eq!(ack["senderId"], customer.id);
        for (number, socket) in others.iter_mut().enumerate() {
            let event = next_event(socket).await;
            assert_eq!(event["message"]["id"], ack["id"]);
            assert_eq!(event["sender"], json!({ "name": "김하늘", "imageUrl": null }));
            let shown = event["message"].get("clientMessageId").cloned();
            assert_eq!(shown, (number == 0).then(|| json!(id)), "the sender's other connections see the id");
        }
        send_message(&company, room, "HTTP로도").await.expect(201).unwrap();
        for socket in [&mut sender].into_iter().chain(&mut others) {
            let event = next_event(socket).await;
            assert_eq!(event["message"]["content"], "HTTP로도");
            assert_eq!(event["sender"], json!({ "name": "새벽빵집", "imageUrl": null }));
        }
    });
}

#[test]
fn message_reaches_a_connection_opened_while_it_is_sent() {
    in_own_world(async |world| {
        let (customer, company, room) = world.pair().await;
        let (mut locking, watching) = (world.database().await, world.database().await);
        // Starts the processes, so that nothing is slow while the send waits.
        company.connect().await.unwrap().close().await.unwrap();
        company.get(&company.room(room)).await.unwrap().expect(200).unwrap();
        let lock = locking.transaction().await.unwrap();
        lock.execute("select from rooms where id = $1 for update", &[&room]).await.unwrap();
        let (sent, mut socket) = tokio::join!(send_message(&customer, room, "들리세요?"), async {
            wait_for_blocked(&watching, 1).await;
            let socket = company.connect().await.unwrap();
            // The message is not in the response, because it is not stored yet.
            let seq = company.get(&company.room(room)).await.unwrap().body["lastSeq"].clone();
            assert_eq!(seq, 1);
            lock.commit().await.unwrap();
            socket
        });
        assert_eq!(sent.status, 201, "{}", sent.body);
        let event = socket.next_of("message").await.unwrap();
        assert_eq!(event["message"]["content"], "들리세요?");
    });
}

#[test]
fn connection_opens_after_a_send_that_did_not_find_it() {
    in_own_world(async |world| {
        let company = world.company().await;
        let (mut sending, watching) = (world.database().await, world.database().await);
        let send = sending.transaction().await.unwrap();
        send.execute("select recipients(1, $1, null, null)", &[&company.id]).await.unwrap();
        let is_committed = Cell::new(false);
        let opened = async {
            company.connect().await.unwrap();
            assert!(is_committed.get(), "the connection opened before the commit");
        };
        tokio::join!(opened, async {
            wait_for_blocked(&watching, 1).await;
            is_committed.set(true);
            send.commit().await.unwrap();
        });
    });
}

#[test]
fn repeated_frame_is_acknowledged_again_and_pushed_once() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let (mut sender, mut receiver) =
            (customer.connect().await.unwrap(), company.connect().await.unwrap());
        let mut frame = message_body("한 번");
        (frame["action"], frame["roomId"]) = ("sendMessage".into(), room.into());
        sender.send(&frame).await.unwrap();
        let first = next_event(&mut sender).await;
        sender.send(&frame).await.unwrap();
        assert_eq!(next_event(&mut sender).await, first);
        sender.say(room, "다음").await.unwrap();
        assert_eq!(next_event(&mut receiver).await["message"]["content"], "한 번");
        assert_eq!(next_event(&mut receiver).await["message"]["content"], "다음");
    });
}

#[test]
fn typing_and_read_markers_are_pushed_to_the_other_side() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let (mut one, mut other) = (customer.connect().await.unwrap(), company.connect().await.unwrap());
        let mut second = customer.connect().await.unwrap();
        one.send(&json!({ "action": "typing", "roomId": room })).await.unwrap();
        assert_eq!(
            next_event(&mut other).await,
            json!({ "type": "typing", "roomId": room, "accountId": customer.id })
        );
        mark_read(&customer, room, 1).await;
        let read = json!({ "type": "read", "roomId": room, "readerId": customer.id, "seq": 1 });
        assert_eq!(next_event(&mut other).await, read);
        assert_eq!(next_event(&mut one).await, read, "the reader's own connections get it too");
        assert_eq!(next_event(&mut second).await, read, "they do not get typing");
        one.send(&json!({ "action": "markRead", "roomId": room, "seq": 1 })).await.unwrap();
        one.send(&json!({ "action": "typing", "roomId": room })).await.unwrap();
        assert_eq!(
            next_event(&mut other).await["type"],
            "typing",
            "a marker that does not move is not pushed"
        );
    });
}

#[test]
fn heartbeat_lists_the_rooms_with_newer_messages() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let (_, _, foreign) = world.pair().await;
        let second = customer.open_room(&world.company().await).await.unwrap();
        let mut socket = customer.connect().await.unwrap();
        send_message(&company, room, "하나").await.expect(201).unwrap();
        assert_eq!(next_event(&mut socket).await["type"], "message");
        let known = [(room, 1), (second, 1), (foreign, 0)]
            .map(|(room, seq)| json!({ "roomId": room, "lastSeq": seq }));
        socket.send(&json!({ "action": "heartbeat", "rooms": known })).await.unwrap();
        assert_eq!(
            next_event(&mut socket).await,
            json!({ "type": "heartbeat", "rooms": [{ "roomId": room, "lastSeq": 2 }] })
        );
        socket.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
        assert_eq!(next_event(&mut socket).await, json!({ "type": "heartbeat", "rooms": [] }));
        let many: Vec<_> = (1..=21).map(|room| json!({ "roomId": room, "lastSeq": 0 })).collect();
        let error = rejection(&mut socket, &json!({ "action": "heartbeat", "rooms": many })).await;
        assert_eq!(error["code"], "validation_failed");
    });
}

#[test]
fn invalid_frame_gets_an_error_and_keeps_the_connection() {
    in_world(|world| async move {
        let (customer, _, room) = world.pair().await;
        let (_, _, foreign) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let id = Uuid::new_v4().to_string();
        for raw in
            ["", "{", "nonsense", "{\"action\":\"sendMessage\"", "\u{feff}{}", "{\"action\":\"heartbeat\",}"]
        {
            socket.send_raw(Message::text(raw)).await.unwrap();
            assert_eq!(next_event(&mut socket).await["code"], "malformed_json", "{raw:?}");
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
            let error = rejection(&mut socket, &frame).await;
            assert_eq!(error["code"], code, "{frame}");
            assert_eq!(error.get("clientMessageId"), frame.get("clientMessageId"), "{frame}");
        }
        socket.say(room, "아직 연결되어 있습니다").await.unwrap();
        assert_eq!(next_event(&mut socket).await["seq"], 2, "no invalid frame stored a message");
    });
}

#[test]
fn frame_after_the_end_of_its_session_closes_the_connection() {
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
            assert_eq!(rejection(&mut socket, &frame).await["code"], "unauthenticated", "{frame}");
            socket.closed().await.unwrap();
        }
    });
}

#[test]
fn closed_connection_is_deleted() {
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
        eventually("the connection is deleted", async || open().await == 0).await;
    });
}

#[test]
fn dead_connection_is_deleted_by_the_next_push() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let database = world.database().await;
        let dead = "insert into connections (id, session_id, account_id, connected_at)
                    select 'ZGVhZGR' || lpad(id::text, 7, '0') || 'A=', id, account_id, now() - interval '31 seconds'
                    from sessions where account_id = $1";
        assert_eq!(database.execute(dead, &[&company.id]).await.unwrap(), 1);
        let mut socket = customer.connect().await.unwrap();
        socket.say(room, "누구 계세요?").await.unwrap();
        assert_eq!(next_event(&mut socket).await["type"], "ack");
        eventually("the connection is deleted", async || {
            let left = "select 1 from connections where account_id = $1";
            database.query(left, &[&company.id]).await.unwrap().is_empty()
        })
        .await;
    });
}
