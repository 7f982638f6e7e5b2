//! Storing pictures in S3.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::{
    Client,
    config::{Builder, timeout::TimeoutConfig},
    primitives::ByteStream,
};
use chatchat_lambda::Error;

use crate::picture::Picture;

/// A key is made from the content, so what it names never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// One attempt, and all of them: what a client waits for is short of the function's timeout.
const ATTEMPT: Duration = Duration::from_secs(4);
const ATTEMPTS: Duration = Duration::from_secs(9);

/// The bucket of the pictures.
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket of that name.
    pub fn new(aws: &SdkConfig, name: String) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(ATTEMPTS).build();
        let config = Builder::from(aws).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config), name }
    }

    /// Stores a picture; storing it again changes nothing.
    pub async fn put(&self, picture: &Picture) -> Result<(), Error> {
        self.client
            .put_object()
            .bucket(&self.name)
            .key(picture.key.path().trim_start_matches('/'))
            .content_type(picture.format.content_type())
            .cache_control(FOR_EVER)
            .body(ByteStream::from(picture.bytes.clone()))
            .send()
            .await
            .map_err(|error| match error.raw_response() {
                Some(answer) if is_for_good(answer.status().as_u16()) => Error::internal(error),
                _ => Error::Unavailable(error.into()),
            })?;
        Ok(())
    }
}

/// Whether S3's answer would be the same at the next try: a bucket or a permission is missing.
fn is_for_good(status: u16) -> bool {
    matches!(status, 400..500) && !matches!(status, 408 | 429)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_for_good_unless_it_asks_for_time() {
        assert!([400, 403, 404, 499].into_iter().all(is_for_good));
        assert!(![307, 408, 429, 500, 503].into_iter().any(is_for_good));
    }
}
