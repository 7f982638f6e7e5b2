//! PostgreSQL for the functions and the tests: the server that `DATABASE_URL` names, or one that
//! this process starts.

mod account;
mod admin;
mod cluster;
mod database;
mod package;
mod pgbouncer;
mod process;
mod programs;
mod server;
mod version;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::OnceCell;

use crate::{
    error::StartError,
    log::{Log, LogLines},
};
use account::Account;
use admin::Admin;
use cluster::Passwords;
pub use database::Database;
use database::OWNER;
pub use pgbouncer::PgBouncer;
use programs::Programs;
use server::Server;
pub(crate) use version::MINIMUM;

/// The options of [`Postgres::start`] and [`Postgres::launch`].
#[derive(Clone)]
pub struct PostgresOptions {
    /// Where the cluster is kept between runs. Without it the cluster is temporary.
    pub data: Option<PathBuf>,
    /// Starts over with an empty cluster.
    pub fresh: bool,
    /// The folders in which to look for PostgreSQL's programs, instead of this machine's usual
    /// ones. If they contain no usable programs, a package from npm is used.
    pub path: Option<Vec<PathBuf>>,
    /// Receives one line for each step.
    pub progress: Option<LogLines>,
}

impl Default for PostgresOptions {
    /// A temporary cluster. `path` comes from the environment variable `POSTGRES_PATH`, whose
    /// folders are separated by colons. The variable may be empty.
    fn default() -> Self {
        let path = std::env::var_os("POSTGRES_PATH").map(|path| {
            std::env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty()).collect()
        });
        Self { data: None, fresh: false, path, progress: None }
    }
}

/// A running PostgreSQL. Dropping it shuts the server down if this process
/// started it.
#[derive(Debug)]
#[must_use = "dropping it shuts the server down"]
pub struct Postgres {
    admin: Admin,
    /// Declared before the server, because it must be dropped before the server.
    pgbouncer: OnceCell<PgBouncer>,
    /// `None` if this process did not start the server.
    server: Option<Arc<Server>>,
}

impl Postgres {
    /// Connects to the server that the environment variable `DATABASE_URL` names, as a superuser.
    /// Without the variable, starts a server.
    ///
    /// # Errors
    /// See [`Postgres::connect`] and [`Postgres::launch`].
    pub async fn start(options: PostgresOptions) -> Result<Self, StartError> {
        match std::env::var("DATABASE_URL") {
            Ok(url) if !url.is_empty() => {
                let log = Log(options.progress);
                log.line(|| "Connecting to the PostgreSQL that DATABASE_URL names…".to_owned());
                Self::connect(&url).await
            }
            _ => Self::launch(options).await,
        }
    }

    /// Starts a server on a free loopback port and waits until it accepts connections.
    ///
    /// # Errors
    /// If no server is installed and the package cannot be fetched, if the cluster belongs to
    /// another version or to a running server, or if the server does not start.
    pub async fn launch(options: PostgresOptions) -> Result<Self, StartError> {
        let PostgresOptions { data, fresh, path, progress } = options;
        let (account, log) = (Account::find()?, Log(progress));
        let programs = Programs::find(path, account, &log).await?;
        let started = tokio::task::spawn_blocking(move || {
            Server::start(programs, account, data.as_deref(), fresh, &log)
        });
        let (server, passwords) =
            started.await.map_err(|error| StartError::Postgres(error.to_string()))??;
        let admin = Admin {
            host: "127.0.0.1".to_owned(),
            port: server.port,
            superuser: "postgres".to_owned(),
            passwords,
            server_name: "the PostgreSQL started here",
        };
        let postgres = Self { admin, pgbouncer: OnceCell::new(), server: Some(Arc::new(server)) };
        postgres.admin.create_owner().await?;
        Ok(postgres)
    }

    /// Uses a running server and leaves it running. The URL is a superuser's.
    ///
    /// # Errors
    /// If the URL names no host, or the server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StartError> {
        let unusable =
            |problem: &str| StartError::Postgres(format!("DATABASE_URL cannot be used: {problem}"));
        let config: tokio_postgres::Config =
            url.parse().map_err(|error: tokio_postgres::Error| unusable(&error.to_string()))?;
        let host = match config.get_hosts() {
            [tokio_postgres::config::Host::Tcp(host), ..] => host.clone(),
            _ => return Err(unusable("a host name is expected, not the path of a socket")),
        };
        let password = config
            .get_password()
            .map(|password| String::from_utf8_lossy(password).into_owned())
            .unwrap_or_default();
        let admin = Admin {
            host,
            port: config.get_ports().first().copied().unwrap_or(5432),
            superuser: config.get_user().unwrap_or("postgres").to_owned(),
            // The owner gets the superuser's password, so the password is the same in the next run
            // and need not be stored.
            passwords: Passwords { superuser: password.clone(), owner: password },
            server_name: "the PostgreSQL that DATABASE_URL names",
        };
        admin.create_owner().await?;
        Ok(Self { admin, pgbouncer: OnceCell::new(), server: None })
    }

    /// Creates a database unless it exists. Its owner is `chatchat`, which is not a superuser.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn create_database(&self, name: &str) -> Result<Database, StartError> {
        self.admin.create_database(name).await?;
        Ok(Database {
            host: self.admin.host.clone(),
            port: self.admin.port,
            name: name.to_owned(),
            user: OWNER.to_owned(),
            password: self.admin.passwords.owner.clone(),
        })
    }

    /// Returns the same database through PgBouncer in transaction mode. The first call starts
    /// PgBouncer, which all databases of this server share.
    ///
    /// # Errors
    /// If PgBouncer is not installed or does not start.
    pub async fn pooled(&self, database: &Database) -> Result<Database, StartError> {
        let pgbouncer = self.pgbouncer.get_or_try_init(|| PgBouncer::start(&self.admin)).await?;
        Ok(Database { host: pgbouncer::HOST.to_owned(), port: pgbouncer.port(), ..database.clone() })
    }

    /// The running PgBouncer; `None` before the first call of [`Postgres::pooled`].
    pub fn pgbouncer(&self) -> Option<&PgBouncer> {
        self.pgbouncer.get()
    }

    /// Shuts the server down until [`Postgres::resume`]. The data and the port are kept, and
    /// PgBouncer keeps running.
    ///
    /// # Errors
    /// If this process did not start the server.
    pub async fn halt(&self) -> Result<(), StartError> {
        let halt = |server: &Server| {
            server.halt();
            Ok(())
        };
        self.with_server(halt).await
    }

    /// Starts a halted or crashed server on its port and waits until it accepts connections. Does
    /// nothing if the server is running.
    ///
    /// # Errors
    /// If this process did not start the server, or the server does not start.
    pub async fn resume(&self) -> Result<(), StartError> {
        self.with_server(Server::resume).await
    }

    /// Shuts the server down, starts it on its port with its data, and waits until it accepts
    /// connections.
    ///
    /// # Errors
    /// If this process did not start the server, or the server does not start.
    pub async fn restart(&self) -> Result<(), StartError> {
        self.with_server(Server::restart).await
    }

    async fn with_server(
        &self,
        act: impl FnOnce(&Server) -> Result<(), StartError> + Send + 'static,
    ) -> Result<(), StartError> {
        let Some(server) = self.server.clone() else {
            let problem = "the PostgreSQL that DATABASE_URL names was not started here, so it cannot be stopped or started here";
            return Err(StartError::Postgres(problem.to_owned()));
        };
        let done = tokio::task::spawn_blocking(move || act(&server)).await;
        done.map_err(|error| StartError::Postgres(error.to_string()))?
    }

    /// Drops a database if it exists, and ends its connections.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn drop_database(&self, name: &str) -> Result<(), StartError> {
        self.admin.drop_database(name).await
    }

    /// The connection string of a superuser.
    pub fn admin_url(&self, database: &str) -> String {
        self.admin.url(database)
    }

    /// Returns the folder with the cluster and the server's log; `None` if this process did not
    /// start the server.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.server.as_ref().map(|server| server.folder.path.as_path())
    }

    /// Returns the process id of the server; `None` if this process did not start the server, or if
    /// the server is halted.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref()?.pid()
    }

    /// Shuts the server down and waits until it has ended.
    pub async fn stop(self) {
        // Dropping `self` shuts the server down. The standard library already reports a panic in
        // there.
        let stopped = tokio::task::spawn_blocking(move || drop(self));
        _ = tokio::time::timeout(Duration::from_secs(30), stopped).await;
    }
}
