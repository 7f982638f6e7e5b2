//! One process of a function, from its start to its end.

use std::{
    fs::File,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    task::JoinSet,
};
use uuid::Uuid;

use super::function::Function;

/// Where the functions' standard output and error, and Lambda's reports go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    /// The file with the output of all functions.
    all: Option<Arc<File>>,
    /// The folder with a file for each function.
    streams: Option<PathBuf>,
    /// The file of this output's function.
    own: Option<Arc<File>>,
}

impl Output {
    /// Opens a file to append to, and creates the folder with a file for each function. Without
    /// paths, the output is discarded.
    pub(crate) fn open(all: Option<&Path>, streams: Option<&Path>) -> std::io::Result<Self> {
        streams.map(std::fs::create_dir_all).transpose()?;
        let all = all.map(append_to).transpose()?;
        Ok(Self { all, streams: streams.map(Path::to_owned), own: None })
    }

    /// Returns the output of a function, given by its logical id.
    pub(super) fn of(self, function: &str) -> Self {
        let own = self.streams.as_ref().and_then(|folder| append_to(&folder.join(function)).ok());
        Self { own, ..self }
    }

    fn write(&self, line: &[u8]) {
        for file in [&self.all, &self.own].into_iter().flatten() {
            // A full disk must not fail a request.
            _ = file.as_ref().write_all(line);
        }
    }

    /// Writes Lambda's report on a call that failed. Lambda writes the reports on all other calls
    /// only with the system log level INFO.
    pub(super) fn report(&self, call: Uuid, took: Duration, status: &str) {
        let report = json!({
            "time": OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
            "type": "platform.report",
            "record": {
                "requestId": call.to_string(),
                "metrics": { "durationMs": took.as_secs_f64() * 1000.0 },
                "status": status,
            },
        });
        self.write(format!("{report}\n").as_bytes());
    }
}

fn append_to(path: &Path) -> std::io::Result<Arc<File>> {
    File::options().create(true).append(true).open(path).map(Arc::new)
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
