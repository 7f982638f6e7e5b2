//! CloudFront: a distribution in front of the APIs and a bucket.

use chatchat_local::{Cloud, Options};
use reqwest::{Method, Response};
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::site::{Folder, LIMIT, Site, TEMPLATE, options};

async fn request(cloud: &Cloud, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut request = client.request(method, format!("{}{path}", cloud.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn get(cloud: &Cloud, path: &str, headers: &[(&str, &str)]) -> Response {
    request(cloud, Method::GET, path, headers).await
}

/// The event that the function gets through the distribution.
async fn echo(cloud: &Cloud, path: &str, headers: &[(&str, &str)]) -> Value {
    let mut echo: Value = get(cloud, path, headers).await.text().await.unwrap().parse().unwrap();
    echo["event"].take()
}

#[tokio::test]
async fn api_gets_viewer_headers_and_its_own_host() {
    let site = Site::start().await;
    let headers = [("x-other", "1"), ("cookie", "a=1; b=2"), ("x-forwarded-for", "192.0.2.9")];
    let event = echo(&site.cloud, "/echo?a=b", &headers).await;
    let host = "http.execute-api.ap-northeast-2.amazonaws.com";
    assert_eq!(event["headers"]["host"], host);
    assert_eq!(event["requestContext"]["domainName"], host);
    assert_eq!(event["headers"]["x-other"], "1");
    assert_eq!(event["rawQueryString"], "a=b");
    assert_eq!(event["cookies"], serde_json::json!(["a=1", "b=2"]));
    // The source is the distribution. The viewer is the last but one in the list.
    let source = event["requestContext"]["http"]["sourceIp"].as_str().unwrap();
    assert_eq!(source, "130.176.0.1");
    let forwarded = event["headers"]["x-forwarded-for"].as_str().unwrap();
    assert_eq!(forwarded, format!("192.0.2.9, 127.0.0.1, {source}"));
}

#[tokio::test]
async fn custom_headers_and_functions_replace_viewer_headers() {
    let site = Site::start().await;
    let forged = [("x-secret", "forged"), ("x-viewer", "forged"), ("host", "shop.localhost")];
    let event = echo(&site.cloud, "/echo", &forged).await;
    assert_eq!(event["headers"]["x-secret"], site.folder.0.display().to_string());
    assert_eq!(event["headers"]["x-viewer"], "127.0.0.1 shop.localhost");
}

#[tokio::test]
async fn without_origin_request_policy_api_gets_no_viewer_headers() {
    let site = Site::start().await;
    let event = echo(&site.cloud, "/rooms/7", &[("x-other", "1"), ("cookie", "a=1")]).await;
    assert_eq!(event["pathParameters"]["id"], "7");
    assert_eq!(event["headers"]["x-other"], Value::Null);
    assert_eq!(event["cookies"], Value::Null);
}

#[tokio::test]
async fn disallowed_methods_get_403() {
    let site = Site::start().await;
    assert_eq!(request(&site.cloud, Method::PUT, "/echo", &[]).await.status(), 200);
    for (method, path) in [(Method::PUT, "/rooms/7"), (Method::POST, "/page.html")] {
        assert_eq!(request(&site.cloud, method, path, &[]).await.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn function_can_respond_for_the_origin() {
    let site = Site::start().await;
    let answer = get(&site.cloud, "/moved", &[]).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (302, "/echo"));
}

#[tokio::test]
async fn page_paths_and_root_are_mapped_to_files() {
    let site = Site::start().await;
    let html = b"<!DOCTYPE html>".to_vec();
    site.cloud.put_object("Files", "page.html", "text/html", "no-cache", html).await.unwrap();
    for path in ["/", "/page.html", "/pages/7?x=y"] {
        let answer = get(&site.cloud, path, &[]).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/html");
        assert_eq!(answer.headers()["cache-control"], "no-cache");
    }
    assert_eq!(get(&site.cloud, "/other", &[]).await.status(), 403);
}

#[tokio::test]
async fn response_headers_policy_applies_to_every_response() {
    let site = Site::start().await;
    for path in ["/echo", "/none.html"] {
        let answer = get(&site.cloud, path, &[]).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=60"),
            ("content-security-policy", "default-src 'none'"),
            ("x-shown", "1"),
        ] {
            assert_eq!(answer.headers()[name], value, "{path}");
        }
    }
    assert!(!get(&site.cloud, "/rooms/7", &[]).await.headers().contains_key("x-shown"));
}

#[tokio::test]
async fn text_over_1000_bytes_is_compressed_if_gzip_is_accepted() {
    let site = Site::start().await;
    let put = async |key: &str, content_type: &str, bytes: usize| {
        site.cloud.put_object("Files", key, content_type, "no-cache", vec![b'x'; bytes]).await.unwrap();
    };
    put("long.js", "text/javascript", 2000).await;
    put("short.js", "text/javascript", 900).await;
    put("picture.png", "image/png", 2000).await;
    let gzip = [("accept-encoding", "gzip, br")];
    for (path, headers, compressed) in [
        ("/long.js", &gzip[..], true),
        ("/long.js", &[], false),
        ("/short.js", &gzip, false),
        ("/picture.png", &gzip, false),
    ] {
        let answer = get(&site.cloud, path, headers).await;
        let encoding = answer.headers().get("content-encoding").map(|value| value.to_str().unwrap());
        assert_eq!(encoding, compressed.then_some("gzip"), "{path}");
    }
}

#[tokio::test]
async fn websocket_connects_through_the_distribution() {
    use futures_util::{SinkExt, StreamExt};

    let site = Site::start().await;
    let url = format!("{}/live?a=b", site.cloud.url().replace("http:", "ws:"));
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("origin", "http://localhost".parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    socket.send(Message::text(r#"{"action":"echo"}"#)).await.unwrap();
    let answer = tokio::time::timeout(LIMIT, socket.next()).await.unwrap().unwrap().unwrap();
    let echo: Value = answer.to_text().unwrap().parse().unwrap();
    let id = echo["requestContext"]["connectionId"].as_str().unwrap();
    let event = site.recorded("CONNECT", id).await;
    assert_eq!(event["headers"]["Host"], "sockets.execute-api.ap-northeast-2.amazonaws.com");
    assert_eq!(event["headers"]["Origin"], "http://localhost");
    assert_eq!(event["headers"]["X-Viewer"], format!("127.0.0.1 localhost:{}", site.cloud.port()));
    assert_eq!(event["queryStringParameters"]["a"], "b");
    assert_eq!(event["requestContext"]["identity"]["sourceIp"], "130.176.0.1");
    // Only API Gateway's own endpoint has the management API.
    let managed = request_managed(&site.cloud, id).await;
    assert_eq!(managed.status(), 403);
    assert_eq!(get(&site.cloud, "/live", &[]).await.status(), 403, "a request that is not a handshake");
}

async fn request_managed(cloud: &Cloud, id: &str) -> Response {
    let key = format!("AWS4-HMAC-SHA256 Credential={}/x", cloud.access_key());
    get(cloud, &format!("/live/@connections/{id}"), &[("authorization", &key)]).await
}

#[tokio::test]
async fn unsupported_distribution_setting_fails_the_start() {
    let folder = Folder::new();
    for (known, unknown, named) in [
        ("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "00000000-0000-0000-0000-000000000000", "CachePolicyId"),
        (
            "b689b0a8-53d0-40ab-baf2-68738e2966ac",
            "00000000-0000-0000-0000-000000000000",
            "OriginRequestPolicyId",
        ),
        ("EventType: viewer-request", "EventType: viewer-response", "viewer-request"),
        ("FrameOptions:", "XSSProtection:", "XSSProtection"),
        ("function handler(event)", "function handler(", "viewer"),
        ("TargetOriginId: sockets", "TargetOriginId: none", "TargetOriginId"),
    ] {
        assert!(TEMPLATE.contains(known), "{known}");
        let template = TEMPLATE.replacen(known, unknown, 1);
        let started = Cloud::start(Options { ..options(&folder, &template) }).await;
        let error = started.err().unwrap_or_else(|| panic!("{unknown} is accepted")).to_string();
        assert!(error.to_lowercase().contains(&named.to_lowercase()), "{named}: {error}");
    }
}
