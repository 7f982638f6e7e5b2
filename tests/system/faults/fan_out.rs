//! A company with as many connections as it may have.

use std::time::{Duration, Instant};

use chatchat_harness::{Person, Socket};
use chatchat_local::{Answer, Fault};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{age_connections, assert_happened, connection_count, inject, message, post, with_faults};
use crate::{World, next_event};

/// The number of connections, and how many of them end without a `$disconnect`.
const ALL: u16 = 50;
const DEAD: u16 = 5;

/// The time limit of a function for all its pushes. Clients fetch the messages that it has not
/// pushed by then.
const FAN_OUT_TIMEOUT: Duration = Duration::from_secs(3);
/// The time limit for retries. By then, the other tests have ended and no longer slow this one
/// down.
const LIMIT: Duration = Duration::from_mins(5);

/// Opens `how_many` connections of an account. The test inserts their tickets itself, because
/// requesting each would take longer than the rest of the test.
async fn connect(world: &World, person: &Person, how_many: u16) -> Vec<Socket> {
    let tickets = "insert into tickets (hash, session_id, expires_at)
                   select sha256(convert_to(rpad($1 || '-' || number, 43, '_'), 'utf8')), s.id, now() + interval '1 hour'
                   from generate_series(1, $2::int) number, sessions s
                   where s.account_id = (select id from accounts where username = $1)";
    let made =
        world.database().await.execute(tickets, &[&person.username, &i32::from(how_many)]).await.unwrap();
    assert_eq!(made, u64::from(how_many));
    let address = world.system.cloud.websocket_url().unwrap();
    let open = |number: u16| {
        // A ticket has 43 characters.
        let url = format!("{address}?ticket={:_<43}", format!("{}-{number}", person.username));
        async move { Socket::open(&url).await }
    };
    stream::iter(1..=how_many).map(open).buffered(16).try_collect().await.unwrap()
}

/// Sends a message that is pushed to all connections, and returns its seq. If a busy machine takes
/// longer than [`FAN_OUT_TIMEOUT`], the function did not push to all, so this sends another
/// message.
async fn push_to_all(sender: &Person, room: i64) -> i64 {
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        let started = Instant::now();
        let kept = post(sender, &message(room, "모두에게")).await.expect(201).unwrap().body;
        if started.elapsed() < FAN_OUT_TIMEOUT {
            return kept["seq"].as_i64().unwrap();
        }
    }
    panic!("{ALL} pushes take longer than {FAN_OUT_TIMEOUT:?}");
}

/// Asserts that each connection receives the message with this seq once. Messages after `seen` that
/// a slow machine did not push to all may arrive before it, each at most once.
async fn assert_all_receive(sockets: &mut [Socket], seq: i64, seen: i64) {
    for socket in sockets {
        let mut known = seen;
        while known < seq {
            let received = next_event(socket).await["message"]["seq"].as_i64().unwrap();
            assert!(known < received && received <= seq, "{received} after {known}");
            known = received;
        }
    }
}

/// Fault 8, for 5 of 50 connections: each other connection receives the message once, and the
/// dead ones are deleted before the send is answered.
#[test]
fn fault_08_push_to_50_connections_deletes_the_dead_ones() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut sockets = connect(world, &company, ALL).await;
        let first = push_to_all(&customer, room).await;
        assert_all_receive(&mut sockets, first, 1).await;

        let withheld = inject(world, Fault::WithholdDisconnect, DEAD.into());
        let dying = sockets.split_off((ALL - DEAD).into());
        stream::iter(dying).for_each_concurrent(None, async |socket| socket.close().await.unwrap()).await;
        assert_happened(withheld, DEAD.into()).await;
        assert_eq!(connection_count(world, &company).await, i64::from(ALL));
        age_connections(world, &company).await;

        let second = push_to_all(&customer, room).await;
        assert_eq!(
            connection_count(world, &company).await,
            i64::from(ALL - DEAD),
            "deleted before the send is answered"
        );
        let third = push_to_all(&customer, room).await;
        assert_all_receive(&mut sockets, second, first).await;
        assert_all_receive(&mut sockets, third, second).await;
        assert_eq!(connection_count(world, &company).await, i64::from(ALL - DEAD));
    });
}

/// Fault 8 and fault 10 together: all connections are gone, and every second push hangs.
#[test]
fn fault_08_gone_connections_are_deleted_while_others_hang() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let dead = "insert into connections (id, session_id, account_id)
                    select 'ZGVhZGR' || lpad(number::text, 7, '0') || 'A=', s.id, s.account_id
                    from generate_series(1, 49) number, sessions s where s.account_id = $1";
        assert_eq!(world.database().await.execute(dead, &[&company.id]).await.unwrap(), 49);
        age_connections(world, &company).await;
        let hanging = world.system.cloud.inject(Fault::Connections(Answer::Hang), 2, u32::MAX);
        post(&customer, &message(room, "계세요?")).await.expect(201).unwrap();
        let left = connection_count(world, &company).await;
        assert!(left < 49 && hanging.happened() > 0, "{left} connections are left");
    });
}
