//! PgBouncer between the functions and the server: in transaction mode, and stricter than RDS Proxy.

use std::{
    fs::OpenOptions,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::{
    OWNER, Postgres,
    account::Account,
    admin,
    cluster::{Folder, write_secret},
    process::{Ending, Process, free_port},
    programs,
    server::tail,
    url,
};
use crate::{error::StartError, guard};

/// Where it listens.
pub(super) const HOST: &str = "127.0.0.1";

/// What the functions call themselves.
const APPLICATION: &str = "chatchat";

/// Ports to try: another program may take one between the choice and the start.
const TRIES: usize = 5;
/// How long it may take until the owner can log in through it.
const START: Duration = Duration::from_secs(20);
/// It keeps nothing, and what it takes for a polite end differs from version to version.
const END: Ending = &[(Signal::KILL, 5)];

/// A running PgBouncer; dropping it ends it.
#[derive(Debug)]
pub struct PgBouncer {
    process: Process,
    port: u16,
    /// Below the process, for it goes after it. Holds its configuration and its log.
    folder: Folder,
}

impl PgBouncer {
    /// Whether the program is on this machine.
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

    pub(super) async fn start(postgres: &Postgres) -> Result<Self, StartError> {
        let program = program()?;
        let account = Account::find()?;
        let mut tries = 1;
        loop {
            let folder = Folder::temporary("pgbouncer", account)?;
            let port = free_port()?;
            let process = spawn(&program, account, &folder, &configuration(postgres, &program, port)?)?;
            guard::watch_pooler(process.pid());
            let mut pgbouncer = Self { process, port, folder };
            match pgbouncer.wait_until_ready(postgres).await {
                Ok(()) => return Ok(pgbouncer),
                Err(_) if tries < TRIES && pgbouncer.log().contains("Address already in use") => tries += 1,
                Err(problem) => {
                    return Err(StartError::Postgres(format!(
                        "PgBouncer does not start: {problem}. It says:\n{}",
                        tail(&pgbouncer.log())
                    )));
                }
            }
        }
    }

    /// It is ready when the owner can log in through it.
    async fn wait_until_ready(&mut self, postgres: &Postgres) -> Result<(), String> {
        let url = url(HOST, self.port, OWNER, &postgres.passwords.owner, "postgres");
        let started = Instant::now();
        loop {
            let running = self.process.is_running();
            let (answered, problem) = match admin::connect(&url).await {
                Ok(_) if running => return Ok(()),
                Ok(_) => (true, "another program answers on its port".to_owned()),
                Err(error) => (error.as_db_error().is_some(), admin::text(&error)),
            };
            if !running || answered || started.elapsed() > START {
                return Err(problem);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path.join("pgbouncer.log")).unwrap_or_default()
    }
}

/// The two files that it reads.
struct Configuration {
    ini: String,
    users: String,
}

/// Its connections carry the functions' `application_name` from the start, for it would say it in a statement of its own on each.
/// Startup parameters beyond those that it keeps track of are refused. Passwords are the server's own at each login, so a
/// rotated one counts at once, and PgBouncer logs in with the key that the client has shown. `md5` stands for SCRAM where the
/// server keeps a SCRAM verifier. It tries a server that is away five times a second, so that the
/// functions see it come back as soon as without a pooler.
fn configuration(postgres: &Postgres, program: &Path, port: u16) -> Result<Configuration, StartError> {
    let (host, server_port, superuser) = (&postgres.host, postgres.port, &postgres.superuser);
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
    let users = format!("\"{}\" \"{}\"\n", doubled(superuser), doubled(&postgres.passwords.superuser));
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
    // A shell often allows 1,024 files or fewer, and each client is one.
    let mut command = account.command(Path::new("/bin/sh"));
    command
        .current_dir(&folder.path)
        .args(["-c", "ulimit -S -n 4096 2>/dev/null; exec \"$0\" pgbouncer.ini"])
        .arg(program)
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0);
    Process::spawn(&mut command, END)
}

/// `pgbouncer` on the path, else where Debian and Homebrew put it.
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

/// Since 1.21, unless told not to, it keeps clients' prepared statements; before, it knew nothing of them.
fn has_prepared_statements(program: &Path) -> Result<bool, StartError> {
    let said = programs::output(std::process::Command::new(program).arg("--version")).unwrap_or_default();
    let version = said.split_whitespace().nth(1).and_then(|version| {
        let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
        Some((numbers.next()?, numbers.next()?))
    });
    let version = version
        .ok_or_else(|| StartError::Postgres(format!("{} --version answers \"{said}\"", program.display())))?;
    Ok(version >= (1, 21))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_program_the_message_says_how_to_install_it() {
        let error = find(std::iter::empty()).unwrap_err().to_string();
        assert!(
            error.contains("apt install pgbouncer") && error.contains("brew install pgbouncer"),
            "{error}"
        );
    }
}
