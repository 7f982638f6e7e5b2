//! Running statements: how long they may take, what is run again, and transactions of several.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chatchat_domain::causes;
use deadpool_postgres::{ClientWrapper, Object, Pool};
use tokio::time::timeout;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::{CredentialsError, CredentialsSource, Database, StoreError, connect};

/// Longer than any statement of a route takes, shorter than a request's deadline.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// A parameter of a statement with its type, which spares the round trip that would ask for it.
pub(crate) type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// What a statement does that is run again though it was done already.
#[derive(Clone, Copy)]
pub(crate) enum Repeat {
    /// The same, or nothing.
    Harmless,
    /// It does it twice.
    Harmful,
}

/// Every statement of ChatChat, as a method.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    micros: Arc<AtomicU64>,
}

impl Store {
    /// Opens the database. Credentials that cannot be read end the start; a database that is away does not: the first
    /// request will try again.
    pub async fn open(database: &Database, source: CredentialsSource) -> Result<Self, CredentialsError> {
        let pool = connect::pool(database, source).await?;
        if let Err(error) = pool.get().await {
            tracing::warn!(error = causes(&error), "the database is away; the first request will try again");
        }
        Ok(Self { pool, micros: Arc::default() })
    }

    /// The milliseconds spent on the database since this was last asked, for the request's line in the log.
    pub fn take_elapsed_ms(&self) -> f64 {
        Duration::from_micros(self.micros.swap(0, Ordering::Relaxed)).as_secs_f64() * 1000.0
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.rows("select 1", &[]).await.map(drop)
    }

    /// A connection of its own, for migrations.
    pub async fn dedicated(&self) -> Result<ClientWrapper, StoreError> {
        Ok(Object::take(self.pool.get().await?))
    }

    /// Runs one unnamed statement, which does no harm twice, in one round trip.
    pub(crate) async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        self.run(Repeat::Harmless, sql, params).await
    }

    /// The same for a statement that gives at most one row.
    pub(crate) async fn row(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// Runs one unnamed statement in one round trip; a second time if a concurrent transaction undid it or, where that does no harm,
    /// if its connection was lost on the way and so nobody knows whether it was done.
    pub(crate) async fn run(
        &self,
        repeat: Repeat,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match (self.attempt(sql, params).await, repeat) {
            (Err(StoreError::Conflict), _) | (Err(StoreError::LostConnection(_)), Repeat::Harmless) => {
                self.attempt(sql, params).await
            }
            (answer, _) => answer,
        }
    }

    async fn attempt(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        self.timed(async {
            let connection = self.pool.get().await?;
            let answer = bounded(connection.query_typed(sql, params)).await;
            if answer.as_ref().is_err_and(StoreError::spoils_the_connection) {
                // The next statement opens another.
                drop(Object::take(connection));
            }
            answer
        })
        .await
    }

    /// Begins a transaction of several statements. A connection that was lost since its last use is replaced.
    pub(crate) async fn begin(&self) -> Result<Transaction<'_>, StoreError> {
        let begin = || {
            self.timed(async {
                let transaction = Transaction { store: self, connection: Some(self.pool.get().await?) };
                bounded(transaction.connection()?.batch_execute("begin")).await?;
                Ok(transaction)
            })
        };
        match begin().await {
            Err(StoreError::LostConnection(_)) => begin().await,
            answer => answer,
        }
    }

    /// Adds what the work takes to the request's time.
    async fn timed<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let started = Instant::now();
        let answer = work.await;
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        answer
    }
}

/// Several statements that are done together or not at all. Dropped before its commit, it takes its connection with it, and the server
/// undoes it.
pub(crate) struct Transaction<'a> {
    store: &'a Store,
    /// Until the commit.
    connection: Option<Object>,
}

impl Transaction<'_> {
    fn connection(&self) -> Result<&Object, StoreError> {
        self.connection.as_ref().ok_or_else(|| StoreError::unexpected("the transaction is over"))
    }

    /// Runs one unnamed statement.
    pub(crate) async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        self.store.timed(async { bounded(self.connection()?.query_typed(sql, params)).await }).await
    }

    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.store.timed(async { bounded(self.connection()?.batch_execute("commit")).await }).await?;
        // Back to the pool.
        drop(self.connection.take());
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        drop(self.connection.take().map(Object::take));
    }
}

/// Waits for the database, but not for ever.
async fn bounded<T>(answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, StoreError> {
    match timeout(STATEMENT_TIMEOUT, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(StoreError::Unavailable("the statement took too long".into())),
    }
}

/// Does something of several statements, and once more from its beginning if a concurrent change came first.
pub(crate) async fn retry_on_conflict<T, F>(attempt: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    match attempt().await {
        Err(StoreError::Conflict) => attempt().await,
        answer => answer,
    }
}
