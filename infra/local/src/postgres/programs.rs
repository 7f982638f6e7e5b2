//! PostgreSQL's programs: those of this machine, or else a package from npm.

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use super::{
    account::Account,
    package::Package,
    process::output,
    version::{MINIMUM, major},
};
use crate::{error::StartError, log::Log};

/// The programs of one installation of PostgreSQL.
#[derive(Debug)]
pub(super) struct Programs {
    /// The folder with `initdb` and `postgres`.
    pub(super) folder: PathBuf,
    /// The server's version, for instance `15.18`.
    pub(super) version: String,
    /// The major version, for instance 15.
    pub(super) major: u32,
}

impl Programs {
    /// Finds programs in the folders of `path`, or in this machine's usual folders. If they contain
    /// no usable programs, takes them from a package, which `account` must be able to read.
    pub(super) async fn find(
        path: Option<Vec<PathBuf>>,
        account: Account,
        log: &Log,
    ) -> Result<Self, StartError> {
        if let Some(programs) = first_usable(path.unwrap_or_else(folders), log) {
            return Ok(programs);
        }
        let package = Package::for_this_platform()?;
        let folder = package.fetch(&Package::parent(account)?, log).await?;
        Self::in_folder(folder).map_err(|problem| {
            StartError::NoPostgres(format!("the package from npm does not work here: {problem}"))
        })
    }

    fn in_folder(folder: PathBuf) -> Result<Self, String> {
        let postgres = folder.join("postgres");
        let output = Command::new(&postgres).arg("--version").output();
        let output = output.map_err(|error| format!("{} cannot be run: {error}", postgres.display()))?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let version = printed.split_whitespace().find_map(|word| Some((word.to_owned(), major(word)?)));
        let (version, major) = version.ok_or_else(|| {
            let errors = String::from_utf8_lossy(&output.stderr);
            format!("`{} --version` prints \"{}{}\"", postgres.display(), printed.trim(), errors.trim())
        })?;
        Ok(Self { folder, version, major })
    }

    /// Returns the path of one of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns whether the server can load a module.
    pub(super) fn has_module(&self, name: &str) -> bool {
        let configured =
            output(Command::new(self.program("pg_config")).arg("--pkglibdir")).map(PathBuf::from);
        let folders = ["../lib", "../lib/postgresql"].map(|folder| self.folder.join(folder));
        configured
            .into_iter()
            .chain(folders)
            .any(|folder| ["so", "dylib"].iter().any(|end| folder.join(format!("{name}.{end}")).is_file()))
    }
}

/// Returns the programs in the first folder that contains a supported version. Logs one line for
/// each folder whose programs are unusable.
fn first_usable(folders: Vec<PathBuf>, log: &Log) -> Option<Programs> {
    let mut seen = BTreeSet::new();
    let complete = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    for folder in folders.into_iter().filter(complete) {
        if !seen.insert(folder.canonicalize().unwrap_or_else(|_| folder.clone())) {
            continue;
        }
        match Programs::in_folder(folder) {
            Ok(programs) if programs.major >= MINIMUM => return Some(programs),
            Ok(Programs { folder, version, .. }) => log.line(|| {
                format!(
                    "Skipping PostgreSQL {version} in {}: version {MINIMUM} or newer is needed",
                    folder.display()
                )
            }),
            Err(problem) => log.line(|| format!("Skipping a PostgreSQL that does not work: {problem}")),
        }
    }
    None
}

/// Returns the usual folders of this machine: the output of `pg_config --bindir`, then Debian's
/// (the newest version first), then Homebrew's, then those of other systems.
fn folders() -> Vec<PathBuf> {
    let configured = output(Command::new("pg_config").arg("--bindir")).map(PathBuf::from);
    configured
        .into_iter()
        .chain(newest("/usr/lib/postgresql", "bin"))
        .chain(newest("/opt/homebrew/opt", "bin"))
        .chain(newest("/usr/local/opt", "bin"))
        .chain(["/usr/pgsql/bin", "/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from))
        .collect()
}

/// Returns the folders `<root>/<name with a version>/<end>`, the newest version first.
fn newest(root: &str, end: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix("postgresql@").unwrap_or(&name).parse().ok()?;
            Some((version, entry.path().join(end)))
        })
        .collect();
    found.sort_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, path)| path).collect()
}

/// Returns the locale of a new cluster: RDS's `en_US.UTF-8`, or else `C.UTF-8`, or else `C`.
pub(super) fn locale() -> String {
    let known = output(Command::new("locale").arg("-a")).unwrap_or_default();
    let plain = |name: &str| name.to_ascii_lowercase().replace('-', "");
    let wanted = ["en_US.UTF-8", "C.UTF-8"];
    let found = wanted.iter().find_map(|wanted| known.lines().find(|name| plain(name) == plain(wanted)));
    found.unwrap_or("C").to_owned()
}
