//! The HTTP response of a handler.

use aws_lambda_events::{apigw::ApiGatewayV2httpResponse, encodings::Body};
use chatchat_domain::{ErrorCode, Language};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER,
        STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    },
};
use serde::Serialize;

use crate::{Error, Request, error::status};

/// How long browsers use only HTTPS for this host. It is API Gateway's own, which has no subdomains
/// of others; for a domain, the distribution replaces the header (`HstsSubdomains`).
const TWO_YEARS: &str = "max-age=63072000; includeSubDomains";
/// A browser that shows an answer as a page loads nothing for it, and not in a frame.
const ALLOW_NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// A status with an optional JSON body.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    body: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cookies: Vec<String>,
}

impl Answer {
    /// 200 with a body.
    pub fn ok(body: &impl Serialize) -> Result<Self, Error> {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with a body.
    pub fn created(body: &impl Serialize) -> Result<Self, Error> {
        Self::json(StatusCode::CREATED, body)
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, headers: Vec::new(), cookies: Vec::new() }
    }

    /// An error response to which the handler can add headers.
    pub fn refused(code: ErrorCode, request: &Request) -> Self {
        Self::error(&code.into(), request.language, request.id())
    }

    fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_string(body).map_err(Error::internal)?;
        Ok(Self { status, body: Some(body), headers: Vec::new(), cookies: Vec::new() })
    }

    /// An error response, as the contract describes it.
    pub(crate) fn error(error: &Error, language: Language, request_id: &str) -> Self {
        let status = status(error.code());
        let body = Some(error.body(language, request_id).to_string());
        let headers = match error {
            Error::Unavailable(_) => vec![(RETRY_AFTER, HeaderValue::from_static("1"))],
            Error::TooManyAttempts(seconds) | Error::TooManyRequests(seconds) => {
                vec![(RETRY_AFTER, HeaderValue::from(*seconds))]
            }
            Error::MethodNotAllowed(methods) => vec![(ALLOW, HeaderValue::from_static(methods))],
            _ => Vec::new(),
        };
        Self { status, body, headers, cookies: Vec::new() }
    }

    /// 200 with JSON text that browsers save as a file (RFC 6266).
    pub fn file(json: String) -> Self {
        let disposition = HeaderValue::from_static("attachment; filename=\"chatchat.json\"");
        let headers = vec![(CONTENT_DISPOSITION, disposition)];
        Self { status: StatusCode::OK, body: Some(json), headers, cookies: Vec::new() }
    }

    /// Adds a `Set-Cookie` header.
    #[must_use]
    pub fn with_cookie(mut self, cookie: String) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Converts it to a response in payload format 2.0, with the headers of every response. The
    /// API's own endpoint is reachable without the distribution, which also sets the last three.
    pub(crate) fn into_response(self) -> ApiGatewayV2httpResponse {
        let mut response = ApiGatewayV2httpResponse::default();
        response.status_code = self.status.as_u16().into();
        let headers = &mut response.headers;
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TWO_YEARS));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(ALLOW_NOTHING));
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        }
        headers.extend(self.headers);
        response.body = self.body.map(Body::Text);
        response.cookies = self.cookies;
        response
    }
}
