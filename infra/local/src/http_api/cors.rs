//! CORS: the gateway answers preflight requests, and its headers replace the function's.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header},
};
use chatchat_template::Cors;

/// The headers that the gateway removes from a function's response.
const CORS_HEADERS: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// Applies a CORS configuration to responses.
#[derive(Debug)]
pub(super) struct CorsPolicy(Cors);

/// Whether a request is a preflight request of a browser.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

impl CorsPolicy {
    pub(super) fn new(cors: Cors) -> Self {
        Self(cors)
    }

    /// The response to a preflight request: 204, with CORS headers if the origin is allowed.
    pub(super) fn preflight(&self, origin: Option<&HeaderValue>) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        if self.allow(headers, origin) {
            set_list(headers, header::ACCESS_CONTROL_ALLOW_METHODS, &self.0.allow_methods);
            set_list(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &self.0.allow_headers);
            if let Some(seconds) = self.0.max_age {
                headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
            }
        }
        response
    }

    /// Replaces the function's CORS headers with the gateway's.
    pub(super) fn apply(&self, headers: &mut HeaderMap, origin: Option<&HeaderValue>) {
        for name in &CORS_HEADERS {
            headers.remove(name);
        }
        if self.allow(headers, origin) {
            set_list(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.0.expose_headers);
        }
    }

    fn allow(&self, headers: &mut HeaderMap, origin: Option<&HeaderValue>) -> bool {
        let Some(origin) = origin else { return false };
        let any = self.0.allow_origins.iter().any(|allowed| allowed == "*");
        if !any && !self.0.allow_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
            return false;
        }
        let allowed = if any { HeaderValue::from_static("*") } else { origin.clone() };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if self.0.allow_credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        true
    }
}

fn set_list(headers: &mut HeaderMap, name: HeaderName, values: &[String]) {
    if !values.is_empty()
        && let Ok(value) = HeaderValue::from_str(&values.join(","))
    {
        headers.insert(name, value);
    }
}
