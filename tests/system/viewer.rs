//! What the functions know about a viewer, for requests through the distribution and requests
//! directly to API Gateway.

use chatchat_harness::{PASSWORD, new_username};
use reqwest::{Method, Response};
use serde_json::json;

use crate::{World, in_own_world, in_world, template};

/// The endpoint that gets a request.
#[derive(Clone, Copy, Debug)]
enum Endpoint {
    Distribution,
    /// API Gateway's own endpoint, which clients can reach too.
    ApiGateway,
}

impl Endpoint {
    fn api(self, world: &World) -> String {
        match self {
            Self::Distribution => format!("{}/api", world.client.url),
            Self::ApiGateway => world.system.cloud.http_url(),
        }
    }
}

/// Sends a login as an attacker does, with headers that claim another address of the viewer.
async fn log_in_as(
    world: &World,
    endpoint: Endpoint,
    address: &str,
    username: &str,
    password: &str,
) -> Response {
    let http = reqwest::Client::new();
    http.request(Method::POST, format!("{}/customer/session", endpoint.api(world)))
        .header("chatchat-viewer-address", address)
        .header("chatchat-viewer-host", "evil.example")
        .header("chatchat-distribution-secret", "guessed")
        .header("x-forwarded-for", address)
        .json(&json!({ "username": username, "password": password }))
        .send()
        .await
        .unwrap()
}

async fn counted_networks(world: &World) -> Vec<String> {
    let query = "select subject from attempts where subject like 'network %' order by subject";
    let rows = world.database().await.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[test]
fn forged_viewer_headers_do_not_affect_the_throttle() {
    in_own_world(async |world| {
        let person = world.customer().await;
        for (endpoint, times) in [(Endpoint::Distribution, 3), (Endpoint::ApiGateway, 3)] {
            for attempt in 0..times {
                let address = format!("203.0.113.{attempt}");
                let username = new_username("unknown");
                let answer = log_in_as(world, endpoint, &address, &username, PASSWORD).await;
                assert_eq!(answer.status(), 400, "{endpoint:?}");
            }
            // The network of the viewer's real address, neither a forged one nor the
            // distribution's.
            assert_eq!(counted_networks(world).await, ["network 127.0.0.0/24"], "{endpoint:?}");
        }
        let exhaust = "update attempts set count = 100, since = now() where subject = 'network 127.0.0.0/24'";
        for endpoint in [Endpoint::Distribution, Endpoint::ApiGateway] {
            assert_eq!(world.database().await.execute(exhaust, &[]).await.unwrap(), 1);
            let answer = log_in_as(world, endpoint, "203.0.113.99", &person.username, PASSWORD).await;
            assert_eq!(answer.status(), 429, "{endpoint:?}");
        }
    });
}

#[test]
fn forged_viewer_host_does_not_allow_a_foreign_origin() {
    in_world(async |world| {
        for (endpoint, origin, allowed) in [
            (Endpoint::Distribution, world.client.url.as_str(), true),
            (Endpoint::Distribution, "https://evil.example", false),
            (Endpoint::ApiGateway, "https://evil.example", false),
            // API Gateway serves no pages, so no page of the product sends a request there.
            (Endpoint::ApiGateway, world.client.url.as_str(), false),
        ] {
            let answer = reqwest::Client::new()
                .delete(format!("{}/customer/session", endpoint.api(world)))
                .header("origin", origin)
                .header("chatchat-viewer-host", "evil.example")
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), if allowed { 204 } else { 403 }, "{endpoint:?} {origin}");
        }
    });
}

#[test]
fn origin_must_be_the_loopback_name_that_the_request_uses() {
    in_world(async |world| {
        for host in ["127.0.0.1", "widget.localhost"] {
            let host = format!("{host}:{}", world.system.cloud.port());
            for (origin, status) in [(format!("http://{host}"), 204), (world.client.url.clone(), 403)] {
                let answer = reqwest::Client::new()
                    .delete(format!("http://127.0.0.1:{}/api/customer/session", world.system.cloud.port()))
                    .header("host", &host)
                    .header("origin", &origin)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(answer.status(), status, "{origin} at {host}");
            }
        }
    });
}

#[test]
fn answers_have_no_cors_headers_by_default() {
    in_world(async |world| {
        let http = reqwest::Client::new();
        for endpoint in [Endpoint::Distribution, Endpoint::ApiGateway] {
            for method in [Method::GET, Method::OPTIONS] {
                let answer = http
                    .request(method.clone(), format!("{}/health", endpoint.api(world)))
                    .header("origin", "https://evil.example")
                    .header("access-control-request-method", "GET")
                    .send()
                    .await
                    .unwrap();
                let cors = answer.headers().keys().find(|name| name.as_str().starts_with("access-control"));
                assert_eq!(cors, None, "{endpoint:?} {method}");
            }
        }
    });
}

/// Asserts that an answer has each header exactly once, with a value that starts with this text.
fn assert_headers(answer: &Response, place: &str, policy: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("content-security-policy", policy),
    ] {
        let values: Vec<_> =
            answer.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        assert!(values.len() == 1 && values[0].starts_with(value), "{place}: {name}: {values:?}");
    }
}

#[test]
fn every_route_has_the_security_headers_at_both_endpoints() {
    in_world(|world| async move {
        let http = reqwest::Client::new();
        for endpoint in [Endpoint::Distribution, Endpoint::ApiGateway] {
            let routes = template().http_routes().unwrap().into_iter();
            let routes = routes.map(|route| (route.method, route.path.replace("{id}", "1")));
            for (method, path) in routes.chain([("PUT".to_owned(), "/health".to_owned())]) {
                let (method, path) =
                    if path == "$default" { ("GET", "/nowhere") } else { (method.as_str(), path.as_str()) };
                let request = http.request(method.parse().unwrap(), format!("{}{path}", endpoint.api(world)));
                let answer = request.send().await.unwrap();
                let place = format!("{method} {path} {endpoint:?} {}", answer.status());
                assert_headers(&answer, &place, "default-src 'none'; frame-ancestors 'none'");
            }
        }
    });
}

#[test]
fn everything_else_at_the_origin_has_the_security_headers() {
    in_world(|world| async move {
        let http = reqwest::Client::new();
        let large = http.post(format!("{}/api/customers", world.client.url)).body(vec![b' '; 7 << 20]);
        let answer = large.send().await.unwrap();
        assert_eq!(answer.status(), 413, "API Gateway itself answers");
        assert_headers(&answer, "413", "default-src 'none'; frame-ancestors 'none'");
        for (path, policy) in [
            ("/realtime", "default-src 'none'; frame-ancestors 'none'"),
            ("/pictures/profile/none.webp", "default-src 'none'; frame-ancestors 'none'; sandbox"),
            ("/", "default-src 'none'; script-src 'self'"),
            ("/desk/none.js", "default-src 'none'; script-src 'self'"),
            ("/api/docs", "default-src 'none'; script-src 'self'"),
        ] {
            let answer = http.get(format!("{}{path}", world.client.url)).send().await.unwrap();
            assert_headers(&answer, path, policy);
        }
    });
}

#[test]
fn head_of_health_gets_the_headers_of_get_without_a_body() {
    in_world(|world| async move {
        let http = reqwest::Client::new();
        for endpoint in [Endpoint::Distribution, Endpoint::ApiGateway] {
            let url = format!("{}/health", endpoint.api(world));
            let [get, head] = [http.get(&url), http.head(&url)].map(|request| async {
                let answer = request.send().await.unwrap();
                let mut headers = answer.headers().clone();
                for name in ["date", "apigw-requestid"] {
                    assert!(headers.remove(name).is_some(), "{name}");
                }
                (answer.status(), headers, answer.bytes().await.unwrap())
            });
            let (get, head) = (get.await, head.await);
            assert_eq!((head.0.as_u16(), &head.1), (200, &get.1), "{endpoint:?}");
            assert!(head.2.is_empty() && !get.2.is_empty(), "{endpoint:?}");
        }
    });
}
