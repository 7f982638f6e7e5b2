//! CloudFront: a bucket's objects, for everybody, under a host of their own.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde_json::Value;

use super::{Storage, answer, serve};
use crate::error::StartError;
use crate::log::Log;
use crate::stack::{Part, Stack, bucket_name, distribution_host};

/// What a viewer's request may say of the object it wants, beside its key.
const PASSED_ON: [header::HeaderName; 3] = [header::RANGE, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE];

/// A distribution of the template, or of one nested in it.
#[derive(Clone, Debug)]
pub(crate) struct Distribution {
    host: String,
    bucket: String,
    nosniff: bool,
    storage: Arc<Storage>,
    log: Log,
}

impl Distribution {
    /// All distributions; each has to show a bucket of its template.
    pub(crate) fn declared(
        stack: &Stack,
        storage: &Arc<Storage>,
        log: &Log,
    ) -> Result<Vec<Self>, StartError> {
        let parts = stack.parts().map(|part| Self::declared_in(&part, storage, log));
        Ok(parts.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn declared_in(part: &Part<'_>, storage: &Arc<Storage>, log: &Log) -> Result<Vec<Self>, StartError> {
        let resources = part.template.resources()?;
        let mut declared = Vec::new();
        for resource in resources.iter().filter(|resource| resource.kind == "AWS::CloudFront::Distribution") {
            let config = &resource.properties["DistributionConfig"];
            let behavior = part.resolve(&config["DefaultCacheBehavior"])?;
            let mut origins = config["Origins"].as_array().into_iter().flatten();
            let origin = origins.find(|origin| origin["Id"] == behavior["TargetOriginId"]);
            let domain = part.resolve(origin.map_or(&Value::Null, |origin| &origin["DomainName"]))?;
            let bucket = domain.as_str().and_then(|domain| domain.split(".s3.").next()).unwrap_or_default();
            if !resources.iter().any(|one| one.kind == "AWS::S3::Bucket" && bucket_name(one.id) == bucket) {
                let problem = "the origin of its default behaviour has to be a bucket of the template";
                return Err(StartError::Unusable(format!("Resources.{}: {problem}", resource.id)));
            }
            let policy = resources.iter().find(|policy| behavior["ResponseHeadersPolicyId"] == policy.id);
            let headers =
                policy.map_or(
                    &Value::Null,
                    |policy| &policy.properties["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"],
                );
            declared.push(Self {
                host: distribution_host(resource.id),
                bucket: bucket.to_owned(),
                nosniff: headers["ContentTypeOptions"].is_object(),
                storage: Arc::clone(storage),
                log: log.clone(),
            });
        }
        Ok(declared)
    }

    /// Whether a request is for this distribution, by the host that it names.
    pub(crate) fn is_for(&self, request: &Request<Body>) -> bool {
        let named = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
        let host = request.uri().host().or(named).unwrap_or_default();
        host.split(':').next().unwrap_or_default().eq_ignore_ascii_case(&self.host)
    }

    /// Serves an object as the bucket has it.
    pub(crate) async fn serve(&self, request: Request<Body>) -> Response<Body> {
        let line = format!("{} {}{}", request.method(), self.host, request.uri().path());
        let response = self.object(request).await;
        self.log.line(|| format!("{line} {}", response.status().as_u16()));
        response
    }

    async fn object(&self, request: Request<Body>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return answer(
                StatusCode::FORBIDDEN,
                "This distribution is not configured to allow the HTTP request method.",
            );
        }
        let Some(uri) = self.object_uri(request.uri().path()) else {
            // Not 404: whoever may read objects but not list them is not told which there are.
            return answer(StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>");
        };
        let mut inner = Request::new(s3s::Body::empty());
        *inner.method_mut() = request.method().clone();
        *inner.uri_mut() = uri;
        inner.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        for name in PASSED_ON {
            if let Some(value) = request.headers().get(&name) {
                inner.headers_mut().insert(name, value.clone());
            }
        }
        let mut response = serve(&self.storage.open, inner).await;
        if self.nosniff {
            response
                .headers_mut()
                .insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        response
    }

    /// Where the bucket has the object of a path; none where it has none. A key with anything that a file's name could trip over is none.
    fn object_uri(&self, path: &str) -> Option<Uri> {
        let key = path.strip_prefix('/')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let names =
            |segment: &str| !segment.starts_with('.') && !segment.is_empty() && segment.bytes().all(plain);
        let found = key.split('/').all(names) && self.storage.file(&self.bucket, key).is_file();
        if found { format!("/{}/{key}", self.bucket).parse().ok() } else { None }
    }
}
