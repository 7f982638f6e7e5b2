//! The whole product on this machine: functions, PostgreSQL and the local cloud.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use chatchat_local::{Calls, Cloud, Database, LogLines, Options, Postgres, PostgresOptions, Settings};
use chatchat_template::Template;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Failure;

/// Returns the folder of the repository.
pub fn root() -> PathBuf {
    let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
    harness.ancestors().nth(2).unwrap_or(harness).to_owned()
}

/// Returns cargo's target folder.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns the folder with the functions' programs: the one in the environment variable `FUNCTIONS`
/// (relative to the repository), or cargo's.
fn programs() -> PathBuf {
    env::var_os("FUNCTIONS").map_or_else(|| target().join("debug"), |folder| root().join(folder))
}

/// Builds the functions of the template, at most once per process, and returns the folder with the
/// programs. Does not build if the environment variable `FUNCTIONS` is set.
pub fn build_functions() -> Result<PathBuf, Failure> {
    static BUILT: Mutex<bool> = Mutex::new(false);
    let programs = programs();
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if !*built && env::var_os("FUNCTIONS").is_none() {
        cargo_build(&[])?;
        *built = true;
    }
    Ok(programs)
}

/// Builds the functions of the template with optimisation, and returns the folder with the
/// programs. Does not build if the environment variable `FUNCTIONS` is set.
pub fn build_optimised_functions() -> Result<PathBuf, Failure> {
    if env::var_os("FUNCTIONS").is_some() {
        return Ok(programs());
    }
    cargo_build(&["--release"])?;
    Ok(target().join("release"))
}

fn cargo_build(options: &[&str]) -> Result<(), Failure> {
    let artifacts: BTreeSet<String> =
        Template::read(&template())?.functions()?.into_iter().map(|function| function.artifact).collect();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // With `--workspace`, cargo reuses the dependencies that other builds of the workspace
    // compiled.
    cargo.current_dir(root()).args(["build", "--workspace"]).args(options);
    for artifact in &artifacts {
        cargo.args(["--bin", artifact]);
    }
    let status = cargo.status().map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !status.success() {
        return Err(format!("`cargo build` of the functions failed with {status} (output above)").into());
    }
    Ok(())
}

fn template() -> PathBuf {
    root().join("infra/template.yaml")
}

/// Options for starting the product.
#[expect(clippy::struct_excessive_bools, reason = "the options do not depend on each other")]
pub struct SystemOptions {
    /// The folder with the functions' programs.
    pub programs: PathBuf,
    /// The public port; 0 means any free port.
    pub port: u16,
    /// The folder that keeps data and logs between runs. Without it, they are deleted when the
    /// system is dropped.
    pub state: Option<PathBuf>,
    /// Whether to delete existing data first.
    pub fresh: bool,
    /// Receives one line for each request.
    pub log: Option<LogLines>,
    /// Receives each call of a function that has ended.
    pub calls: Option<Calls>,
    /// Receives one line for each step of the start.
    pub progress: Option<LogLines>,
    /// Limits of the local cloud.
    pub settings: Settings,
    /// A running PostgreSQL server in which to create the database.
    pub postgres: Option<Arc<Postgres>>,
    /// Whether the functions connect through PgBouncer in transaction mode.
    pub pooled: bool,
    /// Whether the functions reach all services through relays, which count the traffic and whose
    /// connections to the database can go silent.
    pub relays: bool,
    /// Whether schedules call the functions of a page load every five minutes. Otherwise, they call
    /// all functions weekly, which no test waits for.
    pub warm: bool,
    /// Whether the canary exists, and holds a conversation every 15 minutes.
    pub canary: bool,
}

impl Default for SystemOptions {
    /// A temporary system with the functions of [`build_functions`]. It uses PgBouncer if the
    /// environment variable `POOLED` is set.
    fn default() -> Self {
        Self {
            programs: programs(),
            port: 0,
            state: None,
            fresh: false,
            log: None,
            calls: None,
            progress: None,
            settings: Settings::default(),
            postgres: None,
            pooled: env::var_os("POOLED").is_some_and(|value| !value.is_empty()),
            relays: false,
            warm: false,
            canary: false,
        }
    }
}

/// A running ChatChat. Dropping it stops everything that it started.
pub struct System {
    /// The local cloud.
    pub cloud: Cloud,
    /// The database server.
    pub postgres: Arc<Postgres>,
    /// The product's database with its owner, accessed directly and not through PgBouncer.
    pub database: Database,
    /// Whether the functions connect through PgBouncer.
    pub pooled: bool,
    options: Options,
    state: State,
}

/// The folder with the data and logs of a system.
enum State {
    Persistent(PathBuf),
    Temporary(TempDir),
}

impl State {
    fn folder(&self) -> &Path {
        match self {
            Self::Persistent(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

impl System {
    /// Starts everything and migrates the database. The functions must be built already.
    pub async fn start(options: SystemOptions) -> Result<Self, Failure> {
        let port = if options.port == 0 { free_port()? } else { options.port };
        let state = match options.state {
            Some(folder) => State::Persistent(folder),
            None => State::Temporary(tempfile::tempdir()?),
        };
        let folder = state.folder();
        let progress = options.progress;
        fs::create_dir_all(folder)
            .map_err(|error| format!("{} cannot be created: {error}", folder.display()))?;
        let postgres = if let Some(postgres) = options.postgres {
            postgres
        } else {
            let data = matches!(state, State::Persistent(_)).then(|| folder.join("postgres"));
            let (fresh, progress) = (options.fresh, progress.clone());
            let postgres = PostgresOptions { data, fresh, progress, ..PostgresOptions::default() };
            Arc::new(Postgres::start(postgres).await?)
        };
        let name = match &state {
            State::Persistent(_) => "chatchat".to_owned(),
            State::Temporary(_) => format!("chatchat_{}", uuid::Uuid::new_v4().simple()),
        };
        let database = postgres.create_database(&name).await?;
        let pooled = options.pooled;
        let reached = if pooled { postgres.pooled(&database).await? } else { database.clone() };
        let switch = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
        let options = Options {
            template: template(),
            artifacts: options.programs,
            port,
            database: Some(reached),
            relays: options.relays,
            secrets_file: Some(folder.join("secrets.json")),
            files: Some(folder.join("files")),
            parameters: BTreeMap::from([
                ("DatabaseName".to_owned(), name),
                ("DistributionSecret".to_owned(), uuid::Uuid::new_v4().to_string()),
                ("Warm".to_owned(), switch(options.warm)),
                ("Canary".to_owned(), switch(options.canary)),
            ]),
            settings: options.settings,
            log: options.log,
            calls: options.calls,
            function_log: Some(folder.join("functions.log")),
            function_logs: Some(folder.join("functions")),
        };
        let cloud = Cloud::start(options.clone()).await?;
        let system = Self { cloud, postgres, database, pooled, options, state };
        if let Some(progress) = &progress {
            progress("Running migrations…");
        }
        let log = system.state.folder().join("functions.log");
        system.migrate().await.map_err(|error| {
            format!("the migrations failed: {error} (the functions' log is {})", log.display())
        })?;
        Ok(system)
    }

    /// Stops the local cloud with all functions, and starts it again with the same data.
    pub async fn restart(self) -> Result<Self, Failure> {
        let Self { cloud, postgres, database, pooled, options, state } = self;
        cloud.stop().await;
        let cloud = Cloud::start(options.clone()).await?;
        Ok(Self { cloud, postgres, database, pooled, options, state })
    }

    /// Migrates the schema with the function that does it on AWS. Returns the applied versions.
    pub async fn migrate(&self) -> Result<Value, Failure> {
        Ok(self.cloud.invoke("Migrate", json!({})).await?)
    }

    /// Returns the functions' log.
    pub fn log(&self) -> Result<String, Failure> {
        Ok(fs::read_to_string(self.state.folder().join("functions.log"))?)
    }

    /// Returns the logs of the functions by their logical ids.
    pub fn logs(&self) -> Result<BTreeMap<String, String>, Failure> {
        let files = fs::read_dir(self.state.folder().join("functions"))?;
        let read = |file: std::io::Result<fs::DirEntry>| {
            let file = file?;
            Ok((file.file_name().to_string_lossy().into_owned(), fs::read_to_string(file.path())?))
        };
        files.map(read).collect()
    }

    /// Connects to the database as superuser, for queries and changes that no route supports.
    pub async fn superuser(&self) -> Result<tokio_postgres::Client, Failure> {
        let url = self.postgres.admin_url(&self.database.name);
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Returns the database with the role of the functions and its current password, accessed
    /// directly and not through PgBouncer.
    pub fn functions_database(&self) -> Result<Database, Failure> {
        let role: Value = serde_json::from_str(&self.secret("FunctionsSecret")?.1)?;
        let text = |name: &str| role[name].as_str().unwrap_or_default().to_owned();
        Ok(Database { user: text("username"), password: text("password"), ..self.database.clone() })
    }

    /// Calls the rotation function for one step. `version` is the id of the secret's new version.
    pub async fn rotation_step(&self, step: &str, version: &str) -> Result<(), Failure> {
        let region = &self.options.settings.region;
        let arn = format!("arn:aws:secretsmanager:{region}:000000000000:secret:FunctionsSecret");
        let event = json!({ "Step": step, "SecretId": arn, "ClientRequestToken": version });
        self.cloud.invoke("RotatePassword", event).await?;
        Ok(())
    }

    /// Returns the id and the value of the current signing key of access tokens.
    pub fn signing_key(&self) -> Result<(String, String), Failure> {
        self.secret("TokenSecret")
    }

    /// Returns the id and the value of the current version of a secret, by its logical id.
    fn secret(&self, logical_id: &str) -> Result<(String, String), Failure> {
        let secrets: Value =
            serde_json::from_str(&fs::read_to_string(self.state.folder().join("secrets.json"))?)?;
        let current = &secrets[logical_id]["current"];
        match (current["id"].as_str(), current["value"].as_str()) {
            (Some(id), Some(value)) => Ok((id.to_owned(), value.to_owned())),
            _ => Err(format!("secrets.json of the local cloud contains no {logical_id}").into()),
        }
    }

    /// Stops everything that this system started.
    pub async fn stop(self) {
        self.cloud.stop().await;
        if let Some(postgres) = Arc::into_inner(self.postgres) {
            postgres.stop().await;
        }
    }
}

/// Returns a loopback port that no program listens on.
///
/// Operating systems assign higher ports to connections and to listeners without a fixed port, so
/// such a socket cannot take the port before the caller listens on it.
pub fn free_port() -> Result<u16, Failure> {
    const PORTS: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Each process begins at another port.
    let numbered = |number: u32| u16::try_from(20_000 + (std::process::id() * 97 + number) % PORTS).ok();
    (0..PORTS)
        .filter_map(|_| numbered(NEXT.fetch_add(1, Ordering::Relaxed)))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| "no loopback port is free".into())
}
