//! A page to read the HTTP API's OpenAPI document, beside the API on the public port. Everything it needs comes from here.

use std::fs;
use std::path::PathBuf;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};

/// Redoc shows the document that `spec-url` names, and needs no script of our own.
const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>HTTP API</title>
<link rel="icon" href="data:,">
<style>body { margin: 0 }</style>
<redoc spec-url="/docs/openapi.yaml"></redoc>
<script src="/docs/redoc.standalone.js"></script>
"#;

/// Nothing from any other host, and so without the small picture of Redoc's footer. Redoc writes its styles into the page, and searches in
/// a worker that it makes of a blob.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; \
                      worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The program that the page runs, and its licence.
const VIEWER: &str = include_str!("docs/redoc.standalone.js");
const VIEWER_LICENCE: &str = include_str!("docs/redoc.LICENSE");

/// The page and what it loads, all below `/docs`.
#[derive(Debug)]
pub(crate) struct Docs {
    /// The OpenAPI document; it is read for each request, so that a change shows at once.
    document: PathBuf,
}

impl Docs {
    pub(crate) fn new(document: PathBuf) -> Self {
        Self { document }
    }

    /// The answer, where the request is for the page or what it loads.
    pub(crate) fn serve(&self, request: &Request<Body>) -> Option<Response<Body>> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        Some(match request.uri().path() {
            "/docs" => page(),
            "/docs/openapi.yaml" => self.document(),
            "/docs/redoc.standalone.js" => answer("text/javascript; charset=utf-8", VIEWER),
            "/docs/redoc.LICENSE" => answer("text/plain; charset=utf-8", VIEWER_LICENCE),
            _ => return None,
        })
    }

    fn document(&self) -> Response<Body> {
        match fs::read(&self.document) {
            Ok(document) => answer("application/yaml", document),
            Err(error) => {
                let mut response =
                    answer("text/plain; charset=utf-8", format!("{}: {error}", self.document.display()));
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        }
    }
}

fn page() -> Response<Body> {
    let mut response = answer("text/html; charset=utf-8", PAGE);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn answer(content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
