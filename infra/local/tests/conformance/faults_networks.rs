//! Faults of connections: cut connections, withheld `$disconnect` calls, and a cloud that clients
//! cannot reach.

use chatchat_local::{EnvironmentState, Fault, Moment};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use crate::site::{Site, eventually, wait_for_fault, work};

async fn disconnected(site: &Site, id: &str) -> Value {
    site.recorded("DISCONNECT", id).await["requestContext"]["disconnectStatusCode"].take()
}

#[tokio::test]
async fn withheld_disconnect_reaches_no_function() {
    let site = Site::start().await;
    let [mut first, mut second] = [site.connect().await, site.connect().await];
    let ids = [first.id().await, second.id().await];
    let injection = site.cloud.inject(Fault::WithholdDisconnect, 1, 1);
    drop(first);
    wait_for_fault(&injection, 1).await;
    drop(second);
    assert_eq!(disconnected(&site, &ids[1]).await, 1006);
    assert!(!site.folder.0.join(format!("DISCONNECT-{}", ids[0])).exists());
    assert_eq!(site.cloud.environments("Disconnect")[0].served, 1);
    for id in ids {
        assert_eq!(site.manage(Method::GET, &id).send().await.unwrap().status(), 410);
    }
}

#[tokio::test]
async fn function_does_not_get_the_frame_of_a_cut_connection() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    let file = site.folder.0.join("work");
    let injection = site.cloud.inject(Fault::Cut(Moment::BeforeFunction), 1, 1);
    socket.send(json!({ "action": "echo", "work": file }).to_string()).await;
    socket.expect_cut().await;
    assert_eq!(injection.happened(), 1);
    assert_eq!(disconnected(&site, &id).await, 1006);
    assert_eq!(work(&file), [""; 0]);
    assert_eq!(site.cloud.environments("Message")[0].served, 1, "only the frame that asked for the id");
}

#[tokio::test]
async fn disconnect_of_a_cut_connection_follows_its_function() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    let [file, flag] = ["work", "flag"].map(|name| site.folder.0.join(name));
    let _injection = site.cloud.inject(Fault::Cut(Moment::AfterFunction), 1, 1);
    socket.send(json!({ "action": "echo", "work": file, "wait": flag, "pushes": 1 }).to_string()).await;
    socket.expect_cut().await;
    eventually("the function's start", || (work(&file) == ["began"]).then_some(())).await;
    assert_eq!(site.manage(Method::POST, &id).send().await.unwrap().status(), 410);
    assert!(!site.folder.0.join(format!("DISCONNECT-{id}")).exists());
    std::fs::write(flag, "").unwrap();
    assert_eq!(disconnected(&site, &id).await, 1006);
    assert_eq!(work(&file), ["began", "committed"]);
}

#[tokio::test]
async fn dropped_connections_end_with_1006_and_disconnect() {
    let site = Site::start().await;
    let mut sockets = [site.connect().await, site.connect().await];
    let ids = [sockets[0].id().await, sockets[1].id().await];
    assert_eq!(site.cloud.drop_connections(), 2);
    assert_eq!(site.cloud.drop_connections(), 0, "no connection is left");
    for (socket, id) in sockets.iter_mut().zip(ids) {
        assert_eq!(site.manage(Method::POST, &id).send().await.unwrap().status(), 410);
        socket.expect_cut().await;
        assert_eq!(disconnected(&site, &id).await, 1006);
    }
    site.connect().await.id().await;
}

#[tokio::test]
async fn cut_off_blocks_clients_but_not_functions() {
    let site = Site::start().await;
    let mut socket = site.connect().await;
    let id = socket.id().await;
    site.echo(site.get("/echo")).await;
    let cut = async {
        eventually("the request in progress", || {
            let environments = site.cloud.environments("Hang");
            environments.iter().any(|environment| environment.state == EnvironmentState::Busy).then_some(())
        })
        .await;
        site.cloud.cut_off(true);
    };
    let (in_flight, ()) = tokio::join!(site.get("/hang").send(), cut);
    assert!(in_flight.is_err(), "a request in progress gets no response");
    socket.expect_cut().await;
    assert_eq!(disconnected(&site, &id).await, 1006);

    assert!(site.get("/echo").send().await.is_err());
    let handshake = tokio_tungstenite::connect_async(site.cloud.websocket_url().unwrap()).await;
    assert!(!matches!(handshake, Ok(_) | Err(Error::Http(_))), "no response is expected");
    assert_eq!(site.manage(Method::POST, &id).send().await.unwrap().status(), 410);
    site.cloud.invoke("Echo", json!({})).await.unwrap();

    site.cloud.cut_off(false);
    site.echo(site.get("/echo")).await;
    site.connect().await.id().await;
}

#[tokio::test]
async fn refused_handshake_gets_403_and_calls_no_function() {
    let site = Site::start().await;
    let refused = site.cloud.inject(Fault::Handshake, 1, 1);
    let handshake = tokio_tungstenite::connect_async(site.cloud.websocket_url().unwrap()).await;
    assert!(matches!(handshake, Err(Error::Http(response)) if response.status() == 403));
    assert_eq!(refused.happened(), 1);
    assert!(site.cloud.environments("Connect").is_empty());
    site.connect().await.id().await;
}
