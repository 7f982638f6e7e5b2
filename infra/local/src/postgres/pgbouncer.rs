//! PgBouncer between the functions and the server, in transaction mode. It is stricter than RDS
//! Proxy.

use std::{
    fs::OpenOptions,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::{
    account::Account,
    admin::{self, Admin},
    cluster::{Folder, write_secret},
    database::{OWNER, url},
    process::{Ending, Process, free_port, output},
    server::tail,
};
use crate::{error::StartError, guard};

/// The address on which it listens.
pub(super) const HOST: &str = "127.0.0.1";

/// The `application_name` of the functions.
const APPLICATION: &str = "chatchat";

/// How many ports are tried. Another program may take one between its choice and PgBouncer's start.
const MAX_PORTS: usize = 5;
/// How long it may take until the owner can log in through PgBouncer.
const START_LIMIT: Duration = Duration::from_secs(20);
/// SIGKILL at once. PgBouncer stores nothing, and the signals for a clean shutdown differ between
/// its versions.
const SHUTDOWN: Ending = &[(Signal::KILL, 5)];

/// A running PgBouncer. Dropping it ends it.
#[derive(Debug)]
pub struct PgBouncer {
    process: Process,
    port: u16,
    /// Contains the configuration and the log. Declared after the process, because it must be
    /// dropped after the process.
    folder: Folder,
}

impl PgBouncer {
    /// Whether the program is installed on this machine.
    pub fn is_installed() -> bool {
        program().is_ok()
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The temporary folder with its configuration and `pgbouncer.log`.
    pub fn folder(&self) -> &Path {
        &self.folder.path
    }

    pub(super) async fn start(server: &Admin) -> Result<Self, StartError> {
        let program = program()?;
        let account = Account::find()?;
        let mut tries = 1;
        loop {
            let folder = Folder::temporary("pgbouncer", account)?;
            let port = free_port()?;
            let process = spawn(&program, account, &folder, &configuration(server, &program, port)?)?;
            guard::watch_pooler(process.pid());
            let mut pgbouncer = Self { process, port, folder };
            match pgbouncer.wait_until_ready(server).await {
                Ok(()) => return Ok(pgbouncer),
                Err(_) if tries < MAX_PORTS && pgbouncer.log().contains("Address already in use") => {
                    tries += 1;
                }
                Err(problem) => {
                    return Err(StartError::Postgres(format!(
                        "PgBouncer does not start: {problem}. Its log ends with:\n{}",
                        tail(&pgbouncer.log())
                    )));
                }
            }
        }
    }

    /// Waits until the owner can log in through PgBouncer.
    async fn wait_until_ready(&mut self, server: &Admin) -> Result<(), String> {
        let url = url(HOST, self.port, OWNER, &server.passwords.owner, "postgres");
        let started = Instant::now();
        loop {
            let running = self.process.is_running();
            let (answered, problem) = match admin::connect(&url).await {
                Ok(_) if running => return Ok(()),
                Ok(_) => (true, "another program answers on its port".to_owned()),
                Err(error) => (error.as_db_error().is_some(), admin::text(&error)),
            };
            if !running || answered || started.elapsed() > START_LIMIT {
                return Err(problem);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path.join("pgbouncer.log")).unwrap_or_default()
    }
}

/// The contents of the two files that PgBouncer reads.
struct Configuration {
    ini: String,
    users: String,
}

/// Returns the configuration of a PgBouncer in front of a server. These settings are less obvious:
///
/// - `application_name`: PgBouncer's connections have it from the start. Otherwise PgBouncer would
///   set it with an extra statement on each connection.
/// - `ignore_startup_parameters` is empty, so PgBouncer refuses startup parameters other than those
///   that it tracks.
/// - `auth_user`: PgBouncer reads the password from the server at each login, so a rotated password
///   applies at once. PgBouncer then logs in with the key that the client has proved to know.
/// - `auth_type = md5` means SCRAM where the server stores a SCRAM verifier.
/// - `server_login_retry`: PgBouncer tries an unreachable server five times a second, so that the
///   functions see its return as soon as without a pooler.
fn configuration(server: &Admin, program: &Path, port: u16) -> Result<Configuration, StartError> {
    let Admin { host, port: server_port, superuser, passwords, .. } = server;
    let prepared = if has_prepared_statements(program)? { "max_prepared_statements = 0\n" } else { "" };
    let ini = format!(
        "[databases]
* = host={host} port={server_port} application_name={APPLICATION}
[pgbouncer]
listen_addr = {HOST}
listen_port = {port}
unix_socket_dir =
auth_type = md5
auth_file = users.txt
auth_user = {superuser}
pool_mode = transaction
default_pool_size = 20
max_client_conn = 2000
query_wait_timeout = 10
server_login_retry = 0.2
ignore_startup_parameters =
admin_users =
stats_users =
{prepared}"
    );
    let users = format!("\"{}\" \"{}\"\n", doubled(superuser), doubled(&passwords.superuser));
    Ok(Configuration { ini, users })
}

fn doubled(text: &str) -> String {
    text.replace('"', "\"\"")
}

fn spawn(
    program: &Path,
    account: Account,
    folder: &Folder,
    configuration: &Configuration,
) -> Result<Process, StartError> {
    let file = |name: &str| folder.path.join(name);
    for (name, text) in [("pgbouncer.ini", &configuration.ini), ("users.txt", &configuration.users)] {
        write_secret(&file(name), text)?;
        account.own(&file(name)).map_err(StartError::io(file(name).display().to_string()))?;
    }
    let log_file = file("pgbouncer.log");
    let log = OpenOptions::new().create(true).append(true).open(&log_file);
    let log = log.map_err(StartError::io(log_file.display().to_string()))?;
    // Each client needs a file descriptor, and a shell often allows 1,024 or fewer.
    let mut command = account.command(Path::new("/bin/sh"));
    command
        .current_dir(&folder.path)
        .args(["-c", "ulimit -S -n 4096 2>/dev/null; exec \"$0\" pgbouncer.ini"])
        .arg(program)
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0);
    Process::spawn(&mut command, SHUTDOWN)
}

/// Finds `pgbouncer` in `PATH`, or else where Debian and Homebrew install it.
fn program() -> Result<PathBuf, StartError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
    find(std::env::split_paths(&path).chain(usual.map(PathBuf::from)))
}

fn find(mut folders: impl Iterator<Item = PathBuf>) -> Result<PathBuf, StartError> {
    let program =
        folders.find_map(|folder| Some(folder.join("pgbouncer")).filter(|program| program.is_file()));
    program.ok_or(StartError::NoPgBouncer)
}

/// Whether PgBouncer tracks clients' prepared statements. It does since 1.21, unless the
/// configuration turns it off.
fn has_prepared_statements(program: &Path) -> Result<bool, StartError> {
    let printed = output(std::process::Command::new(program).arg("--version")).unwrap_or_default();
    let version = printed.split_whitespace().nth(1).and_then(|version| {
        let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
        Some((numbers.next()?, numbers.next()?))
    });
    let version = version.ok_or_else(|| {
        let program = program.display();
        StartError::Postgres(format!("`{program} --version` prints \"{printed}\", which is not a version"))
    })?;
    Ok(version >= (1, 21))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_program_error_says_how_to_install_it() {
        let error = find(std::iter::empty()).unwrap_err().to_string();
        assert!(
            error.contains("apt install pgbouncer") && error.contains("brew install pgbouncer"),
            "{error}"
        );
    }
}
