//! The server process: starting it on a free port, waiting until it is ready, shutting it down.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::account::Account;
use super::cluster::{Folder, Passwords};
use super::programs;
use crate::error::StartError;
use crate::guard;

/// Ports to try: another program may take one between the choice and the start.
const TRIES: usize = 5;
/// How long the server may take to start; recovery after a crash takes the longest.
const START: Duration = Duration::from_mins(1);

/// A server that was started here; dropping it shuts it down.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    pub(super) folder: PathBuf,
    pub(super) notice: Option<String>,
    temporary: bool,
}

impl Server {
    pub(super) fn start(data: Option<&Path>, fresh: bool) -> Result<(Self, Passwords), StartError> {
        let programs = programs::folder()?;
        let account = Account::find()?;
        let folder = Folder::open(data, account)?;
        let started = folder.prepare(&programs, account, fresh).and_then(|passwords| {
            let (child, port) = run(&programs, account, &folder)?;
            Ok((child, port, passwords))
        });
        match started {
            Ok((child, port, passwords)) => Ok((
                Self { child, port, folder: folder.path, notice: folder.notice, temporary: folder.temporary },
                passwords,
            )),
            Err(error) => {
                if folder.temporary {
                    _ = std::fs::remove_dir_all(&folder.path);
                }
                Err(error)
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end of the process; false when the time is over.
    fn wait(&mut self, time: Duration) -> bool {
        let started = Instant::now();
        while started.elapsed() < time {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fast shutdown, then immediate shutdown, then the end.
        for (how, time) in [(Signal::INT, 10), (Signal::QUIT, 5), (Signal::KILL, 5)] {
            signal(&self.child, how);
            if self.wait(Duration::from_secs(time)) {
                break;
            }
        }
        guard::forget(self.child.id());
        if self.temporary {
            _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn signal(child: &Child, signal: Signal) {
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        _ = kill_process(pid, signal);
    }
}

fn run(programs: &Path, account: Account, folder: &Folder) -> Result<(Child, u16), StartError> {
    let mut said = String::new();
    for _ in 0..TRIES {
        let port = free_port()?;
        let mut child = spawn(programs, account, folder, port)?;
        guard::watch_server(child.id(), folder.temporary.then_some(folder.path.as_path()));
        if wait_until_ready(&mut child, folder) {
            return Ok((child, port));
        }
        signal(&child, Signal::KILL);
        _ = child.wait();
        guard::forget(child.id());
        said = std::fs::read_to_string(log_file(folder)).unwrap_or_default();
        if !said.contains("could not bind") {
            break;
        }
    }
    let tail: Vec<&str> = said.trim().lines().rev().take(5).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    Err(StartError::Postgres(format!(
        "PostgreSQL does not start with the data in {}. It says:\n{}\nIf the data is of no value, start over with `--fresh`",
        folder.path.display(),
        tail.join("\n")
    )))
}

fn spawn(programs: &Path, account: Account, folder: &Folder, port: u16) -> Result<Child, StartError> {
    let log =
        File::create(log_file(folder)).map_err(StartError::io(log_file(folder).display().to_string()))?;
    let mut command = account.command(&programs.join("postgres"));
    command.arg("-D").arg(folder.cluster()).args(["-p", &port.to_string()]);
    let mut settings = vec![
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=1500",
        "logging_collector=off",
    ];
    if programs::has_module(programs, "pg_stat_statements") {
        settings.push("shared_preload_libraries=pg_stat_statements");
    }
    for setting in settings {
        command.args(["-c", setting]);
    }
    command
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(StartError::io("starting PostgreSQL"))
}

/// The last line of the lock file says when the server takes connections.
fn wait_until_ready(child: &mut Child, folder: &Folder) -> bool {
    let lock_file = folder.cluster().join("postmaster.pid");
    let started = Instant::now();
    while started.elapsed() < START && matches!(child.try_wait(), Ok(None)) {
        let lock = std::fs::read_to_string(&lock_file).unwrap_or_default();
        let mut lines = lock.lines().map(str::trim);
        if lines.next() == Some(child.id().to_string().as_str()) && lines.next_back() == Some("ready") {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

fn log_file(folder: &Folder) -> PathBuf {
    folder.path.join("postgres.log")
}

fn free_port() -> Result<u16, StartError> {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    address.map(|address| address.port()).map_err(StartError::io("a free port for PostgreSQL"))
}
