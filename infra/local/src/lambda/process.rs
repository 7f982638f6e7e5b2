//! One process of a function, from its start to its end.

use std::{
    fs::File,
    io::Write,
    net::SocketAddr,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    task::JoinSet,
};

use super::function::Function;

/// Where the functions' standard output and error go.
#[derive(Clone, Debug)]
pub(crate) struct Output(Option<Arc<File>>);

impl Output {
    /// Opens a file to append to. Without a path, the output is discarded.
    pub(crate) fn open(path: Option<&Path>) -> std::io::Result<Self> {
        let file = path.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
        Ok(Self(file.map(Arc::new)))
    }

    fn write(&self, line: &[u8]) {
        if let Some(file) = &self.0 {
            // A full disk must not fail a request.
            _ = file.as_ref().write_all(line);
        }
    }
}

/// A running process. Dropping it kills the process.
pub(super) struct Process {
    child: Child,
    readers: JoinSet<()>,
    last_line: LastLine,
}

impl Process {
    /// Starts a process of a function as the leader of its own process group.
    pub(super) fn spawn(
        function: &Function,
        runtime_api: SocketAddr,
        session_token: &str,
        output: &Output,
    ) -> std::io::Result<Self> {
        let mut command = Command::new(&function.program);
        command
            .env_clear()
            .envs(&function.variables)
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
            .env("AWS_SESSION_TOKEN", session_token)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let last_line = LastLine::default();
        let mut readers = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            readers.spawn(copy(stdout, output.clone(), last_line.clone(), false));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.spawn(copy(stderr, output.clone(), last_line.clone(), true));
        }
        Ok(Self { child, readers, last_line })
    }

    pub(super) fn pid(&self) -> u32 {
        // Only a process that has been waited for has no id.
        self.child.id().unwrap_or_default()
    }

    /// Waits until the process has ended. It may be cancelled and called again.
    pub(super) async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Describes the end of the process: its status and the last line that it wrote.
    pub(super) async fn describe_end(mut self, status: std::io::Result<ExitStatus>) -> String {
        // The last output may still be in the pipe. A descendant can hold the pipe open for longer.
        let rest = async { while self.readers.join_next().await.is_some() {} };
        _ = tokio::time::timeout(Duration::from_millis(500), rest).await;
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        match self.last_line.take() {
            Some(line) => format!("{status}; it wrote last: {line}"),
            None => status,
        }
    }
}

/// The last line of standard error, or of standard output if standard error is empty.
#[derive(Clone, Default)]
struct LastLine(Arc<Mutex<[Option<String>; 2]>>);

impl LastLine {
    fn keep(&self, line: &[u8], is_error: bool) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if !text.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)[usize::from(!is_error)] =
                Some(text.to_owned());
        }
    }

    fn take(&self) -> Option<String> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [error, output] = &mut *lines;
        error.take().or_else(|| output.take())
    }
}

async fn copy(from: impl AsyncRead + Unpin, output: Output, last_line: LastLine, is_error: bool) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line).await, Ok(1..)) {
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        output.write(&line);
        last_line.keep(&line, is_error);
        line.clear();
    }
}
