//! Connections of the functions that go silent: they accept statements and never answer, as after a
//! failover or when a network forgets them while an environment is frozen.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{backends, terminate_backends, warm_up};
use crate::{
    World, eventually,
    faults::{Processes, assert_acknowledged, assert_kept, assert_receives, message, post, with_faults},
    withdraw,
};

/// Waits until no connection of the functions was used for two seconds.
async fn wait_until_idle(world: &World) {
    let database = world.database().await;
    let pids = backends(&database).await;
    let busy = "select count(*) from pg_stat_activity
                where pid = any ($1) and (state <> 'idle' or state_change > now() - interval '2.1 s')";
    eventually("the functions' connections are idle", async || {
        database.query_one(busy, &[&pids]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
}

/// Fault 25: the connections of warm functions go silent while they are idle. The caller only
/// notices a delay.
#[test]
fn fault_25_silent_connections_of_idle_functions_are_replaced() {
    with_faults(async |world| {
        let (customer, company, room) = world.pair().await;
        let mut socket = customer.connect().await.unwrap();
        let create = async |question: &str| {
            let entry = json!({ "question": question, "answer": "네." });
            company.post("/company/auto-replies", &entry).await.unwrap()
        };
        create("하나?").await.expect(201).unwrap();
        let leaving = world.customer().await;
        assert_eq!(withdraw(&leaving).await.status, 204);
        let leaving = world.customer().await;
        let [over_websocket, over_http] = warm_up(world, &customer, &mut socket, room).await;
        let (faq, withdrawal) =
            (Processes::of(world, "CreateAutoReply"), Processes::of(world, "WithdrawCustomer"));

        wait_until_idle(world).await;
        assert!(world.system.cloud.silence_database() >= 4);
        let answered = |what: &str, since: Instant| {
            let took = since.elapsed();
            println!("{what}: {took:?}");
            assert!(took < Duration::from_secs(4), "{what}: {took:?}");
        };
        let since = Instant::now();
        assert_acknowledged(&mut socket, &message(room, "하나"), 4).await;
        answered("a send over WebSocket", since);
        let since = Instant::now();
        post(&customer, &message(room, "둘")).await.expect(201).unwrap();
        answered("a send over HTTP", since);
        assert_receives(&mut socket, 5).await;
        let since = Instant::now();
        create("둘?").await.expect(201).unwrap();
        answered("a statement that must not run twice", since);
        let since = Instant::now();
        assert_eq!(withdraw(&leaving).await.status, 204);
        answered("a transaction", since);

        // Closed by the server, as after `idle_session_timeout`.
        wait_until_idle(world).await;
        terminate_backends(&world.database().await).await;
        create("셋?").await.expect(201).unwrap();

        let entries = company.get("/company/auto-replies").await.unwrap().expect(200).unwrap();
        assert_eq!(entries.body["autoReplies"].as_array().unwrap().len(), 3);
        over_websocket.assert_reused(1).await;
        over_http.assert_reused(1).await;
        faq.assert_reused(2).await;
        withdrawal.assert_reused(1).await;
        assert_kept([&customer, &company], room, &["먼저", "그리고", "하나", "둘"]).await;
    });
}
