//! The whole product on this machine: functions, PostgreSQL, local cloud.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

use chatchat_local::{Cloud, Database, LogLines, Options, Postgres, PostgresOptions, Settings};
use chatchat_template::Template;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Failure;

/// The repository's folder.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where the functions' programs are: a folder that the environment variable `FUNCTIONS` names, below the repository's, or cargo's.
fn programs() -> PathBuf {
    env::var_os("FUNCTIONS").map_or_else(|| target().join("debug"), |folder| root().join(folder))
}

/// Builds the functions that the template names, once in this process, unless `FUNCTIONS` names a folder that has them. cargo shows its
/// progress. Returns the folder with the programs.
pub fn build_functions() -> Result<PathBuf, Failure> {
    static BUILT: Mutex<bool> = Mutex::new(false);
    let programs = programs();
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if *built || env::var_os("FUNCTIONS").is_some() {
        return Ok(programs);
    }
    let artifacts: BTreeSet<String> =
        Template::read(&template())?.functions()?.into_iter().map(|function| function.artifact).collect();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // With `--workspace`, cargo does not compile dependencies once more that other builds of the workspace have compiled.
    cargo.current_dir(root()).args(["build", "--workspace"]);
    for artifact in &artifacts {
        cargo.args(["--bin", artifact]);
    }
    let status = cargo.status().map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !status.success() {
        return Err(format!("`cargo build` of the functions failed with {status} (output above)").into());
    }
    *built = true;
    Ok(programs)
}

fn template() -> PathBuf {
    root().join("infra/template.yaml")
}

/// How to run the product.
pub struct SystemOptions {
    /// The public port; 0 takes any that is free.
    pub port: u16,
    /// Where data and logs are kept between runs; without it they go with the system.
    pub state: Option<PathBuf>,
    /// Whether to start over with empty data.
    pub fresh: bool,
    /// Takes one line a request.
    pub log: Option<LogLines>,
    /// Takes one line a step of the start.
    pub progress: Option<LogLines>,
    /// Limits of the local cloud.
    pub settings: Settings,
    /// A server that runs already, for a database of its own there.
    pub postgres: Option<Arc<Postgres>>,
    /// Whether the functions reach the database through PgBouncer in transaction mode.
    pub pooled: bool,
}

impl Default for SystemOptions {
    /// A temporary system; the environment variable `POOLED` says whether through PgBouncer.
    fn default() -> Self {
        Self {
            port: 0,
            state: None,
            fresh: false,
            log: None,
            progress: None,
            settings: Settings::default(),
            postgres: None,
            pooled: env::var_os("POOLED").is_some_and(|value| !value.is_empty()),
        }
    }
}

/// A running ChatChat. Dropping it ends all that it started.
pub struct System {
    /// The local cloud.
    pub cloud: Cloud,
    /// The database server.
    pub postgres: Arc<Postgres>,
    /// The product's database, past the pooler.
    pub database: Database,
    /// Whether there is a pooler.
    pub pooled: bool,
    options: Options,
    state: State,
}

/// Where a system keeps its data and logs.
enum State {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl State {
    fn folder(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

impl System {
    /// Starts everything and migrates the database; the functions must be built.
    pub async fn start(options: SystemOptions) -> Result<Self, Failure> {
        let port = if options.port == 0 { free_port()? } else { options.port };
        let state = match options.state {
            Some(folder) => State::Kept(folder),
            None => State::Temporary(tempfile::tempdir()?),
        };
        let folder = state.folder();
        let progress = options.progress;
        fs::create_dir_all(folder)
            .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
        let postgres = if let Some(postgres) = options.postgres {
            postgres
        } else {
            let data = matches!(state, State::Kept(_)).then(|| folder.join("postgres"));
            let (fresh, progress) = (options.fresh, progress.clone());
            let postgres = PostgresOptions { data, fresh, progress, ..PostgresOptions::default() };
            Arc::new(Postgres::start(postgres).await?)
        };
        let name = match &state {
            State::Kept(_) => "chatchat".to_owned(),
            State::Temporary(_) => format!("chatchat_{}", uuid::Uuid::new_v4().simple()),
        };
        let database = postgres.create_database(&name).await?;
        let pooled = options.pooled;
        let reached = if pooled { postgres.pooled(&database).await? } else { database.clone() };
        let options = Options {
            template: template(),
            artifacts: programs(),
            port,
            database: Some(reached),
            secrets_file: Some(folder.join("secrets.json")),
            files: Some(folder.join("files")),
            parameters: BTreeMap::from([
                ("DatabaseName".to_owned(), name),
                ("DistributionSecret".to_owned(), uuid::Uuid::new_v4().to_string()),
            ]),
            settings: options.settings,
            log: options.log,
            function_log: Some(folder.join("functions.log")),
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

    /// Stops the cloud with all functions, and starts it again on the same data.
    pub async fn restart(self) -> Result<Self, Failure> {
        let Self { cloud, postgres, database, pooled, options, state } = self;
        cloud.stop().await;
        let cloud = Cloud::start(options.clone()).await?;
        Ok(Self { cloud, postgres, database, pooled, options, state })
    }

    /// Brings the schema up to date, through the function that does it on AWS; gives the versions applied.
    pub async fn migrate(&self) -> Result<Value, Failure> {
        Ok(self.cloud.invoke("Migrate", json!({})).await?)
    }

    /// What the functions wrote to their log.
    pub fn log(&self) -> Result<String, Failure> {
        Ok(fs::read_to_string(self.state.folder().join("functions.log"))?)
    }

    /// The database as its superuser, for questions and changes that the product has no route for.
    pub async fn superuser(&self) -> Result<tokio_postgres::Client, Failure> {
        let url = self.postgres.admin_url(&self.database.name);
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// The key that signs access tokens now: its id and the secret itself.
    pub fn signing_key(&self) -> Result<(String, String), Failure> {
        let secrets: Value =
            serde_json::from_str(&fs::read_to_string(self.state.folder().join("secrets.json"))?)?;
        let key = &secrets["TokenSecret"]["current"];
        match (key["id"].as_str(), key["value"].as_str()) {
            (Some(id), Some(secret)) => Ok((id.to_owned(), secret.to_owned())),
            _ => Err("the local cloud keeps no signing key".into()),
        }
    }

    /// Stops everything that was started here.
    pub async fn stop(self) {
        self.cloud.stop().await;
        if let Some(postgres) = Arc::into_inner(self.postgres) {
            postgres.stop().await;
        }
    }
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
