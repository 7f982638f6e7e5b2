//! The server process: starting it on a free port, waiting until it is ready, stopping and starting it again.

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

/// Ports to try: another program may take one between the choice and the start.
const TRIES: usize = 5;
/// How long the server may take to start; recovery after a crash takes the longest.
const START: Duration = Duration::from_mins(1);
/// How long a connection that another program happened to make from the port of a halted server may keep it.
const PORT: Duration = Duration::from_secs(10);
/// Fast shutdown, then immediate shutdown, then the end.
const SHUTDOWN: Ending = &[(Signal::INT, 10), (Signal::QUIT, 5), (Signal::KILL, 5)];

/// A server that was started here; dropping it shuts it down.
#[derive(Debug)]
pub(super) struct Server {
    programs: Programs,
    account: Account,
    pub(super) port: u16,
    /// Nothing while the server is halted.
    process: Mutex<Option<Process>>,
    /// Below the process, for it goes after it.
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
                Err(_) if tries < TRIES && server.log().contains("could not bind") => tries += 1,
                answer => return answer.map(|()| (server, passwords)),
            }
        }
    }

    /// The process; nothing while the server is halted.
    pub(super) fn pid(&self) -> Option<u32> {
        self.process().as_ref().map(Process::pid)
    }

    /// Shuts it down; what it was asked and has not answered is lost.
    pub(super) fn halt(&self) {
        *self.process() = None;
    }

    /// Starts it on its port, unless it runs.
    pub(super) fn resume(&self) -> Result<(), StartError> {
        self.run(&mut self.process())
    }

    /// Shuts it down and starts it on its port.
    pub(super) fn restart(&self) -> Result<(), StartError> {
        let mut process = self.process();
        *process = None;
        self.run(&mut process)
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, process: &mut Option<Process>) -> Result<(), StartError> {
        // One that was just killed has closed its port, and may not yet be seen to have ended.
        if process.as_mut().is_some_and(Process::is_running) && self.takes_connections() {
            return Ok(());
        }
        *process = None;
        self.wait_for_the_port();
        let mut started = self.spawn()?;
        guard::watch_server(started.pid());
        if !self.wait_until_ready(&mut started) {
            return Err(self.does_not_start());
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

    /// A port that stays taken is told by the server.
    fn wait_for_the_port(&self) {
        let started = Instant::now();
        while TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).is_err() && started.elapsed() < PORT {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The last line of the lock file says when the server takes connections.
    fn wait_until_ready(&self, process: &mut Process) -> bool {
        let lock_file = self.folder.cluster().join("postmaster.pid");
        let started = Instant::now();
        while started.elapsed() < START && process.is_running() {
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

    fn does_not_start(&self) -> StartError {
        StartError::Postgres(format!(
            "PostgreSQL does not start with the data in {}. It says:\n{}\nIf the data is of no value, start over with `--fresh`",
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

/// The last five lines.
pub(super) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.trim().lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
