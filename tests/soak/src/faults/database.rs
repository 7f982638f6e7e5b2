//! Faults of the database, injected as its superuser or by signals to the server's process.

use std::{
    process::Command,
    time::{Duration, Instant, SystemTime},
};

use chatchat_harness::Failure;
use chatchat_local::Database as Functions;
use fastrand::Rng;
use serde_json::json;
use tokio::time::sleep;
use tokio_postgres::{Client, NoTls, error::SqlState};

use super::{
    kind::Kind,
    superuser::{Database, RECOVERY_TIMEOUT, terminate},
};

impl Database<'_> {
    /// Injects one fault and removes it again. Returns how often the fault was observed.
    pub(super) async fn inject(&self, kind: Kind, rng: &mut Rng) -> Result<u64, Failure> {
        let time = Duration::from_millis(rng.u64(400..1500));
        let postgres = &self.system.postgres;
        match kind {
            Kind::BackendsTerminated => self.terminate_backends().await,
            Kind::TransactionTerminated => self.terminate_in_transaction().await,
            Kind::ReadOnly => self.read_only(time).await,
            Kind::OutOfConnections => self.out_of_connections(time, rng.u32(1..4)).await,
            Kind::Restart => {
                postgres.restart().await?;
                Ok(1)
            }
            Kind::Crash => self.crash().await,
            Kind::Away => {
                postgres.halt().await?;
                sleep(time).await;
                postgres.resume().await?;
                Ok(1)
            }
            Kind::PasswordRotated => self.rotate_password(time / 4, rng).await,
            Kind::Silent => Ok(self.system.cloud.silence_database().try_into()?),
            Kind::Deadlock => self.deadlock().await,
            _ => self.serialization_failure(time).await,
        }
    }

    /// Returns the names of the database and of the functions' role, quoted for SQL.
    fn names(&self) -> Result<(String, String), Failure> {
        let functions = self.system.functions_database()?;
        Ok((format!("\"{}\"", functions.name), format!("\"{}\"", functions.user)))
    }

    /// Connects as the functions' role. The error is the SQLSTATE, if the server sent one.
    async fn connect(functions: &Functions) -> Result<Client, Option<SqlState>> {
        match tokio_postgres::connect(&functions.url(), NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                Ok(client)
            }
            Err(error) => Err(error.code().cloned()),
        }
    }

    async fn terminate_backends(&self) -> Result<u64, Failure> {
        terminate(&self.superuser().await?, "true").await
    }

    async fn read_only(&self, time: Duration) -> Result<u64, Failure> {
        let superuser = self.superuser().await?;
        let (database, _) = self.names()?;
        let setting = format!("alter database {database} set default_transaction_read_only = on");
        superuser.batch_execute(&setting).await?;
        terminate(&superuser, "true").await?;
        let refused = match Self::connect(&self.system.functions_database()?).await {
            Ok(functions) => functions.batch_execute("delete from messages where false").await.err(),
            Err(_) => None,
        };
        sleep(time).await;
        // The functions' connections stay read-only, like connections to a former writer.
        superuser.batch_execute("set default_transaction_read_only = off").await?;
        let setting = format!("alter database {database} reset default_transaction_read_only");
        superuser.batch_execute(&setting).await?;
        let state = refused.as_ref().and_then(tokio_postgres::Error::code);
        Ok((state == Some(&SqlState::READ_ONLY_SQL_TRANSACTION)).into())
    }

    async fn out_of_connections(&self, time: Duration, limit: u32) -> Result<u64, Failure> {
        let superuser = self.superuser().await?;
        let ((_, role), functions) = (self.names()?, self.system.functions_database()?);
        superuser.batch_execute(&format!("alter role {role} connection limit {limit}")).await?;
        terminate(&superuser, "true").await?;
        let mut held = Vec::new();
        let mut refused = 0;
        for _ in 0..=limit {
            match Self::connect(&functions).await {
                Ok(client) => held.push(client),
                Err(state) => refused += u64::from(state == Some(SqlState::TOO_MANY_CONNECTIONS)),
            }
        }
        sleep(time).await;
        superuser.batch_execute(&format!("alter role {role} connection limit -1")).await?;
        Ok(refused)
    }

    async fn rotate_password(&self, secret_moves_after: Duration, rng: &mut Rng) -> Result<u64, Failure> {
        let superuser = self.superuser().await?;
        let (_, role) = self.names()?;
        let fresh = format!("{:032x}", rng.u128(..));
        superuser.batch_execute(&format!("alter role {role} password '{fresh}'")).await?;
        let before = self.system.functions_database()?;
        sleep(secret_moves_after).await;
        let secret = json!({ "username": before.user, "password": fresh });
        self.system.cloud.rotate_secret("FunctionsSecret", &secret.to_string())?;
        // Running functions reconnect only after their connections were terminated.
        terminate(&superuser, "true").await?;
        let refused = Self::connect(&before).await.err().flatten();
        Ok((refused == Some(SqlState::INVALID_PASSWORD)).into())
    }

    /// Kills the server without a checkpoint. It recovers from its log at the next start.
    async fn crash(&self) -> Result<u64, Failure> {
        let started_at = |superuser: Client| async move {
            let row = superuser.query_typed_one("select pg_postmaster_start_time() as at", &[]).await?;
            Ok::<SystemTime, tokio_postgres::Error>(row.get("at"))
        };
        let before = started_at(self.superuser().await?).await?;
        let pid = self.system.postgres.pid().ok_or("the server was not started by this process")?;
        if !Command::new("kill").args(["-QUIT", &pid.to_string()]).status()?.success() {
            return Err(format!("`kill -QUIT {pid}` could not stop the server").into());
        }
        let crashed = Instant::now();
        while crashed.elapsed() < RECOVERY_TIMEOUT {
            self.system.postgres.resume().await?;
            if let Ok(superuser) = self.system.superuser().await
                && started_at(superuser).await.is_ok_and(|at| at != before)
            {
                return Ok(1);
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err(format!("the server did not recover from its crash in {} s", RECOVERY_TIMEOUT.as_secs()).into())
    }
}
