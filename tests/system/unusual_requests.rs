//! Requests with an invalid or unusual host, query, path or header.

use chatchat_harness::Client;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{World, in_world, wrong_fields};

/// Calls a function with the event of a GET request, with these members in place of the usual ones.
/// Returns the status and the body.
async fn get(world: &World, function: &str, path: &str, members: Value) -> (u64, Value) {
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": format!("/api{path}"), "rawQueryString": "",
        "headers": { "host": "localhost" },
        "requestContext": {
            "accountId": "000000000000", "apiId": "httpapi", "requestId": "unusual", "routeKey": "$default", "stage": "api",
            "domainName": "localhost", "domainPrefix": "localhost", "time": "22/Nov/2026:00:00:00 +0000", "timeEpoch": 0,
            "http": { "method": "GET", "path": format!("/api{path}"), "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "" },
        },
        "isBase64Encoded": false,
    });
    event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let answer =
        world.system.cloud.invoke(function, event).await.unwrap_or_else(|error| panic!("{members}: {error}"));
    let body = answer["body"].as_str().and_then(|body| body.parse().ok()).unwrap_or_default();
    (answer["statusCode"].as_u64().unwrap(), body)
}

#[test]
fn invalid_host_query_header_or_body_gets_400() {
    in_world(async |world| {
        let host = |host: &str| json!({ "headers": { "host": host } });
        let query = |query: &str| json!({ "rawQueryString": query });
        let long = "a".repeat(70_000);
        for (members, field) in [
            (host(""), "host"),
            (host(" "), "host"),
            (host("a b"), "host"),
            (host("a<b>"), "host"),
            (host("a\"b"), "host"),
            (host("a/b"), "host"),
            (host("a\\b"), "host"),
            (host("a%zz"), "host"),
            (host("a%00"), "host"),
            (host("[::1"), "host"),
            (host("a:port"), "host"),
            (host("a:99999"), "host"),
            (host("256.256.256.256"), "host"),
            (host("가게.example"), "host"),
            (query("keyword=a b"), "query"),
            (query("keyword=<a>"), "query"),
            (query("keyword=a\u{1}"), "query"),
            (query("\0"), "query"),
            (query(&long), "query"),
            (json!({ "headers": { "x-other": "a\u{1}b" } }), "headers"),
            (json!({ "headers": { "x\r\nother": "a" } }), "headers"),
            (json!({ "body": "%%%", "isBase64Encoded": true }), "body"),
        ] {
            let (status, body) = get(world, "FindCompanies", "/companies", members.clone()).await;
            assert_eq!(
                (status, &body["code"]),
                (400, &json!("validation_failed")),
                "{:.60}",
                members.to_string()
            );
            assert_eq!(wrong_fields(&body), [(field, "invalid_format")], "{:.60}", members.to_string());
        }
    });
}

#[test]
fn unusual_but_valid_requests_are_answered() {
    in_world(async |world| {
        for members in [
            json!({ "headers": {} }),
            json!({ "headers": { "host": "localhost:8080" } }),
            json!({ "headers": { "host": "[::1]:8080" } }),
            json!({ "headers": { "host": "LOCALHOST." } }),
            json!({ "headers": { "host": "localhost", "x-forwarded-proto": "no scheme", "x-other": "값 \u{fffd}" } }),
            json!({ "rawQueryString": "keyword=%zz%&&=&%ff=%ff#fragment" }),
            json!({ "rawQueryString": "keyword=빵집" }),
            json!({ "rawQueryString": "page=1&page=x" }),
            json!({ "cookies": ["값=값", "a=\u{1}", "", "a=1; b=2"] }),
            json!({ "cookies": null, "body": null, "pathParameters": null, "queryStringParameters": null }),
        ] {
            let (status, body) = get(world, "FindCompanies", "/companies", members.clone()).await;
            assert_eq!(status, 200, "{members}: {body}");
        }
        for path in ["/a b", "/%zz", "/\u{1}", "//", "/값", &"/a".repeat(40_000)] {
            let (status, body) = get(world, "Unrouted", path, json!({})).await;
            assert_eq!((status, &body["code"]), (404, &json!("route_not_found")), "{path:.60}");
        }
    });
}

#[test]
fn invalid_host_over_http_gets_400_from_the_same_process() {
    in_world(async |world| {
        let client = Client::new(&world.client.url).unwrap();
        let token = world.customer().await.token;
        let processes = || -> Vec<_> {
            world.system.cloud.environments("Health").into_iter().map(|environment| environment.pid).collect()
        };
        for host in ["a b.localhost", "<a>.localhost", "a\tb.localhost", "256.localhost:99999"] {
            assert_eq!(client.call(Method::GET, "/health", None, &Value::Null).await.unwrap().status, 200);
            let before = processes();
            let url = format!("{}/health", world.system.cloud.http_url());
            let request = reqwest::Client::new().get(url).header("host", host).bearer_auth(&token);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 400, "{host}");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(wrong_fields(&body), [("host", "invalid_format")], "{host}");
            assert!(before.iter().any(|pid| processes().contains(pid)), "{host}");
        }
    });
}
