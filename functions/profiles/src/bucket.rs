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
            .key(picture.key.as_str())
            .content_type(picture.format.content_type())
            .cache_control(FOR_EVER)
            .body(ByteStream::from(picture.bytes.clone()))
            .send()
            .await
            .map_err(|error| Error::Unavailable(error.into()))?;
        Ok(())
    }
}
