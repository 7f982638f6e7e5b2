//! `POST /files?folder=profile`: somebody uploads a picture.

use std::str::FromStr;

use chatchat_domain::{ErrorCode, Problem};
use chatchat_lambda::{Answer, Error, FieldError, Request, both};
use serde_json::json;

use crate::{form, picture, service::Service};

/// What pictures are for; there is one thing.
struct Folder;

impl FromStr for Folder {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if text == "profile" { Ok(Self) } else { Err(Problem::InvalidFormat) }
    }
}

/// Answers 201 with the picture's path, which the caller's own profile then takes. The database learns of the picture when the bucket has
/// it: a failure before that leaves nothing behind, and one after it leaves an object that nobody was told of, which the next try finds.
pub async fn upload(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.either_caller()?;
    let folder =
        request.query("folder").and_then(|folder| folder.ok_or_else(|| invalid("folder", Problem::Required)));
    let (Folder, upload) = both(folder, form::file(request, "file").await)?;
    // What follows costs time and storage, and is for living sessions alone.
    service.core.store.living_caller(caller).await?.ok_or(ErrorCode::Unauthenticated)?;
    let picture = picture::reencode(upload).await.map_err(|problem| invalid("file", problem))?;
    service.bucket()?.put(&picture).await?;
    service.core.store.keep_picture(caller, &picture.key).await?;
    Answer::created(&json!({ "url": picture.key.path() }))
}

fn invalid(field: &str, problem: Problem) -> Error {
    Error::Invalid(vec![FieldError::new(field, problem)])
}
