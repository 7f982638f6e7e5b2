//! The guard: a small shell process that ends this process's children after this process has ended,
//! even by SIGKILL.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

/// The script reads `add PID kind [folder]` and `del PID` from its standard input. For a folder,
/// its path takes the place of PID. The end of the input means that the parent has ended.
const SCRIPT: &str = include_str!("guard.sh");

/// The pipe to the guard; `None` if the guard could not be started.
static GUARD: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();

/// Tells the guard to kill a function's process (the leader of its process group).
pub(crate) fn watch_function(pid: u32) {
    tell(&format!("add {pid} function\n"));
}

/// Tells the guard to kill a PgBouncer (the leader of its process group), which stores nothing.
pub(crate) fn watch_pooler(pid: u32) {
    tell(&format!("add {pid} pooler\n"));
}

/// Tells the guard to shut a PostgreSQL server down.
pub(crate) fn watch_server(pid: u32) {
    tell(&format!("add {pid} server\n"));
}

/// Tells the guard to remove a temporary folder after the processes have ended.
pub(crate) fn watch_folder(folder: &Path) {
    let folder = folder.display();
    tell(&format!("add {folder} folder {folder}\n"));
}

/// Tells the guard that a folder has been removed.
pub(crate) fn forget_folder(folder: &Path) {
    tell(&format!("del {}\n", folder.display()));
}

/// Tells the guard that a process has ended.
pub(crate) fn forget(pid: u32) {
    tell(&format!("del {pid}\n"));
}

fn tell(line: &str) {
    if let Some(pipe) = GUARD.get_or_init(|| start().ok()) {
        // If the guard has ended, children survive only if this process is killed. Nothing can be
        // done about it here.
        _ = pipe.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}

fn start() -> std::io::Result<Mutex<ChildStdin>> {
    let mut guard = Command::new("/bin/sh")
        .args(["-c", SCRIPT, "chatchat-guard"])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    guard.stdin.take().map(Mutex::new).ok_or_else(|| std::io::Error::other("the guard has no standard input"))
}
