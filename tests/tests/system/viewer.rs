//! What the functions believe about a viewer: through the distribution, and past it.

use chatchat_tests::{PASSWORD, new_username};
use reqwest::{Method, Response};
use serde_json::json;

use crate::{World, in_own_world, in_world};

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
enum Way {
    ThroughTheDistribution,
    /// To API Gateway's own endpoint, which is reachable too.
    PastIt,
}

impl Way {
    fn api(self, world: &World) -> String {
        match self {
            Self::ThroughTheDistribution => format!("{}/api", world.client.url),
            Self::PastIt => world.system.cloud.http_url(),
        }
    }
}

/// A login as an attacker sends it: under the address that the attacker chooses.
async fn log_in_as(world: &World, way: Way, address: &str, username: &str, password: &str) -> Response {
    let http = reqwest::Client::new();
    http.request(Method::POST, format!("{}/customer/session", way.api(world)))
        .header("chatchat-viewer-address", address)
        .header("chatchat-viewer-host", "evil.example")
        .header("chatchat-distribution-secret", "guessed")
        .header("x-forwarded-for", address)
        .json(&json!({ "username": username, "password": password }))
        .send()
        .await
        .unwrap()
}

async fn counted_addresses(world: &World) -> Vec<String> {
    let query = "select subject from attempts where subject like 'address %' order by subject";
    let rows = world.database().await.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[test]
fn forged_viewer_headers_change_no_throttle() {
    in_own_world(async |world| {
        let person = world.customer().await;
        for (way, times) in [(Way::ThroughTheDistribution, 3), (Way::PastIt, 3)] {
            for attempt in 0..times {
                let address = format!("203.0.113.{attempt}");
                let username = new_username("unknown");
                let answer = log_in_as(world, way, &address, &username, PASSWORD).await;
                assert_eq!(answer.status(), 400, "{way:?}");
            }
            // The viewer's own address, which is neither a forged one nor the distribution's.
            assert_eq!(counted_addresses(world).await, ["address 127.0.0.1"], "{way:?}");
        }
        let exhaust = "update attempts set count = 100, since = now() where subject = 'address 127.0.0.1'";
        for way in [Way::ThroughTheDistribution, Way::PastIt] {
            assert_eq!(world.database().await.execute(exhaust, &[]).await.unwrap(), 1);
            let answer = log_in_as(world, way, "203.0.113.99", &person.username, PASSWORD).await;
            assert_eq!(answer.status(), 429, "{way:?}");
        }
    });
}

#[test]
fn a_forged_host_does_not_make_a_foreign_page_the_products_own() {
    in_world(async |world| {
        for (way, origin, allowed) in [
            (Way::ThroughTheDistribution, world.client.url.as_str(), true),
            (Way::ThroughTheDistribution, "https://evil.example", false),
            (Way::PastIt, "https://evil.example", false),
            // No page is served there, so no page has that origin.
            (Way::PastIt, world.client.url.as_str(), false),
        ] {
            let answer = reqwest::Client::new()
                .delete(format!("{}/customer/session", way.api(world)))
                .header("origin", origin)
                .header("chatchat-viewer-host", "evil.example")
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), if allowed { 204 } else { 403 }, "{way:?} {origin}");
        }
    });
}

#[test]
fn an_origin_of_another_name_of_this_machine_is_its_own() {
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
fn no_answer_has_cors_headers_unless_origins_are_listed() {
    in_world(async |world| {
        let http = reqwest::Client::new();
        for way in [Way::ThroughTheDistribution, Way::PastIt] {
            for method in [Method::GET, Method::OPTIONS] {
                let answer = http
                    .request(method.clone(), format!("{}/health", way.api(world)))
                    .header("origin", "https://evil.example")
                    .header("access-control-request-method", "GET")
                    .send()
                    .await
                    .unwrap();
                let cors = answer.headers().keys().find(|name| name.as_str().starts_with("access-control"));
                assert_eq!(cors, None, "{way:?} {method}");
            }
        }
    });
}
