//! One account with very many connections.

use std::time::{Duration, Instant};

use chatchat_local::{Answer, Fault};
use chatchat_tests::{Person, Socket};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{connections, happened, inject, make_older, message, next, post, with_faults};
use crate::World;

/// Connections in all, and those of them that die quietly.
const ALL: u16 = 1000;
const DEAD: u16 = 100;

/// The time that a function takes for all its pushes; what it has not done by then it leaves to the clients.
const TIME: Duration = Duration::from_secs(3);
/// Until then the other tests have ended, and leave the machine to this one.
const LIMIT: Duration = Duration::from_mins(5);

/// So many connections of somebody. Their tickets are the test's own: to ask for each would take longer than all the rest.
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

/// Has a message pushed to all, and gives its seq. A machine that is too slow for so many within the time that a function takes for its
/// pushes does not get to the last of them, and has another try.
async fn push_to_all(sender: &Person, room: i64) -> i64 {
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        let started = Instant::now();
        let kept = post(sender, &message(room, "모두에게")).await.expect(201).unwrap().body;
        if started.elapsed() < TIME {
            return kept["seq"].as_i64().unwrap();
        }
    }
    panic!("{ALL} pushes do not fit into {TIME:?}");
}

/// Each gets the message with that seq, once; of those before it, that a slow machine was late with, none twice.
async fn all_are_told(sockets: &mut [Socket], seq: i64, seen: i64) {
    for socket in sockets {
        let mut known = seen;
        while known < seq {
            let told = next(socket).await["message"]["seq"].as_i64().unwrap();
            assert!(known < told && told <= seq, "{told} after {known}");
            known = told;
        }
    }
}

/// Fault 8, a hundred times at once.
#[test]
fn a_thousand_connections_get_one_frame_each_and_the_dead_ones_are_forgotten_in_the_same_pass() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut sockets = connect(world, &company, ALL).await;
        let first = push_to_all(&customer, room).await;
        all_are_told(&mut sockets, first, 1).await;

        let withheld = inject(world, Fault::WithholdDisconnect, DEAD.into());
        let dying = sockets.split_off((ALL - DEAD).into());
        stream::iter(dying).for_each_concurrent(None, async |socket| socket.close().await.unwrap()).await;
        happened(withheld, DEAD.into()).await;
        assert_eq!(connections(world, &company).await, i64::from(ALL));
        make_older(world, &company).await;

        let second = push_to_all(&customer, room).await;
        assert_eq!(
            connections(world, &company).await,
            i64::from(ALL - DEAD),
            "by the time that the sender is answered"
        );
        let third = push_to_all(&customer, room).await;
        all_are_told(&mut sockets, second, first).await;
        all_are_told(&mut sockets, third, second).await;
        assert_eq!(connections(world, &company).await, i64::from(ALL - DEAD));
    });
}

/// Fault 8 and fault 10 together: a part is gone, and a part hangs until the time is up.
#[test]
fn what_is_found_to_be_gone_is_forgotten_though_others_hang_until_the_time_is_up() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let dead = "insert into connections (id, session_id, account_id)
                    select 'ZGVhZGR' || lpad(number::text, 7, '0') || 'A=', s.id, s.account_id
                    from generate_series(1, 1000) number, sessions s where s.account_id = $1";
        assert_eq!(world.database().await.execute(dead, &[&company.id]).await.unwrap(), 1000);
        make_older(world, &company).await;
        // Each that hangs takes one of the places for those that are pushed to at the same time.
        let hanging = world.system.cloud.inject(Fault::Connections(Answer::Hang), 2, u32::MAX);
        let started = Instant::now();
        post(&customer, &message(room, "계세요?")).await.expect(201).unwrap();
        assert!(started.elapsed() >= TIME && hanging.happened() > 0, "{:?}", started.elapsed());
        let left = connections(world, &company).await;
        assert!(left < 1000, "none was forgotten");
    });
}
