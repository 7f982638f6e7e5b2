//! Child processes: starting and ending them, and reading the output of a program.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{error::StartError, guard};

/// The signals that end a process, each with the seconds until the next one.
pub(super) type Ending = &'static [(Signal, u64)];

/// A running process. Dropping it ends the process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    ending: Ending,
}

impl Process {
    pub(super) fn spawn(command: &mut Command, ending: Ending) -> Result<Self, StartError> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(StartError::io(format!("starting {name}")))?;
        Ok(Self { child, ending })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the process has ended. Returns false after `time`.
    fn wait(&mut self, time: Duration) -> bool {
        let started = Instant::now();
        while started.elapsed() < time {
            if !self.is_running() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() {
            for (signal, seconds) in self.ending {
                if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
                    _ = kill_process(pid, *signal);
                }
                if self.wait(Duration::from_secs(*seconds)) {
                    break;
                }
            }
        }
        guard::forget(self.child.id());
    }
}

/// Returns a loopback port that no program listens on.
pub(super) fn free_port() -> Result<u16, StartError> {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    address.map(|address| address.port()).map_err(StartError::io("a free port on this machine"))
}

/// Runs a program to its end. Returns its output if it succeeds.
pub(super) fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
