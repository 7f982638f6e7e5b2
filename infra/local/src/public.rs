//! The public port: which API or distribution a request is for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use axum::{Extension, Router};

use crate::docs::Docs;
use crate::http_api::HttpApi;
use crate::listen::Peer;
use crate::storage::Distribution;
use crate::websocket::{WebSocketApi, is_upgrade};

/// The APIs and distributions behind the public port.
#[derive(Clone, Debug)]
pub(crate) struct Apis {
    pub(crate) docs: Option<Arc<Docs>>,
    pub(crate) http: Option<Arc<HttpApi>>,
    pub(crate) websocket: Option<Arc<WebSocketApi>>,
    pub(crate) distributions: Arc<[Distribution]>,
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
    if let Some(distribution) = apis.distributions.iter().find(|distribution| distribution.is_for(&request)) {
        return distribution.serve(request).await;
    }
    if let Some(websocket) = apis.websocket {
        if is_upgrade(&request) {
            return websocket.connect(peer, request).await;
        }
        let path = request.uri().path().to_owned();
        if let Some(id) = websocket.managed(&path) {
            return websocket.manage(id, request).await;
        }
    }
    if let Some(page) = apis.docs.and_then(|docs| docs.serve(&request)) {
        return page;
    }
    if let Some(http) = apis.http {
        return http.serve(peer, request).await;
    }
    let mut response = Response::new(Body::from(r#"{"message":"Not Found"}"#));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
