//! The function that rotates the password of the functions' role. Secrets Manager calls it once for
//! each step, and again if a step failed.

use chatchat_function::{Error, Event, RoleSecret};
use chatchat_store::Credentials;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// An event of Secrets Manager.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rotation {
    step: Step,
    /// The ARN of the secret.
    secret_id: String,
    /// The id of the secret's new version.
    client_request_token: String,
}

#[derive(Deserialize)]
enum Step {
    #[serde(rename = "createSecret")]
    Create,
    #[serde(rename = "setSecret")]
    Set,
    #[serde(rename = "testSecret")]
    Test,
    #[serde(rename = "finishSecret")]
    Finish,
}

/// Creates a password, gives it to the role, logs in with it, or makes it the current one.
///
/// The role changes its own password, so this function does not need the owner's. Between the
/// second and the last step, a new connection of a function uses the pending password.
pub async fn rotate(secret: &RoleSecret, event: &Event<Rotation>) -> Result<Value, Error> {
    event.in_time(async { run(secret, &event.payload).await.map(|()| Value::Null) }).await
}

async fn run(secret: &RoleSecret, rotation: &Rotation) -> Result<(), Error> {
    let Rotation { step, secret_id, client_request_token: version } = rotation;
    if secret_id != secret.arn() {
        return Err(Error::internal(format!("{secret_id} is not the secret of the functions' role")));
    }
    let pending = secret.pending(version).await?;
    match step {
        Step::Create if pending.is_some() => Ok(()),
        Step::Create => {
            let password = [Uuid::new_v4(), Uuid::new_v4()].map(|half| half.simple().to_string()).concat();
            let user = secret.current().await?.user;
            secret.put_pending(version, &Credentials { user, password }).await
        }
        Step::Set => {
            let pending = existing(pending)?;
            if logs_in(secret, pending.clone()).await.is_ok() {
                return Ok(());
            }
            let role = secret.store_with(secret.current().await?).await?;
            Ok(role.change_role_password(&pending).await?)
        }
        Step::Test => logs_in(secret, existing(pending)?).await,
        Step::Finish => secret.make_current(version).await,
    }
}

fn existing(pending: Option<Credentials>) -> Result<Credentials, Error> {
    pending.ok_or_else(|| Error::internal("the first step of the rotation has not run"))
}

async fn logs_in(secret: &RoleSecret, credentials: Credentials) -> Result<(), Error> {
    Ok(secret.store_with(credentials).await?.ping().await?)
}
