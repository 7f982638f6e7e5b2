//! What a cloud is started with.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use crate::{Database, log::LogLines, settings::Settings};

/// What to run, and where.
#[derive(Clone, Default)]
pub struct Options {
    /// The SAM template.
    pub template: PathBuf,
    /// The folder with the compiled functions, named as the last components of `CodeUri`; or folders so named, with a `bootstrap` each.
    pub artifacts: PathBuf,
    /// The public port; 0 takes any that is free.
    pub port: u16,
    /// The database that the template's RDS instance stands for.
    pub database: Option<Database>,
    /// Where generated secrets are kept between runs; without it they are new each time.
    pub secrets_file: Option<PathBuf>,
    /// The folder where the objects of buckets are kept between runs; without it they go with the cloud.
    pub files: Option<PathBuf>,
    /// Values for the template's parameters.
    pub parameters: BTreeMap<String, String>,
    /// Limits and choices.
    pub settings: Settings,
    /// Takes one line a request.
    pub log: Option<LogLines>,
    /// Takes what the functions write; it is appended to.
    pub function_log: Option<PathBuf>,
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
