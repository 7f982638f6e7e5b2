//! CloudFront: the template's distribution, which serves buckets and APIs under the paths of one
//! origin.

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
    websocket::{self, is_upgrade},
};
use behavior::{Behavior, Origin, Target};
use function::Outcome;

/// The address from which API Gateway gets requests: the distribution's, not the viewer's.
const EDGE: IpAddr = IpAddr::V4(Ipv4Addr::new(130, 176, 0, 1));

/// The distribution of the template.
#[derive(Debug)]
pub(crate) struct Distribution {
    /// The behaviors, in the order in which their patterns are tried. The last one matches every
    /// path.
    behaviors: Vec<Behavior>,
    /// The path of the object for requests of `/`.
    root: Option<String>,
    gateway: Gateway,
    storage: Arc<Storage>,
    log: Log,
}

/// Returns a router for the distribution. Without one, every request gets 404.
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
    /// Reads the distribution of the template or of a nested one; `None` if there is none.
    ///
    /// # Errors
    /// If there are several, or one uses a feature that this module does not support.
    pub(crate) fn declared(
        stack: &Stack,
        gateway: &Gateway,
        storage: &Arc<Storage>,
        log: &Log,
    ) -> Result<Option<Self>, StartError> {
        let mut declared = None;
        for stack_ref in stack.all() {
            for resource in stack_ref.template.resources()? {
                if resource.kind != "AWS::CloudFront::Distribution" {
                    continue;
                }
                let unusable =
                    |problem: String| StartError::Unusable(format!("Resources.{}: {problem}", resource.id));
                if declared.is_some() {
                    return Err(unusable(
                        "only one distribution is supported, this is the second".to_owned(),
                    ));
                }
                let (behaviors, root) =
                    behavior::declared(&stack_ref, &resource.properties["DistributionConfig"])
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
                let Some(api) = &self.gateway.websocket else { return http_api::not_found() };
                behavior.origin.prepare(behavior.forwards_viewer, viewer, &mut parts);
                let request = Request::from_parts(parts, body);
                if is_upgrade(&request) {
                    websocket::connect(api, EDGE, request).await
                } else {
                    error(StatusCode::FORBIDDEN, r#"{"message":"Missing Authentication Token"}"#)
                }
            }
        }
    }
}

impl Origin {
    /// Changes a viewer's request into the origin's: sets its `Host`, appends the viewer's address
    /// to `X-Forwarded-For`, and sets the origin's custom headers, which replace the viewer's.
    fn prepare(&self, forwards_viewer: bool, viewer: IpAddr, parts: &mut Parts) {
        let headers = &mut parts.headers;
        if !forwards_viewer {
            let kept = [header::UPGRADE, header::CONNECTION];
            let dropped: Vec<HeaderName> =
                headers.keys().filter(|name| !kept.contains(name)).cloned().collect();
            for name in dropped {
                // The origin always gets the headers of a WebSocket handshake.
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
