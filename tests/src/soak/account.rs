//! An account that several clients share, as the tabs of one browser do.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::Value;
use tokio::{sync::RwLock, time::timeout};

use super::participant::Common;
use crate::{Answer, Failure, Person};

/// How long a client waits for an answer. Longer than a function may take, so that most of what is late is lost.
const PATIENCE: Duration = Duration::from_secs(12);

/// Somebody with a session, whose token all their clients use.
#[derive(Clone)]
pub struct Account {
    person: Arc<RwLock<Person>>,
    common: Arc<Common>,
    /// The account's id.
    pub id: i64,
    /// `customer` or `company`, as paths have it.
    pub kind: &'static str,
}

impl Account {
    /// Shares a person's session among the clients of a run.
    pub fn new(person: Person, common: Arc<Common>) -> Self {
        let (id, kind) = (person.id, person.kind);
        Self { person: Arc::new(RwLock::new(person)), common, id, kind }
    }

    /// The person with the token of now.
    pub async fn person(&self) -> Person {
        self.person.read().await.clone()
    }

    /// The path of one of their rooms.
    pub fn room(&self, id: i64) -> String {
        format!("/{}/chatrooms/{id}", self.kind)
    }

    /// A request of theirs; null for no body. A session that has ended is followed by another, and the request is sent again.
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
        let answer = timeout(PATIENCE, call).await.map_err(|_| "no answer came")??;
        self.common.refusals.answer(&answer);
        Ok(answer)
    }

    /// The person with a new session, whose token will do for a while.
    pub async fn renewed(&self) -> Result<Person, Failure> {
        let token = self.person().await.token;
        self.renew(&token).await?;
        Ok(self.person().await)
    }

    /// Logs in, unless another client of theirs has done so since `token` was refused.
    async fn renew(&self, token: &str) -> Result<(), Failure> {
        let mut person = self.person.write().await;
        if person.token == token {
            person.log_in().await?;
        }
        Ok(())
    }
}
