//! The public port: which API or distribution a request is for.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use axum::{Extension, Router};
use tokio::sync::watch;

use crate::docs::Docs;
use crate::http_api::HttpApi;
use crate::listen::{self, Peer};
use crate::storage::Distribution;
use crate::websocket::{WebSocketApi, is_upgrade};

/// The APIs and distributions behind the public port.
#[derive(Clone, Debug)]
pub(crate) struct Apis {
    pub(crate) docs: Option<Arc<Docs>>,
    pub(crate) http: Option<Arc<HttpApi>>,
    pub(crate) websocket: Option<Arc<WebSocketApi>>,
    pub(crate) distributions: Arc<[Distribution]>,
    /// Whether clients are kept from all of these.
    pub(crate) cut_off: watch::Receiver<bool>,
}

/// A distribution by its host; else the WebSocket API's handshakes and its management API, the page to read, then the HTTP API with the
/// rest.
pub(crate) fn router(apis: Apis) -> Router {
    Router::new().fallback(serve).with_state(apis)
}

async fn serve(
    State(apis): State<Apis>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request<Body>,
) -> Response<Body> {
    // The functions' own calls come over this port too.
    let of_connections = apis.managed(&request).is_some();
    let mut cut_off = apis.cut_off.clone();
    tokio::select! {
        biased;
        Ok(_) = cut_off.wait_for(|on| *on), if !of_connections => listen::hang_up(),
        response = apis.route(peer, request) => response,
    }
}

impl Apis {
    async fn route(&self, peer: IpAddr, request: Request<Body>) -> Response<Body> {
        if let Some(distribution) = self.distribution(&request) {
            return distribution.serve(request).await;
        }
        if let Some((websocket, id)) = self.managed(&request) {
            let id = id.to_owned();
            return websocket.manage(&id, request).await;
        }
        if let Some(websocket) = self.websocket.as_ref().filter(|_| is_upgrade(&request)) {
            return Arc::clone(websocket).connect(peer, request).await;
        }
        if let Some(page) = self.docs.as_ref().and_then(|docs| docs.serve(&request)) {
            return page;
        }
        if let Some(http) = &self.http {
            return http.serve(peer, request).await;
        }
        let mut response = Response::new(Body::from(r#"{"message":"Not Found"}"#));
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    }

    fn distribution(&self, request: &Request<Body>) -> Option<&Distribution> {
        self.distributions.iter().find(|distribution| distribution.is_for(request))
    }

    /// For a request of the management API: the end of its path.
    fn managed<'a>(&self, request: &'a Request<Body>) -> Option<(&Arc<WebSocketApi>, &'a str)> {
        let websocket = self.websocket.as_ref()?;
        if is_upgrade(request) || self.distribution(request).is_some() {
            return None;
        }
        Some((websocket, websocket.managed(request.uri().path())?))
    }
}
