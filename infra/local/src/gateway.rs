//! API Gateway's own endpoint. The HTTP API, the WebSocket API and its management API share one
//! port and are distinguished by their stages.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Body,
    extract::State,
    http::{Request, Response},
};
use tokio::sync::watch;

use crate::{
    http_api::{self, HttpApi},
    listen::{self, Peer},
    websocket::{self, WebSocketApi, is_upgrade},
};

/// The two APIs of the template.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    pub(crate) http: Option<Arc<HttpApi>>,
    pub(crate) websocket: Option<Arc<WebSocketApi>>,
    /// Whether clients are cut off from the cloud.
    pub(crate) cut_off: watch::Receiver<bool>,
}

/// Returns a router for the APIs. The functions call the management API over this port, too.
pub(crate) fn router(gateway: Gateway) -> Router {
    Router::new().fallback(serve).with_state(gateway)
}

async fn serve(
    State(gateway): State<Gateway>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request<Body>,
) -> Response<Body> {
    if let Some((api, id)) = gateway.managed(&request) {
        let id = id.to_owned();
        return websocket::manage(api, &id, request).await;
    }
    let cut_off = gateway.cut_off.clone();
    listen::unless_cut_off(cut_off, async {
        match (&gateway.http, &gateway.websocket) {
            (_, Some(api)) if is_upgrade(&request) => websocket::connect(api, peer, request).await,
            (Some(http), _) => http.serve(peer, request).await,
            (None, _) => http_api::not_found(),
        }
    })
    .await
}

impl Gateway {
    /// Returns the WebSocket API and a connection's id if the request calls the management API. The
    /// id is the end of the path.
    fn managed<'a>(&self, request: &'a Request<Body>) -> Option<(&Arc<WebSocketApi>, &'a str)> {
        let api = self.websocket.as_ref().filter(|_| !is_upgrade(request))?;
        Some((api, websocket::managed(api, request.uri().path())?))
    }
}
