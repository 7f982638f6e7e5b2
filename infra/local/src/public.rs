//! The public port: which API a request is for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use axum::{Extension, Router};

use crate::http_api::HttpApi;
use crate::listen::Peer;
use crate::websocket::{WebSocketApi, is_upgrade};

/// The APIs behind the public port.
#[derive(Clone, Debug)]
pub(crate) struct Apis {
    pub(crate) http: Option<Arc<HttpApi>>,
    pub(crate) websocket: Option<Arc<WebSocketApi>>,
}

/// The WebSocket API's handshakes and its management API, then the HTTP API with the rest.
pub(crate) fn router(apis: Apis) -> Router {
    Router::new().fallback(serve).with_state(apis)
}

async fn serve(
    State(apis): State<Apis>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request<Body>,
) -> Response<Body> {
    if let Some(websocket) = apis.websocket {
        if is_upgrade(&request) {
            return websocket.connect(peer, request).await;
        }
        let path = request.uri().path().to_owned();
        if let Some(id) = websocket.managed(&path) {
            return websocket.manage(id, request).await;
        }
    }
    if let Some(http) = apis.http {
        return http.serve(peer, request).await;
    }
    let mut response = Response::new(Body::from(r#"{"message":"Not Found"}"#));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
