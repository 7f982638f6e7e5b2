//! Hashing and verifying passwords with Argon2id, off the async thread and a bounded number at once.

use argon2::{
    Argon2, PasswordHasher, PasswordVerifier,
    password_hash::{Error as HashError, phc::PasswordHash},
};
use chatchat_domain::{Caller, ErrorCode, Password};
use chatchat_lambda::{Error, Request};
use chatchat_store::Store;
use tokio::{sync::Semaphore, task::spawn_blocking};

/// A hash that no password has, for the same work where there is no account. Argon2's defaults are OWASP's minimum:
/// m = 19 MiB, t = 2, p = 1.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How many hashes are computed at once: each takes 19 MiB and a processor.
static HASHING: Semaphore = Semaphore::const_new(2);

/// The caller's own account, after its password was right.
pub struct Own {
    /// What they log in with.
    pub username: String,
    /// What the password was verified against.
    pub hash: String,
}

/// The hash of a password under a new salt, in PHC string format.
pub async fn hash(password: Password) -> Result<String, Error> {
    computed(move || {
        let hash: PasswordHash = Argon2::default().hash_password(password.reveal().as_bytes())?;
        Ok(hash.to_string())
    })
    .await?
    .map_err(|error| Error::internal(error.to_string()))
}

/// Whether the password has this hash; without a hash it has not, after the same work.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Error> {
    let verified = computed(move || {
        let hash = PasswordHash::new(hash.as_deref().unwrap_or(DUMMY_HASH))?;
        Argon2::default().verify_password(password.as_bytes(), &hash)
    });
    match verified.await? {
        Ok(()) => Ok(true),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(error) => Err(Error::internal(error.to_string())),
    }
}

/// Asks the caller for their password again: 403 `wrong_password`, 429 `too_many_attempts`.
pub async fn check_own<R>(
    store: &Store,
    request: &Request,
    caller: &Caller<R>,
    password: &str,
) -> Result<Own, Error> {
    let address = request.viewer_address();
    let (username, hash) = store.own_password(caller, address).await?;
    if !verify(password.to_owned(), Some(hash.clone())).await? {
        return Err(ErrorCode::WrongPassword.into());
    }
    store.forgive_attempts(&username, address).await?;
    Ok(Own { username, hash })
}

async fn computed<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
) -> Result<Result<T, HashError>, Error> {
    let _slot = HASHING.acquire().await.map_err(Error::internal)?;
    spawn_blocking(work).await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_has_the_hash_that_was_made_of_it_and_no_other_has() {
        let hash = hash(Password::try_from("haneul01".to_owned()).unwrap()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("haneul01".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!verify("haneul02".to_owned(), Some(hash)).await.unwrap());
        assert!(!verify("haneul01".to_owned(), None).await.unwrap());
    }
}
