//! CloudFront: the template's distribution, which serves buckets and APIs as paths of one origin.

mod behavior;
mod function;
mod headers;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    Extension, Router,
    body::Body,
    extract::State,
    http::{HeaderName, HeaderValue, Request, Response, StatusCode, header, request::Parts},
};
use tokio::sync::watch;

use crate::{
    error::StartError,
    gateway::Gateway,
    http_api,
    listen::{self, Peer},
    log::Log,
    stack::Stack,
    storage::Storage,
    websocket::is_upgrade,
};
use behavior::{Behavior, Origin, Target};
use function::Outcome;

/// The address that API Gateway sees: that of the distribution, and not the viewer's.
const EDGE: IpAddr = IpAddr::V4(Ipv4Addr::new(130, 176, 0, 1));

/// The distribution of the template.
#[derive(Debug)]
pub(crate) struct Distribution {
    /// In the order in which they are tried; the last one matches every path.
    behaviors: Vec<Behavior>,
    /// The object that a request for `/` gets.
    root: Option<String>,
    gateway: Gateway,
    storage: Arc<Storage>,
    log: Log,
}

/// Serves the distribution; without one every request gets 404.
pub(crate) fn router(distribution: Option<Distribution>, cut_off: watch::Receiver<bool>) -> Router {
    Router::new().fallback(serve).with_state((distribution.map(Arc::new), cut_off))
}

async fn serve(
    State((distribution, cut_off)): State<(Option<Arc<Distribution>>, watch::Receiver<bool>)>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request<Body>,
) -> Response<Body> {
    let Some(distribution) = distribution else { return http_api::not_found() };
    listen::unless_cut_off(cut_off, distribution.serve(peer, request)).await
}

impl Distribution {
    /// The distribution of the template or of one nested in it, if there is one.
    ///
    /// # Errors
    /// When there are several, or one uses what this module does not imitate.
    pub(crate) fn declared(
        stack: &Stack,
        gateway: &Gateway,
        storage: &Arc<Storage>,
        log: &Log,
    ) -> Result<Option<Self>, StartError> {
        let mut declared = None;
        for part in stack.parts() {
            for resource in part.template.resources()? {
                if resource.kind != "AWS::CloudFront::Distribution" {
                    continue;
                }
                let unusable =
                    |problem: String| StartError::Unusable(format!("Resources.{}: {problem}", resource.id));
                if declared.is_some() {
                    return Err(unusable("one distribution is expected, this is the second".to_owned()));
                }
                let (behaviors, root) = behavior::declared(&part, &resource.properties["DistributionConfig"])
                    .map_err(unusable)?;
                declared = Some(Self {
                    behaviors,
                    root,
                    gateway: gateway.clone(),
                    storage: Arc::clone(storage),
                    log: log.clone(),
                });
            }
        }
        Ok(declared)
    }

    async fn serve(&self, viewer: IpAddr, request: Request<Body>) -> Response<Body> {
        let path = request.uri().path();
        let Some(behavior) = self.behaviors.iter().find(|behavior| behavior.matches(path)) else {
            return http_api::not_found();
        };
        let line = matches!(behavior.origin.target, Target::Bucket(_))
            .then(|| format!("{} {path}", request.method()));
        let accepts_gzip = headers::accepts_gzip(request.headers());
        let mut response = self.forward(behavior, viewer, request).await;
        if behavior.compress && accepts_gzip {
            response = headers::compress(response).await;
        }
        behavior.headers.apply(response.headers_mut());
        if let Some(line) = line {
            self.log.line(|| format!("{line} {}", response.status().as_u16()));
        }
        response
    }

    async fn forward(&self, behavior: &Behavior, viewer: IpAddr, request: Request<Body>) -> Response<Body> {
        if !behavior.methods.contains(request.method()) {
            return error(
                StatusCode::FORBIDDEN,
                "This distribution is not configured to allow the HTTP request method.",
            );
        }
        let (mut parts, body) = request.into_parts();
        if let (Some(root), "/") = (&self.root, parts.uri.path()) {
            parts.uri = root.clone().try_into().unwrap_or(parts.uri);
        }
        if let Some(function) = &behavior.function {
            match function.run(viewer, &mut parts) {
                Ok(Outcome::Forward) => {}
                Ok(Outcome::Respond(response)) => return response,
                Err(problem) => {
                    self.log.line(|| format!("{}: {problem}", function.name));
                    return error(StatusCode::SERVICE_UNAVAILABLE, "The CloudFront function failed.");
                }
            }
        }
        match &behavior.origin.target {
            Target::Bucket(bucket) => self.storage.show(bucket, &parts).await,
            Target::HttpApi => {
                let Some(http) = &self.gateway.http else { return http_api::not_found() };
                behavior.origin.prepare(behavior.forwards_viewer, viewer, &mut parts);
                http.serve(EDGE, Request::from_parts(parts, body)).await
            }
            Target::WebSocketApi => {
                let Some(websocket) = &self.gateway.websocket else { return http_api::not_found() };
                behavior.origin.prepare(behavior.forwards_viewer, viewer, &mut parts);
                let request = Request::from_parts(parts, body);
                if is_upgrade(&request) {
                    Arc::clone(websocket).connect(EDGE, request).await
                } else {
                    error(StatusCode::FORBIDDEN, r#"{"message":"Missing Authentication Token"}"#)
                }
            }
        }
    }
}

impl Origin {
    /// Makes the origin request of the viewer's: its own `Host`, the viewer's address appended to
    /// `X-Forwarded-For`, and the origin's custom headers in place of the viewer's of those names.
    fn prepare(&self, forwards_viewer: bool, viewer: IpAddr, parts: &mut Parts) {
        let headers = &mut parts.headers;
        if !forwards_viewer {
            let kept = [header::UPGRADE, header::CONNECTION];
            let dropped: Vec<HeaderName> =
                headers.keys().filter(|name| !kept.contains(name)).cloned().collect();
            for name in dropped {
                // A WebSocket's own headers always reach the origin.
                if !name.as_str().starts_with("sec-websocket-") {
                    headers.remove(name);
                }
            }
        }
        headers.insert(header::HOST, self.host.clone());
        let forwarded_for = HeaderName::from_static("x-forwarded-for");
        let before = headers.get(&forwarded_for).and_then(|value| value.to_str().ok());
        let addresses = before.map_or_else(|| viewer.to_string(), |before| format!("{before}, {viewer}"));
        if let Ok(addresses) = HeaderValue::from_str(&addresses) {
            headers.insert(forwarded_for, addresses);
        }
        for (name, value) in &self.custom_headers {
            headers.insert(name, value.clone());
        }
    }
}

fn error(status: StatusCode, message: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(message));
    *response.status_mut() = status;
    response
}
