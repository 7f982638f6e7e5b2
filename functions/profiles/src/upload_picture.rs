//! `POST /files?folder=profile`: an account uploads a picture.

use std::str::FromStr;

use chatchat_domain::{AnyRole, Caller, Problem};
use chatchat_function::{Answer, Error, FieldError, Request, zip_invalid};
use chatchat_store::Store;
use serde::Serialize;

use crate::{bucket::Uploads, form, picture};

/// The purpose of a picture. Only `profile` is valid.
struct Folder;

impl FromStr for Folder {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if text == "profile" { Ok(Self) } else { Err(Problem::InvalidFormat) }
    }
}

#[derive(Serialize)]
struct Uploaded {
    url: String,
}

/// Answers 201 with the path of the picture, which the caller can then use in its profile; 429
/// `too_many_requests`.
///
/// The picture is stored in the database first and then in the bucket, so that every object has a
/// row and is deleted when it expires. If the second step fails, the row expires.
pub async fn upload(
    (store, uploads): &(Store, Uploads),
    caller: &Caller<AnyRole>,
    request: &Request,
) -> Result<Answer, Error> {
    let folder =
        request.query("folder").and_then(|folder| folder.ok_or_else(|| invalid("folder", Problem::Required)));
    let (Folder, upload) = zip_invalid(folder, form::file(request, "file").await)?;
    // The next steps cost time and storage, so the session and the limit are checked first.
    store.begin_upload(caller).await?;
    let picture = picture::reencode(upload).await.map_err(|problem| invalid("file", problem))?;
    store.keep_picture(caller, &picture.key).await?;
    uploads.put(&picture).await?;
    Answer::created(&Uploaded { url: picture.key.path() })
}

fn invalid(field: &str, problem: Problem) -> Error {
    Error::Invalid(vec![FieldError::new(field, problem)])
}
