//! The WebSocket API: facts 1 to 14.

use std::time::{Duration, Instant};

use chatchat_local::{Cloud, Settings};
use futures_util::SinkExt;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};

use crate::site::{Folder, Site, TEMPLATE, eventually, options};

#[tokio::test]
async fn item_01_the_handshake_is_held_until_connect_returns_and_refused_with_its_status() {
    let site = Site::start().await;
    for status in [401, 403, 500] {
        assert_eq!(site.try_connect(&format!("?status={status}"), &[]).await.unwrap_err().status, status);
    }
    site.try_connect("?status=204", &[]).await.unwrap();
}

#[tokio::test]
async fn item_01_a_function_error_at_connect_is_502() {
    let settings = Settings { websocket_integration_limit: Duration::from_millis(800), ..Settings::default() };
    let site = Site::with_settings(settings).await;
    for what in ["crash", "fail", "hang"] {
        let refusal = site.try_connect(&format!("?what={what}"), &[]).await.unwrap_err();
        assert_eq!(refusal.status, 502, "{what}");
        assert!(refusal.body.contains("Internal server error"), "{what}: {}", refusal.body);
    }
}

#[tokio::test]
async fn item_02_of_connects_answer_only_one_protocol_reaches_the_client() {
    let site = Site::start().await;
    let socket = site.try_connect("?protocol=chat,other", &[("sec-websocket-protocol", "chat, other")]).await.unwrap();
    assert!(socket.headers.contains(&"sec-websocket-protocol: chat".to_owned()), "{:?}", socket.headers);
    assert!(!socket.headers.iter().any(|header| header.starts_with("x-probe")), "{:?}", socket.headers);
}

#[tokio::test]
async fn item_03_a_push_before_connect_has_returned_is_410() {
    let site = Site::start().await;
    // The function lets the client in only if its early push was answered 410.
    site.try_connect("?what=early", &[]).await.unwrap();
}

#[tokio::test]
async fn item_04_messages_go_by_their_action_and_the_rest_to_default() {
    let template = TEMPLATE.replace("        echo: {", "        $default: { FunctionArn: !GetAtt Message.Arn }\n        echo: {");
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
    assert!(text.starts_with(&format!(r#"{{"message":"Forbidden","connectionId":"{id}","requestId":""#)), "{text}");
}

#[tokio::test]
async fn item_05_when_the_function_fails_the_client_gets_internal_server_error() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    for what in ["crash", "fail"] {
        socket.send(json!({ "action": "echo", "what": what }).to_string()).await;
        let text = socket.text().await;
        assert!(text.starts_with(&format!(r#"{{"message": "Internal server error", "connectionId":"{id}", "requestId":""#)), "{text}");
    }
    assert_eq!(socket.id().await, id, "the connection stays open");
}

#[tokio::test]
async fn item_06_an_answers_body_reaches_the_client_only_with_a_route_response() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    // An echo answers too, after its push: if that body came through, it would be the next text.
    socket.id().await;
    socket.send(r#"{"action":"answer","what":"answer"}"#).await;
    assert_eq!(socket.text().await, "an answer");
}

#[tokio::test]
async fn item_07_frame_over_32_kib_closes_1009() {
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
async fn item_07_message_over_128_kib_closes_1009() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let part = || "x".repeat(32 * 1024).into_bytes();
    let mut send = async |code, last| socket.stream.send(Message::Frame(Frame::message(part(), OpCode::Data(code), last))).await.unwrap();
    send(Data::Text, false).await;
    for _ in 0..4 {
        send(Data::Continue, false).await;
    }
    assert_eq!(socket.close_code().await, 1009);
}

#[tokio::test]
async fn item_07_a_message_far_over_the_limit_is_still_told_why() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    // The server hangs up while this is being written.
    _ = socket.stream.send(Message::text("x".repeat(8 * 1024 * 1024))).await;
    assert_eq!(socket.close_code().await, 1009);
}

#[tokio::test]
async fn item_07_a_binary_frame_closes_1003() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    socket.stream.send(Message::binary(b"x".to_vec())).await.unwrap();
    assert_eq!(socket.close_code().await, 1003);
}

#[tokio::test]
async fn item_08_an_idle_connection_is_closed_with_the_code_of_the_setting() {
    let settings = Settings { idle_limit: Duration::from_millis(300), expired_close_code: 4001, ..Settings::default() };
    let site = Site::with_settings(settings).await;
    let mut socket = site.connect().await;
    assert_eq!(socket.close_code().await, 4001);
    assert_eq!(Settings::default().expired_close_code, 1001);
    assert_eq!(Settings::default().idle_limit, Duration::from_secs(600));
}

#[tokio::test]
async fn item_08_messages_put_off_the_idle_limit_but_not_the_lifetime() {
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
        // The last one may meet a connection that is being closed.
        _ = socket.stream.send(Message::text("{}")).await;
    };
    assert_eq!(code, 1001);
    assert!(started.elapsed() > Duration::from_millis(1400), "closed after {:?}", started.elapsed());
    assert_eq!(Settings::default().lifetime_limit, Duration::from_secs(7200));
}

#[tokio::test]
async fn item_08_a_message_over_the_integration_limit_is_an_internal_server_error() {
    let site = Site::with_settings(Settings { websocket_integration_limit: Duration::from_millis(500), ..Settings::default() }).await;
    let mut socket = site.connect().await;
    socket.send(r#"{"action":"echo","what":"hang"}"#).await;
    assert_eq!(socket.json().await["message"], "Internal server error");
    assert_eq!(Settings::default().websocket_integration_limit, Duration::from_secs(29));
}

#[tokio::test]
async fn item_08_new_connections_past_the_rate_are_429() {
    let site = Site::with_settings(Settings { connects_per_second: 1, ..Settings::default() }).await;
    let mut refused = None;
    // Two of these may fall into different seconds; not all of them.
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
async fn item_08_a_url_over_4096_characters_is_refused() {
    let site = Site::start().await;
    assert_eq!(site.try_connect(&format!("?pad={}", "x".repeat(4096)), &[]).await.unwrap_err().status, 414);
    site.try_connect(&format!("?pad={}", "x".repeat(4000)), &[]).await.unwrap();
}

#[tokio::test]
async fn item_09_messages_of_a_connection_run_at_the_same_time() {
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
async fn item_09_the_number_at_the_same_time_is_a_setting() {
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
async fn item_10_the_connect_event_has_headers_and_a_query_only_if_there_is_one() {
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
async fn item_10_a_message_event_has_a_message_id_and_the_body() {
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
async fn item_10_the_disconnect_event_has_the_clients_code_and_reason_or_1005() {
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
async fn item_10_a_client_that_vanishes_is_disconnected_too() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    drop(socket);
    assert_eq!(site.recorded("DISCONNECT", &id).await["requestContext"]["disconnectStatusCode"], 1006);
}

#[tokio::test]
async fn item_11_post_sends_get_describes_and_delete_closes() {
    let site = Site::start().await;
    let mut socket = site.try_connect("", &[("user-agent", "probe/1")]).await.unwrap();
    let id = socket.id().await;
    assert!(id.ends_with('='), "{id}");
    for id in [id.clone(), id.replace('=', "%3D")] {
        let posted = site.manage(Method::POST, &id).body("pushed").send().await.unwrap();
        assert_eq!(posted.status(), 200);
        assert_eq!(socket.text().await, "pushed");
    }
    let got = site.manage(Method::GET, &id).send().await.unwrap();
    assert_eq!(got.status(), 200);
    let described: Value = got.json().await.unwrap();
    assert!(described["connectedAt"].as_str().unwrap().ends_with('Z'), "{described}");
    assert!(described["lastActiveAt"].as_str() >= described["connectedAt"].as_str(), "{described}");
    assert_eq!(described["identity"]["userAgent"], "probe/1");
    assert!(described["identity"]["sourceIp"].is_string(), "{described}");

    assert_eq!(site.manage(Method::DELETE, &id).send().await.unwrap().status(), 204);
    assert_eq!(socket.close_code().await, Settings::default().deleted_close_code);
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let gone = site.manage(method, &id).send().await.unwrap();
        assert_eq!(gone.status(), 410);
        assert_eq!(gone.headers()["x-amzn-errortype"], "GoneException");
    }
    site.recorded("DISCONNECT", &id).await;
}

#[tokio::test]
async fn item_11_unknown_malformed_and_too_large_have_their_statuses() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    for (id, bytes, status) in [
        (id.as_str(), 128 * 1024, 200),
        (id.as_str(), 128 * 1024 + 1, 413),
        ("AAAAAAAAAAAAAAA=", 1, 410),
        ("nonsense", 1, 400),
        ("7", 1, 400),
    ] {
        let response = site.manage(Method::POST, id).body("x".repeat(bytes)).send().await.unwrap();
        assert_eq!(response.status(), status, "{id}, {bytes} bytes");
    }
}

#[tokio::test]
async fn item_11_a_full_client_buffer_is_429() {
    let site = Site::with_settings(Settings { client_buffer: 1, ..Settings::default() }).await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    // The client reads nothing from here on; the sockets' own buffers take some megabytes.
    let body = "x".repeat(128 * 1024);
    for _ in 0..1000 {
        let response = site.manage(Method::POST, &id).body(body.clone()).send().await.unwrap();
        if response.status() == 429 {
            assert_eq!(response.headers()["x-amzn-errortype"], "LimitExceededException");
            return;
        }
        assert_eq!(response.status(), 200);
    }
    panic!("a client that reads nothing took 128 MB");
}

#[tokio::test]
async fn item_11_a_request_without_the_clouds_key_is_403() {
    let site = Site::start().await;
    let id = site.connect().await.id().await;
    let url = format!("{}/@connections/{id}", site.cloud.management_url().unwrap());
    let bare = site.client.post(&url).send().await.unwrap();
    assert_eq!(bare.status(), 403);
    assert_eq!(bare.text().await.unwrap(), r#"{"message":"Missing Authentication Token"}"#);
    let foreign = site.client.post(&url).header("authorization", "AWS4-HMAC-SHA256 Credential=ASIAFOREIGN/x").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
}

#[tokio::test]
async fn item_12_the_management_endpoint_has_the_stage_and_comes_by_the_environment() {
    let site = Site::start().await;
    let environment = site.echo(site.get("/echo")).await["environment"].take();
    let expected = format!("http://localhost:{}/live", site.cloud.port());
    assert_eq!(environment["MANAGEMENT_URL"], expected);
    assert_eq!(site.cloud.management_url().unwrap(), expected);
    let bare = site.get("/@connections/AAAAAAAAAAAAAAA=").send().await.unwrap();
    assert_eq!(bare.status(), 404, "there is none without the stage");
}

#[tokio::test]
async fn item_13_each_api_has_its_own_address_and_knows_only_its_own_paths() {
    let site = Site::start().await;
    let environment = site.echo(site.get("/echo")).await["environment"].take();
    assert_eq!(environment["HTTP_URL"], site.cloud.url());
    assert_eq!(environment["SOCKET_URL"], site.cloud.websocket_url().unwrap());
    // A handshake on a path of the HTTP API, and a request on a path of the WebSocket API.
    let url = format!("ws://localhost:{}/echo", site.cloud.port());
    assert!(matches!(
        tokio_tungstenite::connect_async(url).await,
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) if response.status() == 403
    ));
    assert_eq!(site.get("/live").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn item_14_a_template_that_sam_would_refuse_is_refused() {
    let folder = Folder::new();
    for (from, to, problem) in [
        ("StageName: live", "StageName: $default", "Resources.Sockets.Properties.StageName"),
        ("        echo: {", "        e-cho: {", "Resources.Sockets.Properties.Routes.e-cho"),
    ] {
        let error = Cloud::start(options(&folder, &TEMPLATE.replace(from, to))).await.unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[tokio::test]
async fn stopping_the_cloud_says_goodbye_to_its_clients() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let port = site.cloud.port();
    site.cloud.stop().await;
    assert_eq!(socket.close_code().await, 1001);
    eventually("the port", || std::net::TcpListener::bind(("127.0.0.1", port)).ok()).await;
}
