//! The WebSocket API's limits: facts 7 and 8.

use std::time::{Duration, Instant};

use chatchat_local::Settings;
use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::site::Site;

#[tokio::test]
async fn item_07_frame_over_32_kib_closes_with_1009() {
    let site = Site::start().await;
    let message = |bytes: usize| {
        let frame = json!({ "action": "echo", "pad": "" }).to_string();
        frame.replace(r#""pad":"""#, &format!(r#""pad":"{}""#, "x".repeat(bytes - frame.len())))
    };
    let mut socket = site.connect().await;
    socket.send(message(32 * 1024)).await;
    assert_eq!(socket.json().await["body"].as_str().unwrap().len(), 32 * 1024);
    socket.send(message(32 * 1024 + 1)).await;
    assert_eq!(socket.close_code().await, 1009);
}

#[tokio::test]
async fn item_07_message_over_128_kib_closes_with_1009() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let part = || "x".repeat(32 * 1024).into_bytes();
    let mut send = async |code, last| {
        let frame = Frame::message(part(), OpCode::Data(code), last);
        socket.stream.send(Message::Frame(frame)).await.unwrap();
    };
    send(Data::Text, false).await;
    for _ in 0..4 {
        send(Data::Continue, false).await;
    }
    assert_eq!(socket.close_code().await, 1009);
}

#[tokio::test]
async fn item_07_message_far_over_the_limit_closes_with_1009() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    // The server closes the connection while this is written.
    _ = socket.stream.send(Message::text("x".repeat(8 * 1024 * 1024))).await;
    assert_eq!(socket.close_code().await, 1009);
}

#[tokio::test]
async fn item_07_binary_frame_closes_with_1003() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    socket.stream.send(Message::binary(b"x".to_vec())).await.unwrap();
    assert_eq!(socket.close_code().await, 1003);
}

#[tokio::test]
async fn item_08_idle_connection_closes_with_the_configured_code() {
    let settings =
        Settings { idle_limit: Duration::from_millis(300), expired_close_code: 4001, ..Settings::default() };
    let site = Site::with_settings(settings).await;
    let mut socket = site.connect().await;
    assert_eq!(socket.close_code().await, 4001);
    assert_eq!(Settings::default().expired_close_code, 1001);
    assert_eq!(Settings::default().idle_limit, Duration::from_mins(10));
}

#[tokio::test]
async fn item_08_messages_extend_the_idle_limit_not_the_lifetime() {
    let settings = Settings {
        idle_limit: Duration::from_millis(700),
        lifetime_limit: Duration::from_millis(1500),
        ..Settings::default()
    };
    let site = Site::with_settings(settings).await;
    let started = Instant::now();
    let mut socket = site.connect().await;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let code = loop {
        tokio::select! {
            code = socket.close_code() => break code,
            _ = ticks.tick() => {}
        }
        // The connection may already be closing when the last message is sent.
        _ = socket.stream.send(Message::text("{}")).await;
    };
    assert_eq!(code, 1001);
    assert!(started.elapsed() > Duration::from_millis(1400), "closed after {:?}", started.elapsed());
    assert_eq!(Settings::default().lifetime_limit, Duration::from_hours(2));
}

#[tokio::test]
async fn item_08_message_over_the_integration_limit_gets_an_error() {
    let site = Site::with_settings(Settings {
        websocket_integration_limit: Duration::from_millis(500),
        ..Settings::default()
    })
    .await;
    let mut socket = site.connect().await;
    socket.send(r#"{"action":"echo","what":"hang"}"#).await;
    assert_eq!(socket.json().await["message"], "Internal server error");
    assert_eq!(Settings::default().websocket_integration_limit, Duration::from_secs(29));
}

#[tokio::test]
async fn item_08_new_connections_over_the_rate_get_429() {
    let site = Site::with_settings(Settings { connects_per_second: 1, ..Settings::default() }).await;
    let mut refused = None;
    // Two of these can fall into different seconds, but not all of them.
    for _ in 0..50 {
        if let Err(refusal) = site.try_connect("", &[]).await {
            refused = Some(refusal.status);
            break;
        }
    }
    assert_eq!(refused, Some(429));
    assert_eq!(Settings::default().connects_per_second, 500);
}

#[tokio::test]
async fn item_08_url_over_4096_characters_gets_414() {
    let site = Site::start().await;
    assert_eq!(site.try_connect(&format!("?pad={}", "x".repeat(4096)), &[]).await.unwrap_err().status, 414);
    site.try_connect(&format!("?pad={}", "x".repeat(4000)), &[]).await.unwrap();
}
