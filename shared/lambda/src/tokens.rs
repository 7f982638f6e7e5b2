//! The signing keys: read at the start, again when a token names a key that is not known, and from time to time.

use std::time::{Duration, Instant};

use chatchat_auth::{Claims, Key, Keys, Secret, Successors, TokenError};
use chatchat_domain::causes;
use time::OffsetDateTime;
use tokio::sync::{Mutex, MutexGuard};

use crate::secrets::{SecretError, SecretValue, Secrets};

/// How often we look for newer keys, at most; forged tokens cost nothing in between.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// How old keys may be: as long as an access token lives. A process that meets no unknown key must not go on for ever with one that was
/// rotated away.
const KEEP: Duration = Duration::from_mins(30);

/// Signs and verifies access tokens.
pub(crate) struct Tokens {
    known: Mutex<Known>,
    secrets: Secrets,
    arn: String,
}

struct Known {
    keys: Keys,
    /// When they were read.
    read: Instant,
    /// When we last looked for newer ones, in vain or not.
    looked: Option<Instant>,
}

impl Tokens {
    pub(crate) async fn read(secrets: Secrets, arn: String) -> Result<Self, SecretError> {
        let (current, previous) = read_keys(&secrets, &arn).await?;
        let known = Known { keys: Keys::new(current, previous), read: Instant::now(), looked: None };
        Ok(Self { known: Mutex::new(known), secrets, arn })
    }

    pub(crate) async fn sign(&self, claims: &Claims, seconds: i64) -> Result<String, TokenError> {
        self.known().await.keys.sign(claims, OffsetDateTime::now_utc(), seconds)
    }

    /// The refresh tokens that can follow one.
    pub(crate) async fn successors(&self, refresh: &Secret) -> Successors {
        self.known().await.keys.successors(refresh)
    }

    /// Seals bytes for one purpose.
    pub(crate) async fn seal(&self, purpose: &str, bytes: &[u8]) -> String {
        self.known().await.keys.seal(purpose, bytes)
    }

    /// The bytes of a text that was sealed for this purpose; `None` for any other text.
    pub(crate) async fn unseal(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        let mut known = self.known().await;
        let unsealed = known.keys.unseal(purpose, text);
        // It may be sealed with a key that is newer than those known here.
        if unsealed.is_none() && self.look(&mut known).await {
            return known.keys.unseal(purpose, text);
        }
        unsealed
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let now = OffsetDateTime::now_utc();
        let mut known = self.known().await;
        let verified = known.keys.verify(token, now);
        if matches!(verified, Err(TokenError::UnknownKey)) && self.look(&mut known).await {
            return known.keys.verify(token, now);
        }
        verified
    }

    /// Looks for newer keys.
    pub(crate) async fn look_again(&self) {
        self.look(&mut *self.known.lock().await).await;
    }

    /// The keys, not older than they may be.
    async fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().await;
        if known.read.elapsed() > KEEP {
            self.look(&mut known).await;
        }
        known
    }

    /// Reads the keys again. Gives whether there is a new one.
    async fn look(&self, known: &mut Known) -> bool {
        if known.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return false;
        }
        known.looked = Some(Instant::now());
        match read_keys(&self.secrets, &self.arn).await {
            Ok((current, previous)) => {
                known.read = Instant::now();
                known.keys.replace(current, previous)
            }
            Err(error) => {
                tracing::error!(error = causes(&*error), "the signing key could not be read again");
                false
            }
        }
    }
}

/// The current key and, after a rotation, the previous one. The secret's text is the key, and its version is the key's id.
async fn read_keys(secrets: &Secrets, arn: &str) -> Result<(Key, Option<Key>), SecretError> {
    let key = |secret: SecretValue| {
        Key::new(&secret.version, secret.text.as_bytes()).ok_or("the signing key has less than 256 bits")
    };
    let (current, previous) = tokio::try_join!(secrets.read(arn), secrets.read_previous(arn))?;
    Ok((key(current)?, previous.map(key).transpose()?))
}
