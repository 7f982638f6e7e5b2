//! The signing keys: read at the start, and again when a token names a key that is not known.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use chatchat_auth::{Claims, Key, Keys, TokenError};
use time::OffsetDateTime;
use tokio::sync::{Mutex, RwLock};

use crate::secrets::{SecretError, Secrets};

/// How often an unknown key makes us look, at most; forged tokens cost nothing in between.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Signs and verifies access tokens.
pub(crate) struct Tokens {
    keys: RwLock<Keys>,
    looked: Mutex<Instant>,
    secrets: Secrets,
    arn: String,
}

impl Tokens {
    pub(crate) async fn read(secrets: Secrets, arn: String) -> Result<Self, SecretError> {
        let keys = Keys::new(read_key(&secrets, &arn).await?, None);
        Ok(Self { keys: RwLock::new(keys), looked: Mutex::new(Instant::now()), secrets, arn })
    }

    pub(crate) async fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        self.keys.read().await.sign(claims, OffsetDateTime::now_utc())
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let now = OffsetDateTime::now_utc();
        let verified = self.keys.read().await.verify(token, now);
        if matches!(verified, Err(TokenError::UnknownKey)) && self.look_again().await {
            return self.keys.read().await.verify(token, now);
        }
        verified
    }

    /// Reads the current key; the one that was current until now still verifies. Gives whether there is a new one.
    async fn look_again(&self) -> bool {
        let mut looked = self.looked.lock().await;
        if looked.elapsed() < LOOK_EVERY {
            return false;
        }
        *looked = Instant::now();
        match read_key(&self.secrets, &self.arn).await {
            Ok(key) => self.keys.write().await.rotate_to(key),
            Err(error) => {
                tracing::error!(error = &*error as &dyn Error, "the signing key could not be read again");
                false
            }
        }
    }
}

/// The secret's text is the key, and its version is the key's id.
async fn read_key(secrets: &Secrets, arn: &str) -> Result<Key, SecretError> {
    let secret = secrets.read(arn).await?;
    Key::new(&secret.version, secret.text.as_bytes())
        .ok_or_else(|| "the signing key has less than 256 bits".into())
}
