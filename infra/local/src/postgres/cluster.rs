//! The folder of a cluster: its location, its passwords, and its creation.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    account::Account,
    process::output,
    programs::{self, Programs},
};
use crate::{error::StartError, guard, log::Log};

/// How long a server that is shutting down may still use its cluster.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);
/// How long it may take until a server whose parent was killed begins to shut down.
const SHUTDOWN_START_LIMIT: Duration = Duration::from_secs(1);

/// The passwords of a cluster.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Passwords {
    pub(super) superuser: String,
    pub(super) owner: String,
}

/// A folder with `cluster` (PostgreSQL's data), `passwords.json` and `postgres.log`. Dropping a
/// temporary one removes it.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) temporary: bool,
}

impl Folder {
    /// Opens the folder at `data`, or creates a temporary one. If the account cannot enter `data`,
    /// uses another folder and logs its path.
    pub(super) fn open(data: Option<&Path>, account: Account, log: &Log) -> Result<Self, StartError> {
        let Some(data) = data else { return Self::temporary("postgres", account) };
        create(data)?;
        let path = data.canonicalize().map_err(StartError::io(data.display().to_string()))?;
        if account.reaches(&path) {
            return Ok(Self { path, temporary: false });
        }
        let mut hash = DefaultHasher::new();
        path.hash(&mut hash);
        let elsewhere = PathBuf::from(format!("/var/tmp/chatchat-postgres-{:016x}", hash.finish()));
        create(&elsewhere)?;
        log.line(|| {
            format!(
                "PostgreSQL cannot run as root, and the user that it runs as cannot enter {}; its files are in {}",
                path.display(),
                elsewhere.display()
            )
        });
        Ok(Self { path: elsewhere, temporary: false })
    }

    /// Creates a folder that is removed when it is dropped or when this process ends.
    pub(super) fn temporary(what: &str, account: Account) -> Result<Self, StartError> {
        let name = format!("chatchat-{what}-{}", Uuid::new_v4().simple());
        let mut path = std::env::temp_dir().join(&name);
        create(&path)?;
        if !account.reaches(&path) {
            _ = std::fs::remove_dir(&path);
            path = Path::new("/var/tmp").join(&name);
            create(&path)?;
        }
        guard::watch_folder(&path);
        Ok(Self { path, temporary: true })
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.path.join("cluster")
    }

    /// Prepares the cluster for a server: waits until no other server uses it, removes it if
    /// `fresh` is set, and creates it if it does not exist.
    pub(super) fn prepare(
        &self,
        programs: &Programs,
        account: Account,
        fresh: bool,
    ) -> Result<Passwords, StartError> {
        self.wait_until_free()?;
        let cluster = self.cluster();
        if fresh {
            remove(&cluster)?;
        }
        match (std::fs::read_to_string(cluster.join("PG_VERSION")), self.read_passwords()) {
            (Ok(version), Some(passwords)) => {
                if version.trim() == programs.major.to_string() {
                    return Ok(passwords);
                }
                let (data, version, folder) =
                    (self.path.display(), version.trim(), programs.folder.display());
                Err(StartError::Postgres(format!(
                    "PostgreSQL {version} created the data in {data}, and PostgreSQL {} in {folder} cannot read it; start over with \
                     `--fresh`, or set POSTGRES_PATH to the folder of PostgreSQL {version}'s programs (if the variable is empty, the \
                     package from npm is used)",
                    programs.version
                )))
            }
            (Ok(_), None) => Err(StartError::Postgres(format!(
                "{} contains a cluster but no passwords.json; start over with `--fresh`",
                self.path.display()
            ))),
            // The cluster does not exist, or its creation was interrupted.
            (Err(_), _) => {
                remove(&cluster)?;
                self.create_cluster(programs, account)
            }
        }
    }

    fn create_cluster(&self, programs: &Programs, account: Account) -> Result<Passwords, StartError> {
        let cluster = self.cluster();
        create(&cluster)?;
        account.own(&cluster).map_err(StartError::io(format!(
            "making PostgreSQL's user the owner of {}",
            cluster.display()
        )))?;
        let passwords = Passwords { superuser: password(), owner: password() };
        let password_file = self.path.join("initdb.password");
        write_secret(&password_file, &passwords.superuser)?;
        account.own(&password_file).map_err(StartError::io(password_file.display().to_string()))?;
        let initdb = account
            .command(&programs.program("initdb"))
            .args([
                "--username=postgres",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-sync",
                "--no-instructions",
            ])
            .arg(format!("--locale={}", programs::locale()))
            .arg(format!("--pwfile={}", password_file.display()))
            .arg("-D")
            .arg(&cluster)
            .output();
        _ = std::fs::remove_file(&password_file);
        let initdb = initdb.map_err(StartError::io("initdb"))?;
        if !initdb.status.success() {
            let printed = String::from_utf8_lossy(&initdb.stderr);
            return Err(StartError::Postgres(format!(
                "`initdb` failed to create a cluster in {}: {}",
                cluster.display(),
                printed.trim()
            )));
        }
        let text = serde_json::to_string(&passwords)
            .map_err(|error| StartError::io("passwords.json")(error.into()))?;
        write_secret(&self.path.join("passwords.json"), &text)?;
        Ok(passwords)
    }

    fn read_passwords(&self) -> Option<Passwords> {
        serde_json::from_slice(&std::fs::read(self.path.join("passwords.json")).ok()?).ok()
    }

    /// Waits until no server uses the cluster. Fails unless the server is shutting down, as it does
    /// if its parent has just been killed.
    fn wait_until_free(&self) -> Result<(), StartError> {
        let started = Instant::now();
        while let Some((pid, status)) = self.running() {
            let limit = if status == "stopping" { SHUTDOWN_LIMIT } else { SHUTDOWN_START_LIMIT };
            if started.elapsed() > limit {
                return Err(StartError::Postgres(format!(
                    "another PostgreSQL (process {pid}) uses {}; stop the local cloud that runs in another terminal, or run `kill -INT {pid}`",
                    self.path.display()
                )));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The process id and status of the server that uses this cluster.
    ///
    /// The lock file of a killed server remains, and another program can get its process id.
    /// Therefore the command line of the process is checked.
    fn running(&self) -> Option<(u32, String)> {
        let lock = std::fs::read_to_string(self.cluster().join("postmaster.pid")).ok()?;
        let pid: u32 = lock.lines().next()?.trim().parse().ok()?;
        let command = output(std::process::Command::new("ps").args(["-o", "args=", "-p", &pid.to_string()]))?;
        let status = lock.lines().next_back()?.trim().to_owned();
        command.contains(&self.cluster().display().to_string()).then_some((pid, status))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            _ = std::fs::remove_dir_all(&self.path);
            guard::forget_folder(&self.path);
        }
    }
}

fn create(path: &Path) -> Result<(), StartError> {
    std::fs::create_dir_all(path).map_err(StartError::io(format!("the folder {}", path.display())))
}

fn remove(path: &Path) -> Result<(), StartError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StartError::io(format!("removing {}", path.display()))(error))
        }
        _ => Ok(()),
    }
}

/// Writes a file that only its owner can read.
pub(super) fn write_secret(path: &Path, text: &str) -> Result<(), StartError> {
    let open = std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path);
    open.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(StartError::io(path.display().to_string()))
}

fn password() -> String {
    Uuid::new_v4().simple().to_string()
}
