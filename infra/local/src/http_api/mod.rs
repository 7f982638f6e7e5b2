//! The HTTP API, which converts a request to an event, and the function's result to a response.

mod answer;
mod cors;
mod event;
mod routes;

use std::{net::IpAddr, sync::Arc, time::Instant};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Request, Response, StatusCode, header},
};
use chatchat_template::{HttpRoute, TemplateError};

use crate::{
    lambda::{InvokeError, Lambda},
    log::Log,
    settings::Settings,
    stack::{Stack, api_id},
};
use cors::CorsPolicy;
use event::Call;
use routes::Routes;

/// The HTTP API of the template.
#[derive(Debug)]
pub(crate) struct HttpApi {
    id: String,
    /// `$default`, which is not part of the paths, or the first part of every path.
    stage: String,
    routes: Routes,
    cors: Option<CorsPolicy>,
    lambda: Arc<Lambda>,
    settings: Settings,
    log: Log,
}

impl HttpApi {
    pub(crate) fn new(
        stack: &Stack,
        lambda: Arc<Lambda>,
        settings: Settings,
        log: Log,
    ) -> Result<Option<Self>, TemplateError> {
        let Some(api) = stack.template.http_api(stack)? else {
            return Ok(None);
        };
        let mut routes: Vec<HttpRoute> = stack.template.http_routes()?;
        routes.retain(|route| lambda.has(&route.function));
        let cors = api.cors.map(CorsPolicy::new);
        let id = api_id(&api.id);
        Ok(Some(Self { id, stage: api.stage, routes: Routes::new(routes), cors, lambda, settings, log }))
    }

    /// The part of a URL's path before the route's path: empty, or a slash and the stage.
    pub(crate) fn prefix(&self) -> String {
        if self.stage == "$default" { String::new() } else { format!("/{}", self.stage) }
    }

    /// The path without the stage; `None` for a path of another stage.
    fn path<'a>(&self, path: &'a str) -> Option<&'a str> {
        let path = path.strip_prefix(&self.prefix())?;
        if path.is_empty() { Some("/") } else { path.starts_with('/').then_some(path) }
    }

    /// Serves a request and logs a line for it.
    pub(crate) async fn serve(&self, peer: IpAddr, request: Request<Body>) -> Response<Body> {
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        let origin = parts.headers.get(header::ORIGIN).cloned();
        let line = self.log.0.as_ref().map(|_| format!("{} {}", parts.method, parts.uri.path()));
        let request_id = event::request_id();
        let preflight = self.cors.as_ref().filter(|_| cors::is_preflight(&parts.method, &parts.headers));
        let (mut response, note) = match preflight {
            Some(policy) => (policy.preflight(origin.as_ref()), "preflight".to_owned()),
            None => self.route(peer, &parts, body, &request_id).await,
        };
        if let (Some(policy), None) = (&self.cors, preflight) {
            policy.apply(response.headers_mut(), origin.as_ref());
        }
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("apigw-requestid", value);
        }
        if let Some(line) = line {
            self.log.line(|| {
                format!(
                    "{line} {} {:.1} ms {note}",
                    response.status().as_u16(),
                    started.elapsed().as_secs_f64() * 1000.0
                )
            });
        }
        response
    }

    async fn route(
        &self,
        peer: IpAddr,
        parts: &axum::http::request::Parts,
        body: Body,
        request_id: &str,
    ) -> (Response<Body>, String) {
        let path = self.path(parts.uri.path());
        let Some(matched) = path.and_then(|path| self.routes.find(&parts.method, path)) else {
            return (not_found(), "no route".to_owned());
        };
        let Ok(body) = axum::body::to_bytes(body, self.settings.http_body_limit).await else {
            return (too_large(), "body too large".to_owned());
        };
        let call = Call {
            api: &self.id,
            stage: &self.stage,
            peer,
            parts,
            body: &body,
            matched: &matched,
            request_id,
        };
        let invoked = self.lambda.invoke(matched.function, Bytes::from(call.event().to_string()));
        let response = match tokio::time::timeout(self.settings.http_integration_limit, invoked).await {
            Ok(Ok(answer)) => answer::response(&answer).unwrap_or_else(|problem| {
                self.log.line(|| {
                    format!("{}: its result is not valid for the HTTP API: {problem}", matched.function)
                });
                internal_error()
            }),
            Ok(Err(InvokeError::EventTooLarge { .. })) => too_large(),
            Ok(Err(InvokeError::Throttled(_))) => {
                gateway(StatusCode::TOO_MANY_REQUESTS, r#"{"message":"Too Many Requests"}"#)
            }
            Ok(Err(_)) => internal_error(),
            Err(_) => gateway(StatusCode::SERVICE_UNAVAILABLE, &self.settings.http_timeout_body),
        };
        (response, matched.function.to_owned())
    }
}

/// The response to a request that no route matches.
pub(crate) fn not_found() -> Response<Body> {
    gateway(StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#)
}

fn internal_error() -> Response<Body> {
    gateway(StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"Internal Server Error"}"#)
}

fn too_large() -> Response<Body> {
    gateway(StatusCode::PAYLOAD_TOO_LARGE, r#"{"message":"Request Entity Too Large"}"#)
}

/// A response of the gateway itself.
fn gateway(status: StatusCode, body: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
