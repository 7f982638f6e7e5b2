//! Where PostgreSQL's programs are on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::StartError;

/// The folder with `initdb` and `postgres`: `pg_config --bindir`, else Debian's (the newest version), else Homebrew's.
pub(super) fn folder() -> Result<PathBuf, StartError> {
    let configured = output(Command::new("pg_config").arg("--bindir")).map(PathBuf::from);
    let candidates = configured
        .into_iter()
        .chain(newest("/usr/lib/postgresql", "bin"))
        .chain(newest("/opt/homebrew/opt", "bin"))
        .chain(newest("/usr/local/opt", "bin"))
        .chain(["/usr/pgsql/bin", "/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    let complete = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    candidates.into_iter().find(complete).ok_or(StartError::NoPostgres)
}

/// The major version of the server, for instance 17.
pub(super) fn version(programs: &Path) -> Result<u32, StartError> {
    let said = output(Command::new(programs.join("postgres")).arg("--version")).unwrap_or_default();
    let number = said.split_whitespace().find_map(|word| word.split(['.', 'b', 'r']).next()?.parse().ok());
    number.ok_or_else(|| {
        StartError::Postgres(format!("{} --version answers \"{said}\"", programs.join("postgres").display()))
    })
}

/// Whether the server can load a module.
pub(super) fn has_module(programs: &Path, name: &str) -> bool {
    let configured = output(Command::new(programs.join("pg_config")).arg("--pkglibdir")).map(PathBuf::from);
    let folders =
        configured.into_iter().chain(["../lib", "../lib/postgresql"].map(|folder| programs.join(folder)));
    folders
        .into_iter()
        .any(|folder| ["so", "dylib"].iter().any(|end| folder.join(format!("{name}.{end}")).is_file()))
}

/// Folders `<root>/<name with a version>/<end>`, the newest version first.
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

/// What a program prints, if it succeeds.
pub(super) fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The locale of a new cluster: RDS's `en_US.UTF-8` if this machine has it, else the nearest one.
pub(super) fn locale() -> String {
    let known = output(Command::new("locale").arg("-a")).unwrap_or_default();
    let plain = |name: &str| name.to_ascii_lowercase().replace('-', "");
    let wanted = ["en_US.UTF-8", "C.UTF-8"];
    let found = wanted.iter().find_map(|wanted| known.lines().find(|name| plain(name) == plain(wanted)));
    found.unwrap_or("C").to_owned()
}
