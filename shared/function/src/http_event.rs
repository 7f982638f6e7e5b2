//! The event of an HTTP request, in API Gateway's payload format 2.0.
//!
//! `lambda_http` is not used, because it panics if the `Host` header or the query is not valid in a
//! URL.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer};

/// The parts of the event that are used. Clients choose most of its texts, so nothing is parsed
/// yet.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpEvent {
    #[serde(default)]
    pub raw_path: String,
    #[serde(default)]
    pub raw_query_string: String,
    #[serde(default, deserialize_with = "or_default")]
    pub headers: HashMap<String, String>,
    #[serde(default, deserialize_with = "or_default")]
    pub cookies: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub path_parameters: HashMap<String, String>,
    pub request_context: HttpContext,
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    #[serde(default)]
    pub is_base64_encoded: bool,
}

/// What API Gateway knows about the request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpContext {
    pub http: HttpDescription,
    pub request_id: String,
    pub stage: String,
}

/// The request's method, and the address from which API Gateway received it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpDescription {
    pub method: String,
    pub source_ip: String,
}

/// Reads null as the default.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(value: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}
