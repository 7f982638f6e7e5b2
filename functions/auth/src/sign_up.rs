//! `POST /customers` and `POST /companies`: a customer or a company signs up.

use chatchat_domain::{AccountId, Name, Password, Role, Username};
use chatchat_function::{Answer, Error, Pseudonyms, Request, excludes, repeats};
use chatchat_store::{NewAccount, Store, StoreError, network};
use serde::{Deserialize, Serialize};

use crate::{passwords, refused_networks};

#[derive(Deserialize)]
struct SignUp {
    username: Username,
    password: Password,
    /// Compared with `password` while the body is read.
    #[serde(rename = "confirmPassword")]
    _confirm_password: String,
    name: Name,
}

#[derive(Serialize)]
struct SignedUp {
    id: AccountId,
}

/// Answers 201 with the new account's id; 409 `username_taken`; 429 `too_many_requests`.
pub async fn sign_up<R: Role>(
    (store, pseudonyms): &(Store, Pseudonyms),
    request: &Request,
) -> Result<Answer, Error> {
    let body: SignUp = request.json_with_checks(|body| {
        let checks = [repeats(body, "password", "confirmPassword"), excludes(body, "password", "username")];
        checks.into_iter().flatten().collect()
    })?;
    let (username_hash, address) = (pseudonyms.of_username(body.username.as_str()), request.viewer_address());
    let network = network(address);
    request.ids.set_username(&username_hash);
    request.ids.set_network(&pseudonyms.of_network(&network));
    refused_networks::check(&network)?;
    let password_hash = passwords::hash(body.password.into()).await?;
    let account = NewAccount {
        address,
        kind: R::KIND,
        username: &body.username,
        username_hash: &username_hash,
        password_hash: &password_hash,
        name: &body.name,
    };
    let created = store.create_account(&account).await;
    if let Err(StoreError::TooManyRequests(seconds)) = created {
        refused_networks::note(network, seconds);
    }
    let id = created?;
    request.ids.set_account(id);
    Answer::created(&SignedUp { id })
}
