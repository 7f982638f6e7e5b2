//! The file of a `multipart/form-data` body (RFC 7578).

use std::convert::Infallible;

use chatchat_domain::{ErrorCode, Problem};
use chatchat_function::{Error, FieldError, Request};
use futures_util::{future::ready, stream};
use multer::{Multipart, bytes::Bytes};

/// The maximum size of a file, in bytes. Lambda accepts events of 6 MB, and the body is in Base64,
/// which leaves about 4.4 MiB.
pub const MAX_FILE: usize = 4 * 1024 * 1024;
/// The maximum size of a body, in bytes: the file and the rest of the form.
const MAX_BODY: usize = MAX_FILE + 64 * 1024;

/// Returns the bytes of the one field `name`. The type and file name in the form are not trusted
/// and not read. Other fields are ignored.
pub async fn file(request: &Request, name: &str) -> Result<Bytes, Error> {
    let essence = request.content_type().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        return Err(ErrorCode::UnsupportedMediaType.into());
    }
    if request.bytes().len() > MAX_BODY {
        return Err(ErrorCode::BodyTooLarge.into());
    }
    let body = Bytes::copy_from_slice(request.bytes());
    let boundary = multer::parse_boundary(request.content_type()).map_err(|_| broken())?;
    let files = files(body, boundary, name).await.map_err(|_| broken())?;
    let problem = match <[Bytes; 1]>::try_from(files) {
        Ok([file]) if file.len() > MAX_FILE => return Err(ErrorCode::BodyTooLarge.into()),
        Ok([file]) if !file.is_empty() => return Ok(file),
        Ok(_) => Problem::Required,
        Err(files) if files.is_empty() => Problem::Required,
        Err(_) => Problem::TooMany(1),
    };
    Err(Error::Invalid(vec![FieldError::new(name, problem)]))
}

/// Returns all fields with this name.
async fn files(body: Bytes, boundary: String, name: &str) -> Result<Vec<Bytes>, multer::Error> {
    let mut form = Multipart::new(stream::once(ready(Ok::<_, Infallible>(body))), boundary);
    let mut files = Vec::new();
    while let Some(field) = form.next_field().await? {
        if field.name() == Some(name) {
            files.push(field.bytes().await?);
        }
    }
    Ok(files)
}

fn broken() -> Error {
    Error::Invalid(vec![FieldError::new("body", Problem::InvalidFormat)])
}
