//! Running statements: time limits, retries, and transactions.

use std::{
    future::pending,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chatchat_domain::{AccountId, SessionId};
use deadpool_postgres::{ClientWrapper, Object, Pool};
use tokio::{select, time::timeout};
use tokio_postgres::{Row, types::ToSql};

use crate::{
    CredentialsError, CredentialsSource, Database, StoreError, connect,
    idle::{LastAnswer, Trust},
    sql::{self, Statement},
};

/// Longer than the statement of any route takes, shorter than a request's deadline.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// The time limit for the answer to an empty statement on a connection that may be silent. It
/// leaves time for a new connection and a statement before a function's deadline.
const DOUBTFUL_TIMEOUT: Duration = Duration::from_secs(1);

/// Whether a statement may run a second time if the first run may have been committed.
#[derive(Clone, Copy)]
pub(crate) enum Idempotence {
    /// It may: a second run does no harm.
    Idempotent,
    /// It may not: a second run would make the change twice.
    NotIdempotent,
}

/// The database. Each method is an operation of ChatChat.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    micros: Arc<AtomicU64>,
    caller: Arc<Mutex<Option<(AccountId, SessionId)>>>,
    last_answer: Arc<LastAnswer>,
}

impl Store {
    /// Prepares the connection to the database, which the first statement opens. Fails if the
    /// credentials cannot be read.
    pub async fn open(database: &Database, source: CredentialsSource) -> Result<Self, CredentialsError> {
        let pool = connect::pool(database, source).await?;
        Ok(Self { pool, micros: Arc::default(), caller: Arc::default(), last_answer: Arc::default() })
    }

    /// The milliseconds spent on the database since the last call of this method, for the log line
    /// of a request.
    pub fn take_elapsed_ms(&self) -> f64 {
        Duration::from_micros(self.micros.swap(0, Ordering::Relaxed)).as_secs_f64() * 1000.0
    }

    /// The account and the session of the last frame, `$connect` or `$disconnect`, which only the
    /// database knows, for its log line.
    pub fn take_caller(&self) -> Option<(AccountId, SessionId)> {
        self.caller.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn note_caller(&self, account: AccountId, session: SessionId) {
        *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = Some((account, session));
    }

    /// Fails if the database does not answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.query(Idempotence::Idempotent, &sql::PING, &[]).await.map(drop)
    }

    /// A connection outside the pool, for migrations and roles.
    pub async fn dedicated(&self) -> Result<ClientWrapper, StoreError> {
        Ok(Object::take(self.pool.get().await?))
    }

    /// Runs a statement in one round trip. `params` are all its parameters, in their order in
    /// `sql/`.
    ///
    /// Runs it once more if it was rolled back because of a concurrent transaction. If its
    /// connection was lost, it is not known whether the statement was committed: an idempotent one
    /// runs once more on a new connection, any other one fails. A connection that may be silent is
    /// tested together with an idempotent statement, and before any other one, which takes a round
    /// trip.
    pub(crate) async fn query(
        &self,
        idempotence: Idempotence,
        statement: &Statement,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let params = statement.typed(params);
        let attempt = || async {
            let (connection, trust) = self.connection(idempotence).await?;
            let answer = self.in_time(connection.query_typed(statement.text, &params));
            let answer = self.unless_silent(&connection, &trust, answer).await;
            if answer.as_ref().is_err_and(StoreError::spoils_the_connection) {
                // The next statement opens another one.
                drop(Object::take(connection));
            }
            answer
        };
        self.timed(async {
            // Boxed, because the future of opening a connection is large.
            match (Box::pin(attempt()).await, idempotence) {
                (Err(StoreError::Conflict), _)
                | (Err(StoreError::LostConnection(_)), Idempotence::Idempotent) => Box::pin(attempt()).await,
                (answer, _) => answer,
            }
        })
        .await
    }

    /// Begins a transaction of several statements. If the connection was lost since its last use,
    /// it is replaced.
    pub(crate) async fn begin(&self) -> Result<Transaction<'_>, StoreError> {
        let begin = || async {
            let (connection, trust) = self.connection(Idempotence::Idempotent).await?;
            let transaction = Transaction { store: self, connection: Some(connection) };
            let connection = transaction.connection()?;
            let begun = self.in_time(connection.batch_execute("begin"));
            self.unless_silent(connection, &trust, begun).await?;
            Ok(transaction)
        };
        self.timed(async {
            match begin().await {
                Err(StoreError::LostConnection(_)) => begin().await,
                answer => answer,
            }
        })
        .await
    }

    /// Takes the connection, or opens one. Before a statement that is not idempotent, it is alive.
    async fn connection(&self, idempotence: Idempotence) -> Result<(Object, Trust), StoreError> {
        let connection = self.pool.get().await?;
        let is_new = Object::metrics(&connection).recycle_count == 0;
        let usable = match (self.last_answer.trust(), idempotence) {
            _ if is_new => true,
            (Trust::Alive, _) => true,
            (Trust::Doubtful, Idempotence::Idempotent) => return Ok((connection, Trust::Doubtful)),
            (Trust::Doubtful, Idempotence::NotIdempotent) => answers(&connection).await,
            (Trust::TooOld, _) => false,
        };
        if usable {
            return Ok((connection, Trust::Alive));
        }
        drop(Object::take(connection));
        Ok((self.pool.get().await?, Trust::Alive))
    }

    /// Waits for the answer to a statement. On a doubtful connection, an empty statement is sent
    /// with it, in the same round trip. If the server does not answer that one soon, the connection
    /// is silent and counts as lost; if it does, the statement has its whole time.
    async fn unless_silent<T>(
        &self,
        connection: &Object,
        trust: &Trust,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if *trust == Trust::Alive {
            return answer.await;
        }
        let silent = async {
            if answers(connection).await {
                pending::<()>().await;
            }
        };
        select! {
            biased;
            () = silent => Err(StoreError::LostConnection("the connection was idle and does not answer".into())),
            answer = answer => answer,
        }
    }

    /// Waits for an answer of the database, at most [`STATEMENT_TIMEOUT`].
    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, StoreError> {
        match timeout(STATEMENT_TIMEOUT, answer).await {
            Ok(answer) => {
                self.last_answer.note();
                Ok(answer?)
            }
            Err(_) => Err(StoreError::Unavailable("the statement took too long".into())),
        }
    }

    /// Adds the duration of `work` to the time spent on the database.
    async fn timed<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let started = Instant::now();
        let answer = work.await;
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        answer
    }
}

/// Several statements that are committed together. If it is dropped before its commit, it closes
/// its connection, and the server rolls it back.
pub(crate) struct Transaction<'a> {
    store: &'a Store,
    /// `None` after the commit.
    connection: Option<Object>,
}

impl Transaction<'_> {
    fn connection(&self) -> Result<&Object, StoreError> {
        self.connection.as_ref().ok_or_else(|| StoreError::unexpected("the transaction has ended"))
    }

    /// Runs a statement in one round trip. `params` are all its parameters, in their order in
    /// `sql/`.
    pub(crate) async fn query(
        &self,
        statement: &Statement,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let params = statement.typed(params);
        self.store
            .timed(async {
                let answer = self.connection()?.query_typed(statement.text, &params);
                self.store.in_time(answer).await
            })
            .await
    }

    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let commit = async { self.store.in_time(self.connection()?.batch_execute("commit")).await };
        self.store.timed(commit).await?;
        // Returns the connection to the pool.
        drop(self.connection.take());
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        drop(self.connection.take().map(Object::take));
    }
}

/// Whether the server answers an empty statement within [`DOUBTFUL_TIMEOUT`].
async fn answers(connection: &Object) -> bool {
    matches!(timeout(DOUBTFUL_TIMEOUT, connection.batch_execute("")).await, Ok(Ok(())))
}

/// Runs `operation`, and once more from its beginning if it fails with [`StoreError::Conflict`].
pub(crate) async fn retry_on_conflict<T, F>(operation: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    match operation().await {
        Err(StoreError::Conflict) => operation().await,
        answer => answer,
    }
}
