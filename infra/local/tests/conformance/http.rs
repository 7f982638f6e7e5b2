//! The HTTP API: facts 15 to 21.

use std::time::Duration;

use chatchat_local::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Site, TEMPLATE};

#[tokio::test]
async fn item_15_exact_routes_precede_greedy_ones_and_default() {
    let template = TEMPLATE.replace(
        "        Echo: { Type",
        "        Rest: { Type: HttpApi, Properties: { ApiId: !Ref Http } }\n        Echo: { Type",
    );
    let site = Site::with(&template, Settings::default()).await;
    for (path, key) in [
        ("/rooms/7", "GET /rooms/{id}"),
        ("/rooms/own", "GET /rooms/own"),
        ("/files/a/b", "GET /files/{proxy+}"),
        ("/elsewhere", "$default"),
    ] {
        let echo = site.echo(site.get(path)).await;
        assert_eq!(echo["event"]["routeKey"], key, "{path}");
        assert_eq!(echo["event"]["requestContext"]["routeKey"], key, "{path}");
    }
}

#[tokio::test]
async fn item_15_unmatched_request_gets_404() {
    let site = Site::start().await;
    for request in [site.get("/elsewhere"), site.request(Method::POST, "/rooms/7")] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 404);
        assert!(response.headers().contains_key("apigw-requestid"));
        assert_eq!(response.text().await.unwrap(), r#"{"message":"Not Found"}"#);
    }
}

#[tokio::test]
async fn item_16_event_has_the_form_of_payload_format_2() {
    let site = Site::start().await;
    let request = site
        .get("/echo?name=a%20b&tag=1&tag=2&empty=")
        .header("X-Many", "one")
        .header("X-Many", "two")
        .header("Cookie", "a=1; b=2")
        .header("User-Agent", "probe/1");
    let event = site.echo(request).await["event"].take();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["rawPath"], "/echo");
    assert_eq!(event["headers"]["x-many"], "one,two");
    assert_eq!(event["headers"]["cookie"], Value::Null);
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["rawQueryString"], "name=a%20b&tag=1&tag=2&empty=");
    assert_eq!(event["queryStringParameters"], json!({ "name": "a b", "tag": "1,2", "empty": "" }));
    let context = &event["requestContext"];
    assert_eq!(context["http"]["method"], "GET");
    assert_eq!(context["http"]["path"], "/echo");
    assert_eq!(context["http"]["protocol"], "HTTP/1.1");
    assert_eq!(context["http"]["userAgent"], "probe/1");
    assert!(context["http"]["sourceIp"].as_str().unwrap().parse::<std::net::IpAddr>().unwrap().is_loopback());
    assert_eq!(context["stage"], "$default");
    assert_eq!(context["accountId"], "000000000000");
    assert_eq!(context["apiId"], "http");
    assert_eq!(context["domainName"], "localhost");
    assert!(context["timeEpoch"].as_i64().unwrap() > 1_700_000_000_000);
    assert!(context["time"].as_str().unwrap().ends_with(" +0000"));
}

#[tokio::test]
async fn item_16_missing_parts_of_a_request_are_omitted() {
    let site = Site::start().await;
    let event = site.echo(site.get("/echo")).await["event"].take();
    for name in ["cookies", "queryStringParameters", "pathParameters", "body"] {
        assert_eq!(event.get(name), None, "{name}");
    }
    assert_eq!(event["rawQueryString"], "");
    assert_eq!(event["isBase64Encoded"], false);
}

#[tokio::test]
async fn item_17_text_bodies_are_plain_and_other_bodies_base64() {
    let site = Site::start().await;
    for (content_type, is_text) in [
        (Some("text/html"), true),
        (Some("application/json; charset=utf-8"), true),
        (Some("application/xml"), true),
        (Some("application/javascript"), true),
        (Some("multipart/form-data; boundary=x"), false),
        (Some("application/octet-stream"), false),
        (None, false),
    ] {
        let mut request = site.request(Method::POST, "/echo").body("héllo");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let event = site.echo(request).await["event"].take();
        assert_eq!(event["isBase64Encoded"], !is_text, "{content_type:?}");
        assert_eq!(event["body"], if is_text { "héllo" } else { "aMOpbGxv" }, "{content_type:?}");
    }
}

#[tokio::test]
async fn item_18_each_cookie_becomes_a_set_cookie_header() {
    let site = Site::start().await;
    let response =
        site.answer(&json!({ "statusCode": 204, "cookies": ["a=1; HttpOnly", "b=2"] })).send().await.unwrap();
    assert_eq!(response.status(), 204);
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1; HttpOnly", "b=2"]);
}

#[tokio::test]
async fn item_18_result_sets_status_headers_and_body() {
    let site = Site::start().await;
    let answer = json!({ "statusCode": 201, "headers": { "X-Made": "yes" }, "body": "aMOpbGxv", "isBase64Encoded": true });
    let response = site.answer(&answer).send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["x-made"], "yes");
    assert_eq!(response.headers()["content-type"], "text/plain;charset=UTF-8");
    assert_eq!(response.text().await.unwrap(), "héllo");
}

#[tokio::test]
async fn item_18_result_without_status_is_the_body_of_a_200() {
    let site = Site::start().await;
    for (answer, body) in [(json!({ "a": 1 }), r#"{"a":1}"#), (json!("plain"), "plain")] {
        let response = site.answer(&answer).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.text().await.unwrap(), body);
    }
}

#[tokio::test]
async fn item_18_result_of_a_head_request_has_no_body() {
    let site = Site::start().await;
    let response = site.request(Method::HEAD, "/echo").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-length"].to_str().unwrap().parse::<usize>().unwrap() > 100);
    assert_eq!(response.text().await.unwrap(), "");
    // HEAD is a method like any other: a route of GET does not match it.
    assert_eq!(site.request(Method::HEAD, "/rooms/7").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn item_19_gateway_answers_preflight_requests() {
    let site = Site::start().await;
    let preflight = |origin: &'static str| {
        let request = site.request(Method::OPTIONS, "/answer").header("origin", origin);
        request.header("access-control-request-method", "POST").send()
    };
    let allowed = preflight("https://app.example").await.unwrap();
    assert_eq!(allowed.status(), 204);
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example"),
        ("access-control-allow-methods", "GET,POST"),
        ("access-control-allow-headers", "content-type"),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "600"),
    ] {
        assert_eq!(allowed.headers()[name], value);
    }
    let foreign = preflight("https://evil.example").await.unwrap();
    assert_eq!(foreign.status(), 204);
    assert!(!foreign.headers().contains_key("access-control-allow-origin"));
    assert_eq!(site.cloud.environments("Answer"), []);
}

#[tokio::test]
async fn item_19_gateway_replaces_cors_headers_of_the_function() {
    let site = Site::start().await;
    let answer = json!({ "statusCode": 200, "headers": { "access-control-allow-origin": "*", "access-control-max-age": "1" } });
    let allowed = site.answer(&answer).header("origin", "https://app.example").send().await.unwrap();
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://app.example");
    assert_eq!(allowed.headers()["access-control-expose-headers"], "x-exposed");
    assert!(!allowed.headers().contains_key("access-control-max-age"));
    let plain = site.answer(&answer).send().await.unwrap();
    assert!(!plain.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn item_20_failing_function_gets_500() {
    let site = Site::start().await;
    let malformed = site.answer(&json!({ "statusCode": "none" }));
    for request in [site.get("/fail"), site.get("/crash"), malformed] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.text().await.unwrap(), r#"{"message":"Internal Server Error"}"#);
    }
}

#[tokio::test]
async fn item_20_function_over_the_integration_limit_gets_503() {
    let body = r#"{"message":"a setting, because it is not verified"}"#;
    let settings = Settings {
        http_integration_limit: Duration::from_millis(100),
        http_timeout_body: body.to_owned(),
        ..Settings::default()
    };
    let site = Site::with_settings(settings).await;
    let response = site.get("/hang").send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.text().await.unwrap(), body);
    assert_eq!(Settings::default().http_integration_limit, Duration::from_secs(30));
    assert_eq!(Settings::default().http_timeout_body, r#"{"message":"Service Unavailable"}"#);
}

#[tokio::test]
async fn item_20_body_over_10_mb_or_event_over_6_mb_gets_413() {
    let site = Site::start().await;
    let post = |bytes: usize| {
        site.request(Method::POST, "/echo").header("content-type", "text/plain").body("x".repeat(bytes))
    };
    assert_eq!(post(10 * 1024 * 1024 + 1).send().await.unwrap().status(), 413);
    assert_eq!(post(6 * 1024 * 1024).send().await.unwrap().status(), 413);
    assert_eq!(post(1024 * 1024).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn item_20_throttled_function_gets_429() {
    let site = Site::start().await;
    let (first, second) = (site.get("/single").send(), site.get("/single").send());
    tokio::select! {
        response = first => assert_eq!(response.unwrap().status(), 429),
        response = second => assert_eq!(response.unwrap().status(), 429),
    }
}

#[tokio::test]
async fn item_21_encoded_slash_does_not_split_a_path() {
    let site = Site::start().await;
    let event = site.echo(site.get("/rooms/a%2Fb")).await["event"].take();
    assert_eq!(event["routeKey"], "GET /rooms/{id}");
    assert_eq!(event["pathParameters"]["id"], "a/b");
    assert_eq!(site.echo(site.get("/rooms/42")).await["event"]["pathParameters"], json!({ "id": "42" }));
}
