//! Pushing one message to 1,000 connections, against an `@connections` that takes 20 ms for each.

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
use chatchat_domain::{AccountId, ConnectionId, Event, RoomId};
use chatchat_push::Connections;
use chatchat_tests::Failure;
use tokio::{net::TcpListener, time::sleep};

use super::milliseconds;

const CONNECTIONS: usize = 1000;
const EACH: Duration = Duration::from_millis(20);

/// Pushes to all at once and to one after the other, and compares.
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

    // The first ones open the sockets.
    connections.push(&[(&ids, event.clone())]).await;
    pushed.store(0, Ordering::Relaxed);
    let started = Instant::now();
    connections.push(&[(&ids, event.clone())]).await;
    let at_once = started.elapsed();
    let reached = pushed.swap(0, Ordering::Relaxed);

    let started = Instant::now();
    for id in ids.chunks(1) {
        connections.push(&[(id, event.clone())]).await;
    }
    let in_turn = started.elapsed();
    println!("one event to {CONNECTIONS} connections, {} ms each", EACH.as_millis());
    println!("  one after the other   {:8.0} ms", milliseconds(in_turn));
    println!("  at once               {:8.0} ms   {reached} pushed", milliseconds(at_once));
    println!(
        "  ratio                 {:8.1} ×    (aim: at least 50)",
        in_turn.as_secs_f64() / at_once.as_secs_f64()
    );
    if cfg!(debug_assertions) {
        println!(
            "  without optimisation: `cargo run --release --package xtask -- bench fan-out` is what counts"
        );
    }
    if reached == CONNECTIONS {
        Ok(())
    } else {
        Err(format!("{reached} of {CONNECTIONS} were reached").into())
    }
}

/// `POST @connections` in a task of its own; gives its address.
async fn emulate(pushed: Arc<AtomicUsize>) -> Result<String, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let push = move || {
        let pushed = Arc::clone(&pushed);
        async move {
            sleep(EACH).await;
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
