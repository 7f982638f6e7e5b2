//! Transactions that are ended from outside, or undone for the sake of others.

use reqwest::Method;
use serde_json::json;
use tokio_postgres::Client as Database;

use super::{assert_unavailable, backends};
use crate::{
    PASSWORD, assert_refused, eventually,
    faults::{Processes, acknowledged, ask, assert_kept, message, post, told, waiting, with_faults},
    withdraw,
};

/// Waits until the functions' statement waits for a lock; gives its backend.
async fn waits(watch: &Database, but: Option<i32>) -> i32 {
    let find = "select pid from pg_stat_activity a join pg_database d on d.oid = a.datid and d.datname = current_database()
                where a.usesysid = d.datdba and wait_event_type = 'Lock' and pid is distinct from $1";
    eventually("the statement waits for the lock", async || {
        !watch.query(find, &[&but]).await.unwrap().is_empty()
    })
    .await;
    watch.query_one(find, &[&but]).await.unwrap().get(0)
}

async fn terminate(watch: &Database, backend: i32) {
    let terminated = watch.query_one("select pg_terminate_backend($1, 10000)", &[&backend]).await.unwrap();
    assert!(terminated.get::<_, bool>(0));
}

/// Fault 19: a backend is terminated in mid-transaction.
#[test]
fn a_send_whose_backend_was_terminated_amid_its_statement_is_done_on_another_and_nobody_notices() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        acknowledged(&mut socket, &message(room, "먼저"), 2).await;
        told(&mut receiver, 2).await;
        let process = Processes::of(world, "SendMessageFrame");
        let (mut locking, watch) = (world.database().await, world.database().await);
        let lock = locking.transaction().await.unwrap();
        lock.execute("select from rooms where id = $1 for update", &[&room]).await.unwrap();

        let frame = message(room, "하나");
        socket.send(&frame).await.unwrap();
        let first = waits(&watch, None).await;
        terminate(&watch, first).await;
        let second = waits(&watch, Some(first)).await;
        lock.rollback().await.unwrap();
        let ack = socket.next().await.unwrap();
        assert_eq!((&ack["type"], &ack["seq"]), (&json!("ack"), &json!(3)), "{ack}");
        told(&mut receiver, 3).await;
        process.live_on(1).await;
        assert!(backends(&watch).await.contains(&second));
        assert_kept([&customer, &company], room, &["먼저", "하나"]).await;
    });
}

/// Fault 19: a transaction of several statements, of which nobody knows whether it was done, is not done a second time.
#[test]
fn a_withdrawal_whose_backend_was_terminated_is_undone_as_a_whole_and_can_be_tried_again() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let (mut locking, watch) = (world.database().await, world.database().await);
        let lock = locking.transaction().await.unwrap();
        lock.execute("select from rooms where id = $1 for update", &[&room]).await.unwrap();
        let (answer, ()) = tokio::join!(withdraw(&customer), async {
            let backend = waits(&watch, None).await;
            terminate(&watch, backend).await;
            lock.rollback().await.unwrap();
        });
        assert_refused(&answer, 503, "unavailable");
        assert_eq!(customer.get("/customers/me").await.unwrap().status, 200);
        post(&customer, &message(room, "아직 있습니다")).await.expect(201).unwrap();
        let process = Processes::of(world, "WithdrawCustomer");
        let wrong = json!({ "password": format!("not {PASSWORD}") });
        let refused = customer.call(Method::DELETE, "/customers/me", &wrong).await.unwrap();
        assert_refused(&refused, 403, "wrong_password");
        assert_eq!(withdraw(&customer).await.status, 204);
        process.live_on(2).await;
        assert_refused(&post(&company, &message(room, "계세요?")).await, 409, "receiver_withdrawn");
    });
}

/// Fault 21: a deadlock.
#[test]
fn a_send_that_loses_a_deadlock_is_repeated_unnoticed() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let (mut rival, watch) = (world.database().await, world.database().await);
        // A send locks the room and then inserts the next message. The rival inserts one first and locks the room second, and never looks for
        // a deadlock. Without foreign keys, its insert locks no room.
        let rival = rival.transaction().await.unwrap();
        rival.batch_execute("set local deadlock_timeout = '1h'").await.unwrap();
        let insert = "insert into messages
                 (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
             values ($1, 2, 'customer', 'general', 'rival', gen_random_uuid(), now(), 1, 0)";
        rival.batch_execute("set local session_replication_role = replica").await.unwrap();
        rival.execute(insert, &[&room]).await.unwrap();
        let frame = message(room, "먼저 가세요");
        socket.send(&frame).await.unwrap();
        eventually("the send waits for the rival", async || waiting(&watch).await == 1).await;
        rival.execute("select from rooms where id = $1 for update", &[&room]).await.unwrap();
        rival.rollback().await.unwrap();

        let ack = socket.next().await.unwrap();
        assert_eq!((&ack["type"], &ack["seq"]), (&json!("ack"), &json!(2)), "{ack}");
        eventually("the deadlock is counted", async || {
            let count = "select deadlocks from pg_stat_database where datname = current_database()";
            watch.query_one(count, &[]).await.unwrap().get::<_, i64>(0) > 0
        })
        .await;
        assert_kept([&customer, &company], room, &["먼저 가세요"]).await;
    });
}

/// Fault 21: a serialization failure.
#[test]
fn a_send_that_is_undone_for_a_concurrent_change_is_done_again_and_in_the_end_unavailable() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let database = world.database().await;
        // No rollback takes back what a sequence has counted.
        let trigger = format!(
            "create sequence tries;
             create function refuse() returns trigger language plpgsql security definer as $$ begin
                 if nextval('tries') <= tg_argv[0]::int then
                     raise exception 'could not serialize access' using errcode = '40001';
                 end if;
                 return new;
             end $$;
             create trigger once before insert on messages for each row when (new.room_id = {room})
                 execute function refuse(1)"
        );
        database.batch_execute(&trigger).await.unwrap();
        let tries =
            async || database.query_one("select last_value from tries", &[]).await.unwrap().get::<_, i64>(0);
        let process = Processes::of(world, "SendMessageFrame");
        acknowledged(&mut socket, &message(room, "하나"), 2).await;
        assert_eq!(tries().await, 2);

        let always = format!(
            "drop trigger once on messages;
             create trigger always before insert on messages for each row when (new.room_id = {room})
                 execute function refuse(1000000)"
        );
        database.batch_execute(&always).await.unwrap();
        let frame = message(room, "둘");
        assert_unavailable(&ask(&mut socket, &frame).await, &frame);
        assert!(tries().await > 3, "it was tried again");
        database
            .batch_execute("drop trigger always on messages; drop function refuse; drop sequence tries")
            .await
            .unwrap();
        acknowledged(&mut socket, &frame, 3).await;
        process.have_done(3).await;
        assert_kept([&customer, &company], room, &["하나", "둘"]).await;
    });
}
