//! An account whose session several clients share, as the tabs of a browser do.

use std::{sync::Arc, time::Duration};

use chatchat_harness::{Answer, Failure, Person};
use reqwest::Method;
use serde_json::Value;
use tokio::{sync::RwLock, time::timeout};

use super::common::Common;

/// How long a client waits for a response. It is longer than the time limit of a function, so that
/// a response that is this late was usually lost.
const CALL_TIMEOUT: Duration = Duration::from_secs(12);

/// An account whose clients share a session and its token.
#[derive(Clone)]
pub struct Account {
    person: Arc<RwLock<Person>>,
    common: Arc<Common>,
    /// The account's id.
    pub id: i64,
    /// `customer` or `company`, as in paths.
    pub kind: &'static str,
}

impl Account {
    /// Creates an account from a person with a session.
    pub fn new(person: Person, common: Arc<Common>) -> Self {
        let (id, kind) = (person.id, person.kind);
        Self { person: Arc::new(RwLock::new(person)), common, id, kind }
    }

    /// Returns the person with the current token.
    pub async fn person(&self) -> Person {
        self.person.read().await.clone()
    }

    /// Returns the path of one of the account's rooms.
    pub fn room(&self, id: i64) -> String {
        format!("/{}/chatrooms/{id}", self.kind)
    }

    /// Sends a request; a null `body` means that the request has no body. If the session has ended,
    /// logs in and sends the request again.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Answer, Failure> {
        let call = async {
            let person = self.person().await;
            let answer = person.call(method.clone(), path, body).await?;
            if answer.status != 401 {
                return Ok(answer);
            }
            self.renew(&person.token).await?;
            self.person().await.call(method, path, body).await
        };
        let answer = timeout(CALL_TIMEOUT, call).await.map_err(|_| "no response arrived in time")??;
        self.common.refusals.add_response(&answer);
        Ok(answer)
    }

    /// Logs in again and returns the person with the new token.
    pub async fn renewed(&self) -> Result<Person, Failure> {
        let token = self.person().await.token;
        self.renew(&token).await?;
        Ok(self.person().await)
    }

    /// Logs in, unless another client has replaced `token` already.
    async fn renew(&self, token: &str) -> Result<(), Failure> {
        let mut person = self.person.write().await;
        if person.token == token {
            person.log_in().await?;
        }
        Ok(())
    }
}
