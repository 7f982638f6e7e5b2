//! The event of a request, in payload format 2.0.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, Version, header, request::Parts};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, macros::format_description};
use uuid::Uuid;

use super::routes::Matched;
use crate::stack::ACCOUNT;

/// A request, its route, and its caller's address.
pub(super) struct Call<'a> {
    pub(super) api: &'a str,
    pub(super) stage: &'a str,
    pub(super) peer: IpAddr,
    pub(super) parts: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) matched: &'a Matched<'a>,
    pub(super) request_id: &'a str,
}

impl Call<'_> {
    pub(super) fn event(&self) -> Value {
        let headers = &self.parts.headers;
        let uri = &self.parts.uri;
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let domain = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let now = OffsetDateTime::now_utc();
        let time = now
            .format(format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000"))
            .unwrap_or_default();
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.matched.key,
            "rawPath": uri.path(),
            "rawQueryString": uri.query().unwrap_or_default(),
            "headers": self.headers(host),
            "requestContext": {
                "accountId": ACCOUNT,
                "apiId": self.api,
                "domainName": domain,
                "domainPrefix": domain.split('.').next().unwrap_or_default(),
                "http": {
                    "method": self.parts.method.as_str(),
                    "path": uri.path(),
                    "protocol": if self.parts.version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" },
                    "sourceIp": self.peer.to_string(),
                    "userAgent": text(headers, &header::USER_AGENT),
                },
                "requestId": self.request_id,
                "routeKey": self.matched.key,
                "stage": self.stage,
                "time": time,
                "timeEpoch": crate::milliseconds(now),
            },
            "isBase64Encoded": false,
        });
        let cookies: Vec<_> = headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
            .map(|cookie| String::from_utf8_lossy(cookie.trim_ascii()))
            .filter(|cookie| !cookie.is_empty())
            .collect();
        if !cookies.is_empty() {
            event["cookies"] = cookies.into();
        }
        if let Some(query) = uri.query().filter(|query| !query.is_empty()) {
            event["queryStringParameters"] = query_parameters(query);
        }
        if !self.matched.parameters.is_empty() {
            event["pathParameters"] = json!(self.matched.parameters);
        }
        if !self.body.is_empty() {
            match std::str::from_utf8(self.body) {
                Ok(body) if is_text(headers) => event["body"] = body.into(),
                _ => {
                    event["body"] = STANDARD.encode(self.body).into();
                    event["isBase64Encoded"] = true.into();
                }
            }
        }
        event
    }

    /// The headers with names in lower case. The values of a repeated header are joined by commas.
    /// `Cookie` and `Connection` are omitted.
    fn headers(&self, host: &str) -> Map<String, Value> {
        let headers = &self.parts.headers;
        let mut joined = Map::new();
        for name in headers.keys().filter(|name| *name != header::COOKIE && *name != header::CONNECTION) {
            joined.insert(name.as_str().to_owned(), text(headers, name).into());
        }
        let forwarded = match text(headers, &HeaderName::from_static("x-forwarded-for")) {
            empty if empty.is_empty() => self.peer.to_string(),
            before => format!("{before}, {}", self.peer),
        };
        joined.insert("x-forwarded-for".to_owned(), forwarded.into());
        joined.insert("x-forwarded-proto".to_owned(), "http".into());
        joined.insert(
            "x-forwarded-port".to_owned(),
            host.rsplit_once(':').map_or("80", |(_, port)| port).into(),
        );
        let trace = Uuid::new_v4().simple().to_string();
        joined
            .entry("x-amzn-trace-id")
            .or_insert_with(|| format!("Root=1-{}-{}", &trace[..8], &trace[8..]).into());
        joined.entry("content-length").or_insert_with(|| self.body.len().to_string().into());
        joined
    }
}

/// Returns a random id of a request, in the form that API Gateway uses.
pub(super) fn request_id() -> String {
    let id = Uuid::new_v4();
    format!("{}=", &base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id.as_bytes())[..15])
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.collect::<Vec<_>>().join(",")
}

fn query_parameters(query: &str) -> Value {
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match parameters.get_mut(name.as_ref()) {
            Some(Value::String(before)) => {
                before.push(',');
                before.push_str(&value);
            }
            _ => _ = parameters.insert(name.into_owned(), value.into_owned().into()),
        }
    }
    Value::Object(parameters)
}

/// Whether the event contains the body as text, which depends on its content type.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = text(headers, &header::CONTENT_TYPE).to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.starts_with("text/")
        || matches!(media_type, "application/json" | "application/xml" | "application/javascript")
}
