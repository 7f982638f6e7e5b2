//! The limits on frames, `typing`, and the number of connections.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio_postgres::Client as Database;

use super::{now, pass};
use crate::{eventually, in_world_with_limits, next_event, send_message};

/// Lets the bucket of each connection's frames be full after this time, whatever the speed of the
/// machine is. A frame is over the limit from two seconds on, and closes the connection from four.
async fn fix_frame_time(database: &Database, seconds: u32) {
    let fix = format!(
        "create or replace function fix_frame_time() returns trigger language plpgsql as $$
         begin new.full_at = now() + interval '{seconds} s'; return new; end $$;
         create or replace trigger fix_frame_time before insert or update on limits
         for each row when (new.subject like 'frames %') execute function fix_frame_time()"
    );
    database.batch_execute(&fix).await.unwrap();
}

#[test]
fn connection_that_floods_is_rejected_and_then_closed() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = world.pair().await;
        let mut other = company.connect().await.unwrap();
        for frame in [
            json!({ "action": "heartbeat", "rooms": [] }),
            json!({ "action": "markRead", "roomId": room, "seq": 1 }),
            json!({ "action": "typing", "roomId": 9_007_199_254_740_991_i64 }),
            json!({ "action": "sendMessage", "roomId": "wrong" }),
            json!({ "action": "dance" }),
        ] {
            let mut socket = customer.connect().await.unwrap();
            for seconds in [3, 3, 5] {
                fix_frame_time(&database, seconds).await;
                socket.send(&frame).await.unwrap();
                assert_eq!(next_event(&mut socket).await["code"], "too_many_requests", "{frame}");
            }
            socket.closed().await.unwrap();
        }
        database.batch_execute("drop trigger fix_frame_time on limits").await.unwrap();
        other.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
        while next_event(&mut other).await["type"] != "heartbeat" {}
    });
}

/// So a connection that continues to send exceeds the limit more and more, until it is closed.
#[test]
fn frame_over_the_limit_is_counted() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let mut socket = world.customer().await.connect().await.unwrap();
        let fill = "insert into limits (subject, full_at)
                    select 'frames ' || id, '2100-01-01' from connections
                    on conflict (subject) do update set full_at = excluded.full_at";
        database.batch_execute(fill).await.unwrap();
        socket.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
        socket.closed().await.unwrap();
        let counted =
            "select count(*) from limits where full_at = timestamptz '2100-01-01' + interval '50 ms'";
        assert_eq!(database.query_one(counted, &[]).await.unwrap().get::<_, i64>(0), 1);
    });
}

#[test]
fn forty_frames_at_once_are_within_the_limit() {
    in_world_with_limits(async |world| {
        let customer = world.customer().await;
        let mut socket = customer.connect().await.unwrap();
        for _ in 0..40 {
            socket.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
        }
        for _ in 0..40 {
            assert_eq!(next_event(&mut socket).await["type"], "heartbeat");
        }
    });
}

#[test]
fn typing_is_relayed_once_in_three_seconds() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = world.pair().await;
        let second_room = customer.open_room(&world.company().await).await.unwrap();
        let (mut socket, mut receiver) =
            (customer.connect().await.unwrap(), company.connect().await.unwrap());
        let typing = |room: i64| json!({ "action": "typing", "roomId": room });
        let started = now(&database).await;
        for room in [room, second_room] {
            socket.send(&typing(room)).await.unwrap();
        }
        eventually("both frames are counted", async || {
            let counted = "select count(*) from limits where subject like 'typing %'";
            database.query_one(counted, &[]).await.unwrap().get::<_, i64>(0) == 2
        })
        .await;
        let three_seconds =
            "select bool_and(full_at between $1::timestamptz + interval '3 s' and now() + interval '3 s')
                             from limits where subject like 'typing %'";
        assert!(database.query_one(three_seconds, &[&started]).await.unwrap().get::<_, bool>(0));
        // The machine may be slow: 3 seconds can pass before the next frames.
        let later = "update limits set full_at = now() + interval '1 min' where subject like 'typing %'";
        database.batch_execute(later).await.unwrap();
        for room in [room, second_room] {
            socket.send(&typing(room)).await.unwrap();
        }
        eventually("each room has rejected a frame", async || {
            let rejected = "select count(*) from limits where subject like 'typing %' and refused";
            database.query_one(rejected, &[]).await.unwrap().get::<_, i64>(0) == 2
        })
        .await;
        socket.say(room, "다 썼어요").await.unwrap();
        assert_eq!(next_event(&mut socket).await["type"], "ack");
        let mut kinds = Vec::new();
        while kinds.last().is_none_or(|kind| kind != "message") {
            kinds.push(next_event(&mut receiver).await["type"].clone());
        }
        assert_eq!(kinds, ["typing", "message"]);
        pass(&database, "1 min").await;
        socket.send(&typing(room)).await.unwrap();
        assert_eq!(next_event(&mut receiver).await["type"], "typing");
    });
}

#[test]
fn new_connection_closes_the_oldest_beyond_the_limit() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = world.pair().await;
        for (person, limit) in [(&customer, 10), (&company, 50)] {
            let mut person = person.clone();
            let mut sockets = Vec::new();
            for number in 0..=limit {
                // A session creates at most 30 tickets.
                if number % 25 == 24 {
                    person.log_in().await.unwrap();
                }
                sockets.push(person.connect().await.unwrap());
            }
            let mut oldest = sockets.remove(0);
            oldest.closed().await.unwrap();
            let count = "select count(*) from connections where account_id = $1";
            let open = database.query_one(count, &[&person.id]).await.unwrap().get::<_, i64>(0);
            assert_eq!(open, limit);
            send_message(&person, room, "모두에게").await.expect(201).unwrap();
            for socket in &mut sockets {
                assert_eq!(socket.next_of("message").await.unwrap()["message"]["content"], "모두에게");
            }
        }
    });
}

/// One account with 1,000 connections and `typing` in a loop once caused 999 pushes a frame.
#[test]
fn connections_opened_at_once_are_bounded_too() {
    in_world_with_limits(async |world| {
        let database = world.database().await;
        let (customer, company, room) = world.pair().await;
        let tickets = join_all((0..25).map(|_| customer.ticket())).await;
        let tickets: Vec<Value> = tickets.into_iter().map(Result::unwrap).collect();
        let open = |ticket: &Value| {
            let url = ticket["url"].as_str().unwrap().to_owned();
            async move { chatchat_harness::Socket::open(&url).await }
        };
        let _at_once = join_all(tickets.iter().map(open)).await;
        // Connections that are opened at the same time may not see each other. The next one does.
        let mut last = customer.connect().await.unwrap();
        eventually("the surplus is closed", async || {
            let count = "select count(*) from connections where account_id = $1";
            database.query_one(count, &[&customer.id]).await.unwrap().get::<_, i64>(0) == 10
        })
        .await;
        send_message(&company, room, "들리나요?").await.expect(201).unwrap();
        assert_eq!(next_event(&mut last).await["type"], "message");
    });
}
