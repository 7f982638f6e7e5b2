//! The key for pseudonyms of personal data.

use std::sync::Arc;

use chatchat_tokens::PseudonymKey;

use crate::{Loader, Need, Resource, StartError, required};

/// Replaces usernames and networks by keyed hashes, in tables and in the log.
#[derive(Clone)]
pub struct Pseudonyms(Arc<PseudonymKey>);

impl Pseudonyms {
    /// Returns the pseudonym of a username, regardless of its case.
    pub fn of_username(&self, username: &str) -> String {
        self.0.of("username", &username.to_lowercase())
    }

    /// Returns the pseudonym of a network.
    pub fn of_network(&self, network: &str) -> String {
        self.0.of("network", network)
    }
}

impl Resource for Pseudonyms {
    fn needs() -> Vec<Need> {
        vec![Need::PseudonymKey]
    }

    async fn load(loader: &Loader) -> Result<Self, StartError> {
        let arn = required("PSEUDONYM_SECRET_ARN")?;
        let part = |cause| StartError::Part { what: "the key for pseudonyms cannot be read", cause };
        let secret = loader.secrets().await.read(&arn).await.map_err(part)?;
        let key = PseudonymKey::new(secret.text.as_bytes());
        Ok(Self(Arc::new(key.ok_or_else(|| part("it has less than 256 bits".into()))?)))
    }
}
