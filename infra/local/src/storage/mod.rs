//! S3: the template's buckets, the API for the functions, and the read access of the distribution.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
        request::Parts,
    },
};
use headers::{ETag, HeaderMapExt, IfModifiedSince, IfNoneMatch, LastModified};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tempfile::TempDir;

use crate::{
    error::StartError,
    faults::Faults,
    functions::SECRET_KEY,
    guard,
    settings::Settings,
    stack::{Stack, bucket_name},
};

/// The buckets, which are folders in one folder.
#[derive(Debug)]
pub(crate) struct Storage {
    folder: PathBuf,
    /// Serves the functions, whose requests must be signed with their key.
    signed: S3Service,
    /// Serves the distribution, to which the bucket policies grant read access.
    open: S3Service,
    object_limit: usize,
}

/// A folder that is removed when it is dropped, or when this process is killed.
#[derive(Debug)]
pub(crate) struct Temporary(TempDir);

impl Drop for Temporary {
    fn drop(&mut self) {
        // The folder itself is removed right after this.
        guard::forget_folder(self.0.path());
    }
}

/// Returns the folder for objects: the given one, or a temporary one.
pub(crate) fn folder(given: Option<PathBuf>) -> Result<(PathBuf, Option<Temporary>), StartError> {
    if let Some(folder) = given {
        return Ok((folder, None));
    }
    let temporary = tempfile::tempdir().map_err(StartError::io("a folder for objects"))?;
    guard::watch_folder(temporary.path());
    Ok((temporary.path().to_owned(), Some(Temporary(temporary))))
}

impl Storage {
    /// Creates the template's buckets in `folder`.
    pub(crate) fn new(
        stack: &Stack,
        folder: PathBuf,
        access_key: &str,
        settings: &Settings,
    ) -> Result<Self, StartError> {
        let shown = folder.display().to_string();
        std::fs::create_dir_all(&folder).map_err(StartError::io(&shown))?;
        for stack_ref in stack.all() {
            for resource in stack_ref.template.resources()? {
                if resource.kind == "AWS::S3::Bucket" {
                    std::fs::create_dir_all(folder.join(bucket_name(resource.id)))
                        .map_err(StartError::io(&shown))?;
                }
            }
        }
        let builder = || {
            let files = FileSystem::new(&folder);
            files.map(S3ServiceBuilder::new).map_err(|error| {
                StartError::Unusable(format!("{shown}: cannot be used for objects: {error:?}"))
            })
        };
        let mut signed = builder()?;
        signed.set_auth(SimpleAuth::from_single(access_key, SECRET_KEY));
        Ok(Self {
            signed: signed.build(),
            open: builder()?.build(),
            object_limit: settings.event_limit,
            folder,
        })
    }

    /// Returns the response to a viewer's request for an object of a bucket.
    pub(crate) async fn show(&self, bucket: &str, viewer: &Parts) -> Response<Body> {
        let Some(uri) = self.object_uri(bucket, viewer.uri.path()) else {
            // 403 and not 404, because the distribution may read objects but not list them.
            return answer(StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>");
        };
        let mut request = Request::new(s3s::Body::empty());
        *request.method_mut() = viewer.method.clone();
        *request.uri_mut() = uri;
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        if let Some(range) = viewer.headers.get(header::RANGE) {
            request.headers_mut().insert(header::RANGE, range.clone());
        }
        let mut response = serve(&self.open, request).await;
        if response.status() == StatusCode::OK && is_current(&viewer.headers, response.headers()) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(header::CONTENT_LENGTH);
            response.headers_mut().remove(header::CONTENT_TYPE);
        }
        response
    }

    /// Stores an object in a bucket, as a deployment does with `aws s3 cp`.
    ///
    /// # Errors
    /// If the object cannot be stored. The error is S3's status.
    pub(crate) async fn put(
        &self,
        bucket: &str,
        key: &str,
        headers: [(HeaderName, &str); 2],
        content: Vec<u8>,
    ) -> Result<(), StatusCode> {
        let mut request = Request::new(s3s::Body::from(Bytes::from(content)));
        *request.method_mut() = Method::PUT;
        *request.uri_mut() = format!("/{bucket}/{key}").parse().map_err(|_| StatusCode::BAD_REQUEST)?;
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| StatusCode::BAD_REQUEST)?;
            request.headers_mut().insert(name, value);
        }
        let status = serve(&self.open, request).await.status();
        if status.is_success() { Ok(()) } else { Err(status) }
    }

    /// Returns the path of an object in S3's API; `None` if the object does not exist, or if its
    /// key contains characters that have a meaning in file names.
    fn object_uri(&self, bucket: &str, path: &str) -> Option<Uri> {
        let key = path.strip_prefix('/')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let is_name =
            |segment: &str| !segment.starts_with('.') && !segment.is_empty() && segment.bytes().all(plain);
        let found = key.split('/').all(is_name) && self.file(bucket, key).is_file();
        if found { format!("/{bucket}/{key}").parse().ok() } else { None }
    }

    /// The file that contains an object's bytes.
    fn file(&self, bucket: &str, key: &str) -> PathBuf {
        self.folder.join(bucket).join(key)
    }

    /// The folder that contains a folder for each bucket.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// S3's API, for a port that only the functions know.
pub(crate) fn router(storage: Arc<Storage>, faults: Arc<Faults>) -> Router {
    Router::new().fallback(call).with_state((storage, faults))
}

async fn call(
    State((storage, faults)): State<(Arc<Storage>, Arc<Faults>)>,
    request: Request<Body>,
) -> Response<Body> {
    if faults.fails_storage() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "<Error><Code>ServiceUnavailable</Code></Error>");
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, storage.object_limit).await else {
        return answer(StatusCode::BAD_REQUEST, "<Error><Code>EntityTooLarge</Code></Error>");
    };
    serve(&storage.signed, Request::from_parts(parts, s3s::Body::from(body))).await
}

/// Whether the viewer's copy of an object is current (RFC 9110, section 13.2.2): the object has one
/// of the tags in `If-None-Match`, or without that header, was not modified since
/// `If-Modified-Since`. `s3s` does not evaluate these headers for GET and HEAD.
fn is_current(viewer: &HeaderMap, object: &HeaderMap) -> bool {
    match viewer.typed_get::<IfNoneMatch>() {
        Some(tags) => object.typed_get::<ETag>().is_some_and(|tag| !tags.precondition_passes(&tag)),
        None => match (viewer.typed_get::<IfModifiedSince>(), object.typed_get::<LastModified>()) {
            (Some(since), Some(modified)) => !since.is_modified(modified.into()),
            _ => false,
        },
    }
}

async fn serve(service: &S3Service, request: Request<s3s::Body>) -> Response<Body> {
    match service.call(request).await {
        Ok(response) => response.map(Body::new),
        Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, "<Error><Code>InternalError</Code></Error>"),
    }
}

fn answer(status: StatusCode, body: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
}
