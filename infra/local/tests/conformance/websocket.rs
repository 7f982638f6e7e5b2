//! The WebSocket API's handshake, routes and responses: facts 1 to 6, 9 and 14.

use std::time::Duration;

use chatchat_local::{Cloud, Settings};
use serde_json::{Value, json};

use crate::site::{Folder, Site, TEMPLATE, eventually, options};

#[tokio::test]
async fn item_01_handshake_gets_the_status_of_connect() {
    let site = Site::start().await;
    for status in [401, 403, 500] {
        assert_eq!(site.try_connect(&format!("?status={status}"), &[]).await.unwrap_err().status, status);
    }
    site.try_connect("?status=204", &[]).await.unwrap();
}

#[tokio::test]
async fn item_01_function_error_at_connect_gets_502() {
    let settings =
        Settings { websocket_integration_limit: Duration::from_millis(800), ..Settings::default() };
    let site = Site::with_settings(settings).await;
    for what in ["crash", "fail", "hang"] {
        let refusal = site.try_connect(&format!("?what={what}"), &[]).await.unwrap_err();
        assert_eq!(refusal.status, 502, "{what}");
        assert!(refusal.body.contains("Internal server error"), "{what}: {}", refusal.body);
    }
}

#[tokio::test]
async fn item_02_only_the_first_protocol_reaches_the_client() {
    let site = Site::start().await;
    let socket =
        site.try_connect("?protocol=chat,other", &[("sec-websocket-protocol", "chat, other")]).await.unwrap();
    assert!(socket.headers.contains(&"sec-websocket-protocol: chat".to_owned()), "{:?}", socket.headers);
    assert!(!socket.headers.iter().any(|header| header.starts_with("x-probe")), "{:?}", socket.headers);
}

#[tokio::test]
async fn item_03_push_before_connect_returns_gets_410() {
    let site = Site::start().await;
    // The function accepts the client only if its early push got 410.
    site.try_connect("?what=early", &[]).await.unwrap();
}

#[tokio::test]
async fn item_04_action_selects_the_route_or_else_default() {
    let template = TEMPLATE.replace(
        "        echo: {",
        "        $default: { FunctionArn: !GetAtt Message.Arn }\n        echo: {",
    );
    let site = Site::with(&template, Settings::default()).await;
    let mut socket = site.connect().await;
    for (message, key) in [
        (r#"{"action":"echo"}"#, "echo"),
        (r#"{"action":"unknown"}"#, "$default"),
        (r#"{"action":"$connect"}"#, "$default"),
        (r#"{"action":7}"#, "$default"),
        ("{}", "$default"),
        ("not JSON", "$default"),
    ] {
        socket.send(message).await;
        assert_eq!(socket.json().await["requestContext"]["routeKey"], key, "{message}");
    }
}

#[tokio::test]
async fn item_04_without_default_the_client_gets_forbidden() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    socket.send(r#"{"action":"unknown"}"#).await;
    let text = socket.text().await;
    assert!(
        text.starts_with(&format!(r#"{{"message":"Forbidden","connectionId":"{id}","requestId":""#)),
        "{text}"
    );
}

#[tokio::test]
async fn item_05_client_of_a_failed_function_gets_an_error() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    for what in ["crash", "fail"] {
        socket.send(json!({ "action": "echo", "what": what }).to_string()).await;
        let text = socket.text().await;
        assert!(
            text.starts_with(&format!(
                r#"{{"message": "Internal server error", "connectionId":"{id}", "requestId":""#
            )),
            "{text}"
        );
    }
    assert_eq!(socket.id().await, id, "the connection stays open");
}

#[tokio::test]
async fn item_06_response_body_needs_a_route_response() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    // The function of an echo also returns a body, after its push. If the client got it, it would
    // be the next text.
    socket.id().await;
    socket.send(r#"{"action":"answer","what":"answer"}"#).await;
    assert_eq!(socket.text().await, "an answer");
}

#[tokio::test]
async fn item_09_messages_of_a_connection_run_concurrently() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let flag = site.folder.0.join("flag");
    socket.send(json!({ "action": "echo", "n": 1, "wait": flag }).to_string()).await;
    socket.send(json!({ "action": "echo", "n": 2 }).to_string()).await;
    assert!(socket.json().await["body"].as_str().unwrap().contains(r#""n":2"#));
    std::fs::write(flag, "").unwrap();
    assert!(socket.json().await["body"].as_str().unwrap().contains(r#""n":1"#));
}

#[tokio::test]
async fn item_09_number_of_concurrent_messages_is_a_setting() {
    let site = Site::with_settings(Settings { parallel_frames: 1, ..Settings::default() }).await;
    let mut socket = site.connect().await;
    for n in 0..20 {
        socket.send(json!({ "action": "echo", "n": n }).to_string()).await;
    }
    for n in 0..20 {
        let body: Value = socket.json().await["body"].as_str().unwrap().parse().unwrap();
        assert_eq!(body["n"], n);
    }
}

#[tokio::test]
async fn item_14_template_that_sam_rejects_is_rejected() {
    let folder = Folder::new();
    for (from, to, problem) in [
        ("StageName: live", "StageName: $default", "Resources.Sockets.Properties.StageName"),
        ("        echo: {", "        e-cho: {", "Resources.Sockets.Properties.Routes.e-cho"),
    ] {
        let error =
            Cloud::start(options(&folder, &TEMPLATE.replace(from, to))).await.unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[tokio::test]
async fn stop_sends_closing_frames_to_clients() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let port = site.cloud.port();
    site.cloud.stop().await;
    assert_eq!(socket.close_code().await, 1001);
    eventually("the port", || std::net::TcpListener::bind(("127.0.0.1", port)).ok()).await;
}
