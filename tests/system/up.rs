//! `cargo xtask up` on the command line: its progress, its error messages, and that it leaves no
//! process behind.

mod example;
mod without_npm;
mod without_postgresql;

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Once, mpsc},
    thread,
    time::{Duration, Instant},
};

use chatchat_harness::{build_functions, free_port, root, target};
use tempfile::{NamedTempFile, TempDir};

fn xtask(port: u16) -> Command {
    build();
    let mut command = Command::new(target().join("debug/xtask"));
    command.args(["up", "--port", &port.to_string()]);
    in_root(command)
}

fn in_root(mut command: Command) -> Command {
    command.current_dir(root()).env_remove("FUNCTIONS").stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// The folder with the data of an `up`. Dropping it deletes the folder.
struct State(PathBuf);

impl State {
    fn of(port: u16) -> Self {
        Self(root().join(".local").join(port.to_string()))
    }
}

impl Drop for State {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// Builds the functions and the current `xtask`, once.
pub(crate) fn build() {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        build_functions().unwrap();
        let mut cargo = Command::new("cargo");
        cargo.current_dir(root()).args(["build", "--quiet", "--package", "xtask"]);
        assert!(cargo.status().unwrap().success());
    });
}

/// A running `cargo xtask up`. Dropping it kills it.
struct Up {
    port: u16,
    child: Child,
    /// Its output on standard error.
    errors: NamedTempFile,
    /// The processes that it has started.
    children: Vec<u32>,
}

impl Up {
    fn spawn(port: u16, mut command: Command) -> Self {
        let errors = NamedTempFile::new().unwrap();
        command.stdout(Stdio::piped()).stderr(errors.reopen().unwrap());
        Self { port, child: command.spawn().unwrap(), errors, children: Vec::new() }
    }

    /// Starts it and reads its output up to the line that starts with `ready`.
    fn start(port: u16, command: Command) -> Self {
        let mut up = Self::spawn(port, command);
        let ready = up.ready().unwrap_or_else(|| panic!("it ended before it was ready: {}", up.printed()));
        assert_eq!(ready, format!("ready http://localhost:{port}"));
        up.children = descendants(up.child.id());
        assert!(up.children.len() >= 3, "expected functions, a database and its guard: {:?}", up.children);
        up
    }

    /// Waits for the line that starts with `ready`, and returns it. Returns nothing if `up` ends
    /// before that.
    fn ready(&mut self) -> Option<String> {
        let mut lines = BufReader::new(self.child.stdout.take().unwrap()).lines().map_while(Result::ok);
        lines.find(|line| line.starts_with("ready "))
    }

    /// Returns what it has printed on standard error so far.
    fn printed(&self) -> String {
        fs::read_to_string(self.errors.path()).unwrap()
    }

    fn alive_children(&self) -> Vec<u32> {
        self.children.iter().copied().filter(|pid| is_alive(*pid)).collect()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Ends it with a signal that it handles, and returns what it has printed on standard error.
    fn stop(mut self, signal: &str) -> String {
        self.signal(signal);
        assert!(self.child.wait().unwrap().success(), "{}", self.printed());
        self.assert_nothing_left();
        self.printed()
    }

    /// Waits until all processes have ended and the port is free.
    fn assert_nothing_left(&self) {
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            let left = self.alive_children();
            let free = TcpListener::bind(("127.0.0.1", self.port)).is_ok();
            if left.is_empty() && free {
                return;
            }
            assert!(Instant::now() < limit, "left behind: {left:?}, port free: {free}");
            thread::yield_now();
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The descendants of a process, from `ps`.
fn descendants(parent: u32) -> Vec<u32> {
    let output = Command::new("ps").args(["-eo", "pid=,ppid="]).output().unwrap();
    let pairs: Vec<(u32, u32)> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().filter_map(|number| number.parse().ok());
            Some((numbers.next()?, numbers.next()?))
        })
        .collect();
    let mut found = vec![parent];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(pairs.iter().filter(|pair| pair.1 == parent).map(|pair| pair.0));
        next += 1;
    }
    found.split_off(1)
}

fn is_alive(pid: u32) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    let state = String::from_utf8(output.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

#[test]
fn interrupt_leaves_no_process_and_frees_the_port() {
    let port = free_port().unwrap();
    let _state = State::of(port);
    Up::start(port, xtask(port)).stop("-INT");
}

#[test]
fn kill_leaves_no_process_and_does_not_affect_another_up() {
    let (port, other_port) = (free_port().unwrap(), free_port().unwrap());
    let _states = [State::of(port), State::of(other_port)];
    let other = Up::start(other_port, xtask(other_port));
    let mut up = Up::start(port, xtask(port));
    up.signal("-KILL");
    up.child.wait().unwrap();
    up.assert_nothing_left();
    assert!(other.alive_children().len() >= 3, "the other one still runs");
    other.stop("-TERM");
}

/// The time until a command prints its first line on standard error, in the fastest of three runs,
/// and that line. Each run is killed after the line.
fn first_line(command: impl Fn() -> Command) -> (Duration, String) {
    let runs = (0..3).map(|_| {
        let mut command = command();
        let begun = Instant::now();
        let mut child = command.stderr(Stdio::piped()).process_group(0).spawn().unwrap();
        let output = BufReader::new(child.stderr.take().unwrap());
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(output.lines().next()));
        let line = receiver.recv_timeout(Duration::from_secs(10)).ok().flatten();
        let time = begun.elapsed();
        let group = format!("-{}", child.id());
        assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
        child.wait().unwrap();
        (time, line.unwrap().unwrap())
    });
    runs.min().unwrap()
}

#[test]
fn first_line_appears_within_one_second() {
    let port = free_port().unwrap();
    let _state = State::of(port);
    let (time, line) = first_line(|| xtask(port));
    assert!(line.starts_with("Building the functions"), "{line}");
    assert!(time < Duration::from_secs(1), "{time:?}");
}

#[test]
fn first_build_shows_cargos_progress_within_one_second() {
    let empty = TempDir::new().unwrap();
    let (time, line) = first_line(|| {
        let mut cargo = Command::new("cargo");
        cargo.args(["xtask", "up"]).env("CARGO_TARGET_DIR", empty.path());
        in_root(cargo)
    });
    assert!(!line.trim().is_empty());
    assert!(time < Duration::from_secs(1), "{time:?}: {line}");
}

/// Runs `up`, asserts that it fails, and returns its output on standard error.
fn failed(port: u16, command: Command) -> String {
    let mut up = Up::spawn(port, command);
    assert_eq!(up.ready(), None);
    assert!(!up.child.wait().unwrap().success());
    up.printed()
}

#[test]
fn taken_port_is_reported_with_a_remedy() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let message = failed(port, xtask(port));
    assert!(
        message.contains(&format!("port {port} cannot be used")) && message.contains("--port"),
        "{message}"
    );
}

#[test]
fn failed_build_of_a_function_is_reported() {
    let port = free_port().unwrap();
    let mut command = xtask(port);
    command.env("CARGO", "false");
    let message = failed(port, command);
    assert!(message.contains("`cargo build` of the functions failed"), "{message}");
}

#[test]
fn database_that_cannot_start_is_reported_with_a_remedy() {
    let port = free_port().unwrap();
    let state = State::of(port);
    let cluster = state.0.join("postgres/cluster");
    fs::create_dir_all(&cluster).unwrap();
    fs::write(cluster.join("PG_VERSION"), "9.6\n").unwrap();
    let message = failed(port, xtask(port));
    assert!(message.contains("--fresh"), "{message}");
}
