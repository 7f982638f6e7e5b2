//! Measures the push of one event to 1,000 connections, with an `@connections` API that takes 20 ms
//! per call.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_apigatewaymanagement::config::Credentials;
use axum::{Router, http::StatusCode, routing::post};
use chatchat_delivery::Connections;
use chatchat_domain::{AccountId, ConnectionId, Event, RoomId};
use chatchat_harness::Failure;
use tokio::{net::TcpListener, time::sleep};

use super::times::milliseconds;

const CONNECTIONS: usize = 1000;
const CALL_TIME: Duration = Duration::from_millis(20);

/// Pushes to all connections concurrently, then one by one, and compares the times.
pub async fn fan_out() -> Result<(), Failure> {
    let pushed = Arc::new(AtomicUsize::new(0));
    let endpoint = emulate(Arc::clone(&pushed)).await?;
    let aws = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-2"))
        .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
        .load()
        .await;
    let connections = Connections::new(&aws, &endpoint);
    let ids: Vec<ConnectionId> =
        (0..CONNECTIONS).map(|number| format!("connection{number}=").into()).collect();
    let event = Event::Typing { room_id: RoomId::try_from(1)?, account_id: AccountId::try_from(1)? };

    // The first round opens the sockets and is not measured.
    connections.push(&[(&ids, event.clone())]).await;
    pushed.store(0, Ordering::Relaxed);
    let started = Instant::now();
    connections.push(&[(&ids, event.clone())]).await;
    let concurrent = started.elapsed();
    let reached = pushed.swap(0, Ordering::Relaxed);

    let started = Instant::now();
    for id in ids.chunks(1) {
        connections.push(&[(id, event.clone())]).await;
    }
    let sequential = started.elapsed();
    println!("one event to {CONNECTIONS} connections, {} ms each", CALL_TIME.as_millis());
    println!("  one by one            {:8.0} ms", milliseconds(sequential));
    println!("  concurrently          {:8.0} ms   {reached} pushed", milliseconds(concurrent));
    println!(
        "  ratio                 {:8.1} ×    (target: at least 50)",
        sequential.as_secs_f64() / concurrent.as_secs_f64()
    );
    if cfg!(debug_assertions) {
        println!("  This is a debug build. To measure an optimised one, run");
        println!("  `cargo run --release --package xtask -- bench fan-out`.");
    }
    if reached == CONNECTIONS {
        Ok(())
    } else {
        Err(format!("only {reached} of {CONNECTIONS} connections were reached").into())
    }
}

/// Serves `POST @connections` in a task and returns its address.
async fn emulate(pushed: Arc<AtomicUsize>) -> Result<String, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let push = move || {
        let pushed = Arc::clone(&pushed);
        async move {
            sleep(CALL_TIME).await;
            pushed.fetch_add(1, Ordering::Relaxed);
            StatusCode::OK
        }
    };
    let router = Router::new()
        .route("/live/@connections/{id}", post(push.clone()))
        .route("/live/%40connections/{id}", post(push));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}/live"))
}
