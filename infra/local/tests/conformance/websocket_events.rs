//! The WebSocket API's events: fact 10.

use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;

use crate::site::Site;

#[tokio::test]
async fn item_10_connect_event_has_headers_and_an_optional_query() {
    let site = Site::start().await;
    let id = site.connect().await.id().await;
    let event = site.recorded("CONNECT", &id).await;
    assert!(event["headers"]["Sec-WebSocket-Key"].is_string(), "{event}");
    assert!(event["multiValueHeaders"]["Host"].is_array(), "{event}");
    for name in ["queryStringParameters", "multiValueQueryStringParameters", "path", "body"] {
        assert_eq!(event.get(name), None, "{name}");
    }
    let context = &event["requestContext"];
    assert_eq!(context.get("messageId"), None);
    assert_eq!(context["routeKey"], "$connect");
    assert_eq!(context["stage"], "live");
    assert_eq!(context["messageDirection"], "IN");
    assert!(context["connectedAt"].is_i64() && context["identity"]["sourceIp"].is_string(), "{event}");

    let id = site.try_connect("?a=1&b=2&b=3", &[]).await.unwrap().id().await;
    let event = site.recorded("CONNECT", &id).await;
    assert_eq!(event["queryStringParameters"], json!({ "a": "1", "b": "3" }));
    assert_eq!(event["multiValueQueryStringParameters"], json!({ "a": ["1"], "b": ["2", "3"] }));
}

#[tokio::test]
async fn item_10_message_event_has_a_message_id_and_the_body() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    socket.send(r#"{"action":"echo"}"#).await;
    let event = socket.json().await;
    assert_eq!(event["body"], r#"{"action":"echo"}"#);
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event.get("headers"), None);
    assert_eq!(event["requestContext"]["eventType"], "MESSAGE");
    assert!(event["requestContext"]["messageId"].is_string());
}

#[tokio::test]
async fn item_10_disconnect_event_has_code_and_reason_or_1005() {
    let site = Site::start().await;
    let frame = CloseFrame { code: 4000.into(), reason: "bye".into() };
    for (frame, code, reason) in [(Some(frame), 4000, "bye"), (None, 1005, "")] {
        let mut socket = site.connect().await;
        let id = socket.id().await;
        socket.stream.close(frame).await.unwrap();
        let context = site.recorded("DISCONNECT", &id).await["requestContext"].take();
        assert_eq!(context["disconnectStatusCode"], code);
        assert_eq!(context["disconnectReason"], reason);
        assert_eq!(context["routeKey"], "$disconnect");
        assert_eq!(context.get("messageId"), None);
    }
}

#[tokio::test]
async fn item_10_vanished_client_gets_a_disconnect_event() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    drop(socket);
    assert_eq!(site.recorded("DISCONNECT", &id).await["requestContext"]["disconnectStatusCode"], 1006);
}
