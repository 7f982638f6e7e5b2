//! The management API and the addresses of the APIs: facts 11 to 13.

use chatchat_local::Settings;
use reqwest::Method;
use serde_json::Value;

use crate::site::Site;

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
async fn item_11_unknown_malformed_and_large_get_410_400_413() {
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
async fn item_11_full_client_buffer_gets_429() {
    let site = Site::with_settings(Settings { client_buffer: 1, ..Settings::default() }).await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    // The client reads nothing from here on. The sockets' own buffers hold some megabytes.
    let body = "x".repeat(128 * 1024);
    for _ in 0..1000 {
        let response = site.manage(Method::POST, &id).body(body.clone()).send().await.unwrap();
        if response.status() == 429 {
            assert_eq!(response.headers()["x-amzn-errortype"], "LimitExceededException");
            return;
        }
        assert_eq!(response.status(), 200);
    }
    panic!("a client that reads nothing was sent 128 MB");
}

#[tokio::test]
async fn item_11_request_without_the_access_key_gets_403() {
    let site = Site::start().await;
    let id = site.connect().await.id().await;
    let url = format!("{}/@connections/{id}", site.cloud.management_url().unwrap());
    let bare = site.client.post(&url).send().await.unwrap();
    assert_eq!(bare.status(), 403);
    assert_eq!(bare.text().await.unwrap(), r#"{"message":"Missing Authentication Token"}"#);
    let foreign = site
        .client
        .post(&url)
        .header("authorization", "AWS4-HMAC-SHA256 Credential=ASIAFOREIGN/x")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);
}

#[tokio::test]
async fn item_12_management_url_has_the_stage_and_is_a_variable() {
    let site = Site::start().await;
    let environment = site.echo(site.get("/echo")).await["environment"].take();
    let expected = format!("{}/live", site.cloud.http_url());
    assert_eq!(environment["MANAGEMENT_URL"], expected);
    assert_eq!(site.cloud.management_url().unwrap(), expected);
    let bare = site.get("/@connections/AAAAAAAAAAAAAAA=").send().await.unwrap();
    assert_eq!(bare.status(), 404, "without the stage there is no management API");
}

#[tokio::test]
async fn item_13_each_api_has_its_own_address_and_paths() {
    let site = Site::start().await;
    let environment = site.echo(site.get("/echo")).await["environment"].take();
    assert_eq!(environment["HTTP_URL"], site.cloud.http_url());
    assert_eq!(environment["SOCKET_URL"], site.cloud.websocket_url().unwrap());
    // A handshake on a path of the HTTP API, and an HTTP request on a path of the WebSocket API.
    let url = format!("{}/echo", site.cloud.http_url().replace("http:", "ws:"));
    assert!(matches!(
        tokio_tungstenite::connect_async(url).await,
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) if response.status() == 403
    ));
    assert_eq!(site.get("/live").send().await.unwrap().status(), 404);
}
