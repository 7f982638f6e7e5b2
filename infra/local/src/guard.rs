//! The guard: one small shell process that ends this process's children when this process is gone, however it went.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

/// Reads `add PID kind [folder]` and `del PID` on its standard input (for a folder alone, its path stands for a PID); the end of the input
/// means that the parent is gone.
const SCRIPT: &str = include_str!("guard.sh");

/// The pipe to the guard; nothing when the guard could not be started.
static GUARD: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();

/// Puts a function's process (the leader of its process group) in the guard's care: it is killed.
pub(crate) fn watch_function(pid: u32) {
    tell(&format!("add {pid} function\n"));
}

/// Puts PgBouncer (the leader of its process group) in the guard's care: it is killed, for it keeps nothing.
pub(crate) fn watch_pooler(pid: u32) {
    tell(&format!("add {pid} pooler\n"));
}

/// Puts a PostgreSQL server in the guard's care: it is shut down.
pub(crate) fn watch_server(pid: u32) {
    tell(&format!("add {pid} server\n"));
}

/// Puts a temporary folder in the guard's care: it is removed when the processes are gone.
pub(crate) fn watch_folder(folder: &Path) {
    let folder = folder.display();
    tell(&format!("add {folder} folder {folder}\n"));
}

/// Takes a folder that is gone out of the guard's care.
pub(crate) fn forget_folder(folder: &Path) {
    tell(&format!("del {}\n", folder.display()));
}

/// Takes a process that has ended out of the guard's care.
pub(crate) fn forget(pid: u32) {
    tell(&format!("del {pid}\n"));
}

fn tell(line: &str) {
    if let Some(pipe) = GUARD.get_or_init(|| start().ok()) {
        // A guard that is gone can only be missed when this process is killed; there is nobody to tell.
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
