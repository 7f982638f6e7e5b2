//! Faults of the whole server: it restarts, stops, becomes read-only, or has no free connection.

use std::time::{Duration, Instant};

use chatchat_harness::Socket;
use reqwest::Method;
use serde_json::{Value, json};

use super::{assert_unavailable, backends, quoted_names, terminate_backends, warm_up};
use crate::{
    World, assert_refused, end_processes, eventually,
    faults::{
        Processes, ask, assert_acknowledged, assert_kept, assert_receives, message, post, with_faults,
        with_faults_and_no_pooler,
    },
    mark_read,
};

async fn started_at(world: &World) -> String {
    let started = "select pg_postmaster_start_time()::text";
    world.database().await.query_one(started, &[]).await.unwrap().get(0)
}

/// Fault 17: the database restarts.
#[test]
fn fault_17_database_restart_does_not_affect_idle_clients() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let processes = warm_up(world, &customer, &mut socket, room).await;
        let before = started_at(world).await;
        world.system.postgres.restart().await.unwrap();
        assert_ne!(started_at(world).await, before);
        assert_acknowledged(&mut socket, &message(room, "하나"), 4).await;
        post(&customer, &message(room, "둘")).await.expect(201).unwrap();
        assert_receives(&mut socket, 5).await;
        for processes in processes {
            processes.assert_reused(1).await;
        }
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "둘"]).await;
    });
}

/// Fault 17: the database stops, and starts again later.
#[test]
fn fault_17_sends_are_unavailable_until_the_database_is_back() {
    with_faults_and_no_pooler(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let [over_websocket, over_http] = warm_up(world, &customer, &mut socket, room).await;
        let ticket = customer.ticket().await.unwrap();
        let url = ticket["url"].as_str().unwrap();
        let cold = "MarkReadAsCustomer";
        end_processes(&world.system, cold).await;
        eventually("the function has no process", async || world.system.cloud.environments(cold).is_empty())
            .await;

        world.system.postgres.halt().await.unwrap();
        assert!(world.system.superuser().await.is_err());
        let frames = [message(room, "하나"), message(room, "둘")];
        assert_unavailable(&ask(&mut socket, &frames[0]).await, &frames[0]);
        let refused = post(&customer, &frames[1]).await;
        assert_refused(&refused, 503, "unavailable");
        assert_eq!(refused.header("retry-after"), "1");
        let health = world.client.call(Method::GET, "/health", None, &Value::Null).await.unwrap();
        assert_refused(&health, 503, "unavailable");
        assert_eq!(Socket::handshake(url, &[]).await.err(), Some(503));
        let path = format!("{}/read", customer.room(room));
        let read = customer.call(Method::PUT, &path, &json!({ "seq": 3 })).await.unwrap();
        assert_refused(&read, 503, "unavailable");
        let started = Processes::of(world, cold);

        let since = Instant::now();
        world.system.postgres.resume().await.unwrap();
        assert_acknowledged(&mut socket, &frames[0], 4).await;
        post(&customer, &frames[1]).await.expect(201).unwrap();
        assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
        assert_receives(&mut socket, 5).await;
        let mut again = Socket::open(url).await.unwrap();
        mark_read(&customer, room, 3).await;
        assert_eq!(again.next_of("read").await.unwrap()["seq"], 3);
        // Two frames and two handshakes.
        over_websocket.assert_reused(4).await;
        over_http.assert_reused(2).await;
        started.assert_reused(1).await;
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "둘"]).await;
    });
}

/// Sets whether new connections are read-only.
async fn set_read_only(world: &World, on: bool) {
    let (database, _) = quoted_names(world);
    let superuser = world.database().await;
    superuser.batch_execute("set default_transaction_read_only = off").await.unwrap();
    let setting = format!("alter database {database} set default_transaction_read_only = {on}");
    superuser.batch_execute(&setting).await.unwrap();
}

/// Fault 18: the database becomes read-only (25006).
#[test]
fn fault_18_read_only_database_rejects_sends_and_serves_reads() {
    with_faults_and_no_pooler(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let processes = warm_up(world, &customer, &mut socket, room).await;
        set_read_only(world, true).await;
        terminate_backends(&world.database().await).await;
        let refused = world.database().await.execute("delete from messages where false", &[]).await;
        assert_eq!(refused.unwrap_err().code().unwrap().code(), "25006");

        let frames = [message(room, "하나"), message(room, "둘")];
        assert_unavailable(&ask(&mut socket, &frames[0]).await, &frames[0]);
        assert_refused(&post(&customer, &frames[1]).await, 503, "unavailable");
        assert_kept([&customer, &company], room, &["먼저", "그리고"]).await;

        set_read_only(world, false).await;
        assert_acknowledged(&mut socket, &frames[0], 4).await;
        post(&customer, &frames[1]).await.expect(201).unwrap();
        for processes in processes {
            processes.assert_reused(2).await;
        }
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "둘"]).await;
    });
}

/// Fault 18: a warm process is still connected to the previous writer, and there is a new one.
#[test]
fn fault_18_read_only_connection_is_replaced_by_the_send() {
    with_faults_and_no_pooler(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let [_, process] = warm_up(world, &customer, &mut socket, room).await;
        let watch = world.database().await;
        set_read_only(world, true).await;
        terminate_backends(&watch).await;
        // To reject this request, the function only reads the session. It keeps that connection,
        // which is read-only.
        assert_refused(&post(&customer, &json!({ "roomId": room })).await, 400, "validation_failed");
        set_read_only(world, false).await;
        let stale = backends(&watch).await;
        assert_eq!(stale.len(), 1);

        post(&customer, &message(room, "하나")).await.expect(201).unwrap();
        process.assert_reused(2).await;
        let fresh = backends(&watch).await;
        assert!(fresh.len() == 1 && fresh != stale, "{stale:?} {fresh:?}");
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나"]).await;
    });
}

/// Fault 20: the database has no free connection.
#[test]
fn fault_20_sends_are_unavailable_without_a_free_connection() {
    with_faults_and_no_pooler(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let processes = warm_up(world, &customer, &mut socket, room).await;
        let (database, (_, role)) = (world.database().await, quoted_names(world));
        database.batch_execute(&format!("alter role {role} connection limit 0")).await.unwrap();
        terminate_backends(&database).await;
        let refused =
            tokio_postgres::connect(&world.system.functions_database().unwrap().url(), tokio_postgres::NoTls)
                .await
                .err();
        assert_eq!(refused.unwrap().code().unwrap().code(), "53300");

        let frames = [message(room, "하나"), message(room, "둘")];
        assert_unavailable(&ask(&mut socket, &frames[0]).await, &frames[0]);
        let refused = post(&customer, &frames[1]).await;
        assert_refused(&refused, 503, "unavailable");
        assert_eq!(refused.header("retry-after"), "1");

        database.batch_execute(&format!("alter role {role} connection limit -1")).await.unwrap();
        assert_acknowledged(&mut socket, &frames[0], 4).await;
        post(&customer, &frames[1]).await.expect(201).unwrap();
        for processes in processes {
            processes.assert_reused(2).await;
        }
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "둘"]).await;
    });
}
