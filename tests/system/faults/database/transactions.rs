//! Transactions that end because their backend is terminated, or that PostgreSQL rolls back because
//! of a conflict.

use chatchat_harness::PASSWORD;
use reqwest::Method;
use serde_json::json;
use tokio_postgres::Client as Database;

use super::{assert_unavailable, backends};
use crate::{
    assert_refused, blocked_backends, eventually,
    faults::{
        Processes, REALTIME, ask, assert_acknowledged, assert_kept, assert_receives, message, post,
        with_faults,
    },
    wait_for_blocked, withdraw,
};

/// Waits until a backend other than `except` waits for a lock, and returns its process id.
async fn blocked_backend(watch: &Database, except: Option<i32>) -> i32 {
    let mut blocked = None;
    eventually("a statement waits for a lock", async || {
        blocked = blocked_backends(watch).await.into_iter().find(|backend| Some(*backend) != except);
        blocked.is_some()
    })
    .await;
    blocked.unwrap()
}

async fn terminate_backend(watch: &Database, backend: i32) {
    let terminated = watch.query_one("select pg_terminate_backend($1, 10000)", &[&backend]).await.unwrap();
    assert!(terminated.get::<_, bool>(0));
}

/// Fault 19: a backend is terminated during a transaction. The send's statement runs again on
/// another backend, and the client notices nothing.
#[test]
fn fault_19_send_whose_backend_is_terminated_is_retried() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let mut receiver = company.connect().await.unwrap();
        assert_acknowledged(&mut socket, &message(room, "먼저"), 2).await;
        assert_receives(&mut receiver, 2).await;
        let process = Processes::of(world, REALTIME);
        let (mut locking, watch) = (world.database().await, world.database().await);
        let lock = locking.transaction().await.unwrap();
        lock.execute("select from rooms where id = $1 for update", &[&room]).await.unwrap();

        let frame = message(room, "하나");
        socket.send(&frame).await.unwrap();
        let first = blocked_backend(&watch, None).await;
        terminate_backend(&watch, first).await;
        let second = blocked_backend(&watch, Some(first)).await;
        lock.rollback().await.unwrap();
        let ack = socket.next().await.unwrap();
        assert_eq!((&ack["type"], &ack["seq"]), (&json!("ack"), &json!(3)), "{ack}");
        assert_receives(&mut receiver, 3).await;
        process.assert_reused(1).await;
        assert!(backends(&watch).await.contains(&second));
        assert_kept([&customer, &company], room, &["먼저", "하나"]).await;
    });
}

/// Fault 19, for a transaction of several statements: the function cannot know whether it was
/// committed, so the function does not run it again. The client can repeat the request.
#[test]
fn fault_19_withdrawal_whose_backend_is_terminated_rolls_back() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let (mut locking, watch) = (world.database().await, world.database().await);
        let lock = locking.transaction().await.unwrap();
        lock.execute("select from rooms where id = $1 for update", &[&room]).await.unwrap();
        let (answer, ()) = tokio::join!(withdraw(&customer), async {
            let backend = blocked_backend(&watch, None).await;
            terminate_backend(&watch, backend).await;
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
        process.assert_reused(2).await;
        assert_refused(&post(&company, &message(room, "계세요?")).await, 409, "receiver_withdrawn");
    });
}

/// Fault 21: a deadlock. The client notices nothing.
#[test]
fn fault_21_send_that_loses_a_deadlock_is_retried() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let (mut rival, watch) = (world.database().await, world.database().await);
        // A send locks the room and then inserts the next message. The rival inserts the message
        // first and then locks the room. Its `deadlock_timeout` makes sure that the send detects
        // the deadlock. In a session with the role `replica`, foreign keys are not checked, so the
        // rival's insert does not lock the room.
        let rival = rival.transaction().await.unwrap();
        rival.batch_execute("set local deadlock_timeout = '1h'").await.unwrap();
        let insert = "insert into messages
                 (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
             values ($1, 2, 'customer', 'general', 'rival', gen_random_uuid(), now(), 1, 0)";
        rival.batch_execute("set local session_replication_role = replica").await.unwrap();
        rival.execute(insert, &[&room]).await.unwrap();
        let frame = message(room, "먼저 가세요");
        socket.send(&frame).await.unwrap();
        wait_for_blocked(&watch, 1).await;
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
fn fault_21_serialization_failure_is_retried_then_unavailable() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let database = world.database().await;
        // A rollback does not reset a sequence, so the sequence counts all attempts.
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
        let process = Processes::of(world, REALTIME);
        assert_acknowledged(&mut socket, &message(room, "하나"), 2).await;
        assert_eq!(tries().await, 2);

        let always = format!(
            "drop trigger once on messages;
             create trigger always before insert on messages for each row when (new.room_id = {room})
                 execute function refuse(1000000)"
        );
        database.batch_execute(&always).await.unwrap();
        let frame = message(room, "둘");
        assert_unavailable(&ask(&mut socket, &frame).await, &frame);
        assert!(tries().await > 3, "the function tries again");
        database
            .batch_execute("drop trigger always on messages; drop function refuse; drop sequence tries")
            .await
            .unwrap();
        assert_acknowledged(&mut socket, &frame, 3).await;
        process.wait_until_served(3).await;
        assert_kept([&customer, &company], room, &["하나", "둘"]).await;
    });
}
