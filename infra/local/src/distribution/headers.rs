//! Response headers policies and compression.

use std::convert::Infallible;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header},
};
use serde_json::Value;
use tower::{ServiceExt, service_fn};
use tower_http::compression::{
    Compression,
    predicate::{And, NotForContentType, Predicate, SizeAbove},
};

/// The size of the smallest response that CloudFront compresses, in bytes.
const COMPRESSED_FROM: u16 = 1000;

/// The headers that a policy adds. The flag says whether a header replaces the origin's.
#[derive(Debug, Default)]
pub(super) struct ResponseHeaders(Vec<(HeaderName, HeaderValue, bool)>);

impl ResponseHeaders {
    /// Reads a `ResponseHeadersPolicyConfig`.
    pub(super) fn declared(config: &Value) -> Result<Self, String> {
        let mut headers = Vec::new();
        let mut add = |name: HeaderName, value: Option<String>, place: &Value| {
            let value = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok());
            let value = value.ok_or_else(|| format!("the policy's {name} has no value"))?;
            headers.push((name, value, place["Override"] == true));
            Ok::<_, String>(())
        };
        for (kind, place) in config["SecurityHeadersConfig"].as_object().into_iter().flatten() {
            let text = |name: &str| place[name].as_str().map(str::to_owned);
            match kind.as_str() {
                "ContentTypeOptions" => {
                    add(header::X_CONTENT_TYPE_OPTIONS, Some("nosniff".to_owned()), place)?;
                }
                "FrameOptions" => add(header::X_FRAME_OPTIONS, text("FrameOption"), place)?,
                "ReferrerPolicy" => add(header::REFERRER_POLICY, text("ReferrerPolicy"), place)?,
                "ContentSecurityPolicy" => {
                    add(header::CONTENT_SECURITY_POLICY, text("ContentSecurityPolicy"), place)?;
                }
                "StrictTransportSecurity" => {
                    let seconds = crate::number(&place["AccessControlMaxAgeSec"]);
                    // CloudFormation also accepts a boolean as text, as parameters are.
                    let subdomains = &place["IncludeSubdomains"];
                    let subdomains =
                        if *subdomains == true || *subdomains == "true" { "; includeSubDomains" } else { "" };
                    let value = seconds.map(|seconds| format!("max-age={seconds}{subdomains}"));
                    add(header::STRICT_TRANSPORT_SECURITY, value, place)?;
                }
                _ => return Err(format!("the local cloud does not know the policy's {kind}")),
            }
        }
        for item in config["CustomHeadersConfig"]["Items"].as_array().into_iter().flatten() {
            let name = item["Header"].as_str().unwrap_or_default();
            let name = name.parse().map_err(|_| format!("{name:?} is not a header name"))?;
            add(name, item["Value"].as_str().map(str::to_owned), item)?;
        }
        Ok(Self(headers))
    }

    pub(super) fn apply(&self, response: &mut HeaderMap) {
        for (name, value, overrides) in &self.0 {
            if *overrides || !response.contains_key(name) {
                response.insert(name, value.clone());
            }
        }
    }
}

/// Whether a viewer accepts gzip.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("gzip"))
}

/// Compresses a response with gzip, as CloudFront does for a viewer that does not accept Brotli.
/// Small responses and images are not compressed.
pub(super) async fn compress(response: Response<Body>) -> Response<Body> {
    let mut response = Some(response);
    let answer = service_fn(move |_: Request<()>| {
        let response = response.take().unwrap_or_default();
        async move { Ok::<_, Infallible>(response) }
    });
    let request = Request::builder().header(header::ACCEPT_ENCODING, "gzip").body(()).unwrap_or_default();
    let predicate: And<SizeAbove, NotForContentType> =
        SizeAbove::new(COMPRESSED_FROM).and(NotForContentType::IMAGES);
    match Compression::new(answer).compress_when(predicate).oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}
