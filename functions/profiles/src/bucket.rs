//! Stores pictures in S3.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::{
    Client,
    config::{Builder, timeout::TimeoutConfig},
    primitives::ByteStream,
};
use chatchat_function::{Error, Loader, Need, Resource, StartError, required};

use crate::picture::Picture;

/// The cache policy. Keys are derived from the content, so the content of a key never changes.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// The time limit of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// The time limit of all attempts, which is less than the timeout of the function.
const TIMEOUT: Duration = Duration::from_secs(9);

/// The bucket of the pictures.
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    fn new(aws: &SdkConfig, name: String) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(TIMEOUT)
            .build();
        let config = Builder::from(aws).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config), name }
    }

    /// Stores a picture. A repeat has no further effect.
    pub async fn put(&self, picture: &Picture) -> Result<(), Error> {
        self.client
            .put_object()
            .bucket(&self.name)
            .key(picture.key.path().trim_start_matches('/'))
            .content_type(picture.format.content_type())
            .cache_control(IMMUTABLE)
            .body(ByteStream::from(picture.bytes.clone()))
            .send()
            .await
            .map_err(|error| match error.raw_response() {
                Some(answer) if is_permanent(answer.status().as_u16()) => Error::internal(error),
                _ => Error::Unavailable(error.into()),
            })?;
        Ok(())
    }
}

impl Resource for Bucket {
    fn needs() -> Vec<Need> {
        vec![Need::Pictures]
    }

    async fn load(loader: &Loader) -> Result<Self, StartError> {
        let name = required("PICTURES_BUCKET")?;
        Ok(Self::new(loader.aws().await, name))
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
