//! The server process: its start on a free port, its end, and its restart on the same port.

use std::{
    fs::OpenOptions,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::{
    account::Account,
    cluster::{Folder, Passwords},
    process::{Ending, Process, free_port},
    programs::Programs,
};
use crate::{error::StartError, guard, log::Log};

/// The maximum number of ports to try. Another program may take a port after it was chosen and
/// before the server starts.
const MAX_PORTS: usize = 5;
/// How long the server may take to start. Recovery after a crash takes the longest.
const START_LIMIT: Duration = Duration::from_mins(1);
/// How long to wait for the port of a halted server, which another program's outgoing connection
/// may use by chance.
const PORT_LIMIT: Duration = Duration::from_secs(10);
/// Fast shutdown, then immediate shutdown, then SIGKILL.
const SHUTDOWN: Ending = &[(Signal::INT, 10), (Signal::QUIT, 5), (Signal::KILL, 5)];

/// A server that this process has started. Dropping it shuts it down.
#[derive(Debug)]
pub(super) struct Server {
    programs: Programs,
    account: Account,
    pub(super) port: u16,
    /// `None` while the server is halted.
    process: Mutex<Option<Process>>,
    /// Declared after the process, because it must be dropped after the process.
    pub(super) folder: Folder,
}

impl Server {
    pub(super) fn start(
        programs: Programs,
        account: Account,
        data: Option<&Path>,
        fresh: bool,
        log: &Log,
    ) -> Result<(Self, Passwords), StartError> {
        log.line(|| format!("Starting PostgreSQL {} from {}…", programs.version, programs.folder.display()));
        let folder = Folder::open(data, account, log)?;
        let passwords = folder.prepare(&programs, account, fresh)?;
        let mut server = Self { programs, account, port: 0, process: Mutex::new(None), folder };
        let mut tries = 1;
        loop {
            _ = std::fs::remove_file(server.log_file());
            server.port = free_port()?;
            match server.resume() {
                Err(_) if tries < MAX_PORTS && server.log().contains("could not bind") => tries += 1,
                answer => return answer.map(|()| (server, passwords)),
            }
        }
    }

    /// The process id; `None` while the server is halted.
    pub(super) fn pid(&self) -> Option<u32> {
        self.process().as_ref().map(Process::pid)
    }

    /// Shuts the server down. Statements in progress fail.
    pub(super) fn halt(&self) {
        *self.process() = None;
    }

    /// Starts the server on its port, unless it is running.
    pub(super) fn resume(&self) -> Result<(), StartError> {
        self.run(&mut self.process())
    }

    /// Shuts the server down and starts it on its port.
    pub(super) fn restart(&self) -> Result<(), StartError> {
        let mut process = self.process();
        *process = None;
        self.run(&mut process)
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, process: &mut Option<Process>) -> Result<(), StartError> {
        // A server that was just killed has closed its port, but its end may not be visible yet.
        if process.as_mut().is_some_and(Process::is_running) && self.takes_connections() {
            return Ok(());
        }
        *process = None;
        self.wait_for_port();
        let mut started = self.spawn()?;
        guard::watch_server(started.pid());
        if !self.wait_until_ready(&mut started) {
            return Err(self.start_failed());
        }
        *process = Some(started);
        Ok(())
    }

    fn spawn(&self) -> Result<Process, StartError> {
        let log_file = self.log_file();
        let log = OpenOptions::new().create(true).append(true).open(&log_file);
        let log = log.map_err(StartError::io(log_file.display().to_string()))?;
        let mut command = self.account.command(&self.programs.program("postgres"));
        command.arg("-D").arg(self.folder.cluster()).args(["-p", &self.port.to_string()]);
        let mut settings = vec![
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=1500",
            "logging_collector=off",
        ];
        if self.programs.has_module("pg_stat_statements") {
            settings.push("shared_preload_libraries=pg_stat_statements");
        }
        for setting in settings {
            command.args(["-c", setting]);
        }
        Process::spawn(command.stdout(Stdio::null()).stderr(log).process_group(0), SHUTDOWN)
    }

    fn takes_connections(&self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
    }

    /// Waits until the port is free. If it stays in use, PostgreSQL reports it when it starts.
    fn wait_for_port(&self) {
        let started = Instant::now();
        while TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).is_err() && started.elapsed() < PORT_LIMIT {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until the server accepts connections, which the last line of its lock file says.
    fn wait_until_ready(&self, process: &mut Process) -> bool {
        let lock_file = self.folder.cluster().join("postmaster.pid");
        let started = Instant::now();
        while started.elapsed() < START_LIMIT && process.is_running() {
            let lock = std::fs::read_to_string(&lock_file).unwrap_or_default();
            let mut lines = lock.lines().map(str::trim);
            if lines.next() == Some(process.pid().to_string().as_str()) && lines.next_back() == Some("ready")
            {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    fn start_failed(&self) -> StartError {
        StartError::Postgres(format!(
            "PostgreSQL does not start with the data in {}. Its log ends with:\n{}\nIf you do not need the data, start over with `--fresh`",
            self.folder.path.display(),
            tail(&self.log())
        ))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path.join("postgres.log")
    }
}

/// Returns the last five lines of a log.
pub(super) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.trim().lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
