//! Faults of frames, from and to a client.

use std::time::{Duration, Instant};

use chatchat_local::{Fault, Tampering};
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Site, Socket};

/// A delay that is long enough to process the next frame in the meantime.
const LATE: Duration = Duration::from_secs(1);

async fn send(socket: &mut Socket, n: u32) {
    socket.send(json!({ "action": "echo", "n": n }).to_string()).await;
}

/// The number of the frame that the next echo contains.
async fn echoed(socket: &mut Socket) -> Value {
    let body: Value = socket.json().await["body"].as_str().unwrap().parse().unwrap();
    body["n"].clone()
}

async fn push(site: &Site, id: &str, text: &'static str) {
    assert_eq!(site.manage(Method::POST, id).body(text).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn dropped_frame_reaches_no_function() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let injection = site.cloud.inject(Fault::Received(Tampering::Drop), 1, 1);
    for n in 1..=2 {
        send(&mut socket, n).await;
    }
    assert_eq!(echoed(&mut socket).await, 2);
    assert_eq!(injection.happened(), 1);
    assert_eq!(site.cloud.environments("Message")[0].served, 1);
}

#[tokio::test]
async fn doubled_frame_becomes_two_events() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let _injection = site.cloud.inject(Fault::Received(Tampering::Double), 1, 1);
    send(&mut socket, 1).await;
    let ids: Vec<Value> = [socket.json().await, socket.json().await]
        .map(|mut event| event["requestContext"]["messageId"].take())
        .into();
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn delayed_frame_is_processed_after_later_frames() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    socket.id().await;
    let _injection = site.cloud.inject(Fault::Received(Tampering::Delay(LATE)), 1, 1);
    let started = Instant::now();
    for n in 1..=2 {
        send(&mut socket, n).await;
    }
    assert_eq!(echoed(&mut socket).await, 2);
    assert_eq!(echoed(&mut socket).await, 1);
    assert!(started.elapsed() >= LATE);
}

#[tokio::test]
async fn next_frame_overtakes_a_held_frame() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let injection = site.cloud.inject(Fault::Received(Tampering::Overtaken), 1, 2);
    for n in 1..=4 {
        send(&mut socket, n).await;
        // The held frame waits until the next one has been processed. The next one does not wait.
        if n % 2 == 0 {
            assert_eq!(echoed(&mut socket).await, n);
            assert_eq!(echoed(&mut socket).await, n - 1);
        }
    }
    assert_eq!(injection.happened(), 2);
}

#[tokio::test]
async fn held_frame_without_a_next_one_is_processed_after_1_second() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let _injection = site.cloud.inject(Fault::Received(Tampering::Overtaken), 1, 1);
    let started = Instant::now();
    send(&mut socket, 1).await;
    assert_eq!(echoed(&mut socket).await, 1);
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn dropped_or_doubled_push_is_answered_200() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    let dropped = site.cloud.inject(Fault::Pushed(Tampering::Drop), 1, 1);
    push(&site, &id, "lost").await;
    let doubled = site.cloud.inject(Fault::Pushed(Tampering::Double), 1, 1);
    push(&site, &id, "two").await;
    push(&site, &id, "one").await;
    for expected in ["two", "two", "one"] {
        assert_eq!(socket.text().await, expected);
    }
    assert_eq!((dropped.happened(), doubled.happened()), (1, 1));
}

#[tokio::test]
async fn delayed_push_is_sent_after_later_pushes() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    let _injection = site.cloud.inject(Fault::Pushed(Tampering::Delay(LATE)), 1, 1);
    let started = Instant::now();
    push(&site, &id, "first").await;
    push(&site, &id, "second").await;
    assert_eq!(socket.text().await, "second");
    assert_eq!(socket.text().await, "first");
    assert!(started.elapsed() >= LATE);
}

#[tokio::test]
async fn held_push_is_sent_after_the_next_one_or_1_second() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    let injection = site.cloud.inject(Fault::Pushed(Tampering::Overtaken), 1, 3);
    let started = Instant::now();
    for text in ["1", "2", "3", "4", "5"] {
        push(&site, &id, text).await;
    }
    for expected in ["2", "1", "4", "3", "5"] {
        assert_eq!(socket.text().await, expected);
    }
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(injection.happened(), 3);
}

#[tokio::test]
async fn frames_of_other_connections_do_not_overtake() {
    let site = Site::start().await;
    let (mut held, mut other) = (site.connect().await, site.connect().await);
    let [held_id, other_id] = [held.id().await, other.id().await];
    let _injection = site.cloud.inject(Fault::Pushed(Tampering::Overtaken), 1, 1);
    push(&site, &held_id, "held").await;
    push(&site, &other_id, "another's").await;
    assert_eq!(other.text().await, "another's");
    push(&site, &held_id, "next").await;
    assert_eq!(held.text().await, "next");
    assert_eq!(held.text().await, "held");
}
