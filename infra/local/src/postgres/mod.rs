//! PostgreSQL for the functions and the tests: the server that `DATABASE_URL` names, or one that is started here.

mod account;
mod admin;
mod cluster;
mod package;
mod pgbouncer;
mod process;
mod programs;
mod server;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::OnceCell;

use crate::{
    error::StartError,
    log::{Log, LogLines},
};
use account::Account;
use cluster::Passwords;
pub use pgbouncer::PgBouncer;
pub(crate) use programs::MINIMUM;
use programs::Programs;
use server::Server;

/// The role that owns the databases, with the rights of RDS's master user: no superuser.
const OWNER: &str = "chatchat";

/// Which server to use.
#[derive(Clone)]
pub struct PostgresOptions {
    /// Where the cluster is kept between runs; without it the cluster is temporary.
    pub data: Option<PathBuf>,
    /// Starts over with an empty cluster.
    pub fresh: bool,
    /// Where to look for PostgreSQL's programs, instead of the folders where this machine would have them. If there are none, a package
    /// from npm is used.
    pub path: Option<Vec<PathBuf>>,
    /// Takes one line a step.
    pub progress: Option<LogLines>,
}

impl Default for PostgresOptions {
    /// A temporary cluster. The environment variable `POSTGRES_PATH` is a list of folders for `path`, separated by colons; it may be empty.
    fn default() -> Self {
        let path = std::env::var_os("POSTGRES_PATH").map(|path| {
            std::env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty()).collect()
        });
        Self { data: None, fresh: false, path, progress: None }
    }
}

/// A database with the role that owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// The server's host.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// The database's name.
    pub name: String,
    /// The owner, who is no superuser.
    pub user: String,
    /// The owner's password.
    pub password: String,
}

impl Database {
    /// The connection string of the owner.
    pub fn url(&self) -> String {
        url(&self.host, self.port, &self.user, &self.password, &self.name)
    }
}

/// A running PostgreSQL; dropping it shuts it down if it was started here.
#[derive(Debug)]
#[must_use = "dropping it shuts the server down"]
pub struct Postgres {
    host: String,
    port: u16,
    superuser: String,
    passwords: Passwords,
    /// Above the server, for it goes before it.
    pgbouncer: OnceCell<PgBouncer>,
    /// Nothing when the server is somebody else's.
    server: Option<Arc<Server>>,
}

impl Postgres {
    /// Connects to the server that the environment variable `DATABASE_URL` names, as a superuser; without it starts one.
    ///
    /// # Errors
    /// As [`Postgres::connect`] and [`Postgres::launch`].
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

    /// Starts a server on a free loopback port and waits until it takes connections.
    ///
    /// # Errors
    /// When no server is installed and the package cannot be fetched, the cluster belongs to another version or to a running server, or the
    /// server does not start.
    pub async fn launch(options: PostgresOptions) -> Result<Self, StartError> {
        let PostgresOptions { data, fresh, path, progress } = options;
        let (account, log) = (Account::find()?, Log(progress));
        let programs = Programs::find(path, account, &log).await?;
        let started = tokio::task::spawn_blocking(move || {
            Server::start(programs, account, data.as_deref(), fresh, &log)
        });
        let (server, passwords) =
            started.await.map_err(|error| StartError::Postgres(error.to_string()))??;
        let (host, superuser) = ("127.0.0.1".to_owned(), "postgres".to_owned());
        let (port, pgbouncer, server) = (server.port, OnceCell::new(), Some(Arc::new(server)));
        let postgres = Self { host, port, superuser, passwords, pgbouncer, server };
        postgres.make_owner().await?;
        Ok(postgres)
    }

    /// Uses a server that is running, and leaves it running; the URL is a superuser's.
    ///
    /// # Errors
    /// When the URL names no host, or the server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StartError> {
        let unusable =
            |problem: &str| StartError::Postgres(format!("DATABASE_URL cannot be used: {problem}"));
        let config: tokio_postgres::Config =
            url.parse().map_err(|error: tokio_postgres::Error| unusable(&error.to_string()))?;
        let host = match config.get_hosts() {
            [tokio_postgres::config::Host::Tcp(host), ..] => host.clone(),
            _ => return Err(unusable("a host name is expected, not a socket's path")),
        };
        let password = config
            .get_password()
            .map(|password| String::from_utf8_lossy(password).into_owned())
            .unwrap_or_default();
        // The owner gets the superuser's password: it is the same at the next run, and nothing has to be kept.
        let passwords = Passwords { superuser: password.clone(), owner: password };
        let superuser = config.get_user().unwrap_or("postgres").to_owned();
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let postgres = Self { host, port, superuser, passwords, pgbouncer: OnceCell::new(), server: None };
        postgres.make_owner().await?;
        Ok(postgres)
    }

    /// Creates a database unless it is there; its owner is `chatchat`, who is no superuser.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create_database(&self, name: &str) -> Result<Database, StartError> {
        self.make_database(name).await?;
        Ok(Database {
            host: self.host.clone(),
            port: self.port,
            name: name.to_owned(),
            user: OWNER.to_owned(),
            password: self.passwords.owner.clone(),
        })
    }

    /// The same database through PgBouncer in transaction mode, which all databases of this server share; the first call starts it.
    ///
    /// # Errors
    /// When PgBouncer is not installed, or does not start.
    pub async fn pooled(&self, database: &Database) -> Result<Database, StartError> {
        let pgbouncer = self.pgbouncer.get_or_try_init(|| PgBouncer::start(self)).await?;
        Ok(Database { host: pgbouncer::HOST.to_owned(), port: pgbouncer.port(), ..database.clone() })
    }

    /// The running PgBouncer; nothing before [`Postgres::pooled`] was called.
    pub fn pgbouncer(&self) -> Option<&PgBouncer> {
        self.pgbouncer.get()
    }

    /// Shuts the server down until [`Postgres::resume`]; its data, its port and PgBouncer stay.
    ///
    /// # Errors
    /// When the server was not started here.
    pub async fn halt(&self) -> Result<(), StartError> {
        let halt = |server: &Server| {
            server.halt();
            Ok(())
        };
        self.with_server(halt).await
    }

    /// Starts a halted or crashed server on its port and waits until it takes connections; one that runs is left alone.
    ///
    /// # Errors
    /// When the server was not started here, or does not start.
    pub async fn resume(&self) -> Result<(), StartError> {
        self.with_server(Server::resume).await
    }

    /// Shuts the server down, starts it on its port with its data, and waits until it takes connections.
    ///
    /// # Errors
    /// When the server was not started here, or does not start.
    pub async fn restart(&self) -> Result<(), StartError> {
        self.with_server(Server::restart).await
    }

    async fn with_server(
        &self,
        act: impl FnOnce(&Server) -> Result<(), StartError> + Send + 'static,
    ) -> Result<(), StartError> {
        let Some(server) = self.server.clone() else {
            let problem = "the PostgreSQL that DATABASE_URL names was not started here and is not stopped or started here";
            return Err(StartError::Postgres(problem.to_owned()));
        };
        let done = tokio::task::spawn_blocking(move || act(&server)).await;
        done.map_err(|error| StartError::Postgres(error.to_string()))?
    }

    /// Drops a database if it is there, and ends the connections to it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn drop_database(&self, name: &str) -> Result<(), StartError> {
        self.as_superuser(&format!("drop database if exists {} with (force)", quoted(name, '"'))).await
    }

    /// The connection string of a superuser.
    pub fn admin_url(&self, database: &str) -> String {
        url(&self.host, self.port, &self.superuser, &self.passwords.superuser, database)
    }

    /// The folder with the cluster and the server's log; nothing when the server was not started here.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.server.as_ref().map(|server| server.folder.path.as_path())
    }

    /// The process id of the server, if it was started here and is not halted.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref()?.pid()
    }

    /// Shuts the server down and waits for its end.
    pub async fn stop(self) {
        // Dropping it is the shutdown; a panic in there would already have been reported.
        let stopped = tokio::task::spawn_blocking(move || drop(self));
        _ = tokio::time::timeout(Duration::from_secs(30), stopped).await;
    }
}

fn url(host: &str, port: u16, user: &str, password: &str, database: &str) -> String {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    format!("postgres://{}:{}@{host}:{port}/{}", encode(user), encode(password), encode(database))
}

/// A name or a text as SQL writes it.
fn quoted(text: &str, quote: char) -> String {
    format!("{quote}{}{quote}", text.replace(quote, &format!("{quote}{quote}")))
}
