//! The options of a cloud.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use crate::{Calls, Database, log::LogLines, settings::Settings};

/// The options of [`Cloud::start`](crate::Cloud::start).
#[derive(Clone, Default)]
pub struct Options {
    /// The SAM template.
    pub template: PathBuf,
    /// The folder with the compiled functions. Each has the name of the last component of its
    /// `CodeUri`, and is a program or a folder with a program `bootstrap`.
    pub artifacts: PathBuf,
    /// The public port; 0 means any free port.
    pub port: u16,
    /// The database in place of the template's RDS instance.
    pub database: Option<Database>,
    /// Whether the functions reach all services through relays, which
    /// [`Cloud::silence_database`](crate::Cloud::silence_database) and
    /// [`Cloud::traffic`](crate::Cloud::traffic) need.
    pub relays: bool,
    /// The file that keeps generated secrets between runs. Without it, each run generates new
    /// secrets.
    pub secrets_file: Option<PathBuf>,
    /// The folder that keeps the objects of buckets between runs. Without it, the objects are
    /// removed with the cloud.
    pub files: Option<PathBuf>,
    /// The values of the template's parameters.
    pub parameters: BTreeMap<String, String>,
    /// Limits, and choices where AWS does not document its behaviour.
    pub settings: Settings,
    /// Receives one line for each request.
    pub log: Option<LogLines>,
    /// Receives each call of a function that has ended.
    pub calls: Option<Calls>,
    /// The file to which the functions' output is appended, with Lambda's reports on failed calls.
    pub function_log: Option<PathBuf>,
    /// The folder in which each function has a file with its own part of that output. The file's
    /// name is the function's logical id.
    pub function_logs: Option<PathBuf>,
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("template", &self.template)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
