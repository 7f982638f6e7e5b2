//! Why the cloud or PostgreSQL cannot start; each message says what to do.

use std::path::PathBuf;

use chatchat_template::TemplateError;

use crate::postgres::MINIMUM;

/// Why the cloud or the database cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The template cannot be read or is invalid.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// These programs of functions are not compiled.
    #[error("the functions are not built: {} missing; run `cargo build --workspace` first", joined(.0))]
    NotBuilt(Vec<PathBuf>),
    /// Another program uses the port.
    #[error(
        "port {0} is taken by another program (is the local cloud already running?); stop that program or choose another port"
    )]
    PortTaken(u16),
    /// The template contains something that this cloud cannot use.
    #[error("{0}")]
    Unusable(String),
    /// A file or a socket could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted.
        what: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// This machine has no usable PostgreSQL, and the package from npm could not be used either.
    #[error(
        "no PostgreSQL {MINIMUM} or newer was found on this machine, and {0}. Alternatively install PostgreSQL (Debian and Ubuntu: \
         `sudo apt install postgresql`, macOS: `brew install postgresql`), or set DATABASE_URL to the URL of a server's superuser"
    )]
    NoPostgres(String),
    /// PgBouncer is not installed.
    #[error(
        "PgBouncer is not installed here; install it (Debian and Ubuntu: `sudo apt install pgbouncer`, macOS: `brew install pgbouncer`)"
    )]
    NoPgBouncer,
    /// PostgreSQL or PgBouncer is installed and does not work.
    #[error("{0}")]
    Postgres(String),
}

impl StartError {
    /// Returns a function for `map_err` that adds what was attempted.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

fn joined(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
