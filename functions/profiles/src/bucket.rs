//! Writes pictures to S3, and deletes them there.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::{Builder, timeout::TimeoutConfig},
    error::{BuildError, SdkError},
    primitives::ByteStream,
    types::{Delete, ObjectIdentifier},
};
use chatchat_domain::PictureKey;
use chatchat_function::{Error, Loader, Need, Resource, StartError, required};

use crate::picture::Picture;

/// The cache policy. The content of a key never changes, but a deleted picture must disappear from
/// all caches within a day.
const A_DAY: &str = "public, max-age=86400";
/// The time limit of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// The time limit of all attempts, which is less than the timeout of the function.
const TIMEOUT: Duration = Duration::from_secs(9);

/// The bucket of the pictures.
struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    async fn load(loader: &Loader) -> Result<Self, StartError> {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(TIMEOUT)
            .build();
        let name = required("PICTURES_BUCKET")?;
        let config = Builder::from(loader.aws().await).timeout_config(timeouts).build();
        Ok(Self { client: Client::from_conf(config), name })
    }
}

/// The bucket, for writing only.
pub struct Uploads(Bucket);

impl Uploads {
    /// Stores a picture. A repeat has no further effect.
    pub async fn put(&self, picture: &Picture) -> Result<(), Error> {
        let Self(bucket) = self;
        bucket
            .client
            .put_object()
            .bucket(&bucket.name)
            .key(object(&picture.key))
            .content_type(picture.format.content_type())
            .cache_control(A_DAY)
            .content_disposition(format!("inline; filename=\"picture.{}\"", picture.format.extension()))
            .body(ByteStream::from(picture.bytes.clone()))
            .send()
            .await
            .map_err(failure)?;
        Ok(())
    }
}

impl Resource for Uploads {
    fn needs() -> Vec<Need> {
        vec![Need::PictureUploads]
    }

    async fn load(loader: &Loader) -> Result<Self, StartError> {
        Bucket::load(loader).await.map(Self)
    }
}

/// The bucket, for deleting only.
pub struct Deletions(Bucket);

impl Deletions {
    /// Deletes at most 1,000 pictures. A picture that does not exist counts as deleted.
    pub async fn delete(&self, keys: &[PictureKey]) -> Result<(), Error> {
        let Self(bucket) = self;
        let objects: Result<_, BuildError> =
            keys.iter().map(|key| ObjectIdentifier::builder().key(object(key)).build()).collect();
        let delete =
            objects.and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build());
        let request = bucket.client.delete_objects().bucket(&bucket.name);
        let answer = request.delete(delete.map_err(Error::internal)?).send().await.map_err(failure)?;
        match answer.errors() {
            [] => Ok(()),
            [first, ..] => Err(Error::internal(format!("S3 did not delete all pictures: {first:?}"))),
        }
    }
}

impl Resource for Deletions {
    fn needs() -> Vec<Need> {
        vec![Need::PictureDeletions]
    }

    async fn load(loader: &Loader) -> Result<Self, StartError> {
        Bucket::load(loader).await.map(Self)
    }
}

/// The name of the object of a picture.
fn object(key: &PictureKey) -> String {
    key.path().trim_start_matches('/').to_owned()
}

fn failure<E: std::error::Error + Send + Sync + 'static>(error: SdkError<E>) -> Error {
    match error.raw_response() {
        Some(answer) if is_permanent(answer.status().as_u16()) => Error::internal(error),
        _ => Error::Unavailable(error.into()),
    }
}

/// Returns whether a retry gets the same answer from S3, because a bucket or a permission is
/// missing.
fn is_permanent(status: u16) -> bool {
    matches!(status, 400..500) && !matches!(status, 408 | 429)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_errors_are_permanent_except_408_and_429() {
        assert!([400, 403, 404, 499].into_iter().all(is_permanent));
        assert!(![307, 408, 429, 500, 503].into_iter().any(is_permanent));
    }
}
