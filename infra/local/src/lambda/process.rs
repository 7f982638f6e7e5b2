//! One process of a function, from start to end, with the Runtime API it talks to.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use super::pool::Pool;
use super::runtime_api;
use crate::listen;

/// Where the functions' standard output and error go.
#[derive(Clone, Debug)]
pub(crate) struct Output(Option<Arc<File>>);

impl Output {
    /// Appends to a file, or throws it away.
    pub(crate) fn open(path: Option<&Path>) -> std::io::Result<Self> {
        let file = path.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
        Ok(Self(file.map(Arc::new)))
    }

    fn write(&self, line: &[u8]) {
        if let Some(file) = &self.0 {
            // A full disk is no reason to fail a request.
            _ = file.as_ref().write_all(line);
        }
    }
}

/// Starts the process for a slot of the pool and watches it until it has ended.
pub(super) async fn run(pool: Arc<Pool>, id: u64) {
    let why = match start(&pool, id).await {
        Ok(running) => running.watch(&pool, id).await,
        Err(error) => format!("{}: {error}", pool.function.program.display()),
    };
    pool.ended_because(id, &why);
}

struct Running {
    child: Child,
    _runtime_api: listen::Server,
    readers: JoinSet<()>,
    last_line: LastLine,
}

async fn start(pool: &Arc<Pool>, id: u64) -> std::io::Result<Running> {
    let (listener, address) = listen::free_port().await?;
    let mut command = Command::new(&pool.function.program);
    command
        .env_clear()
        .envs(&pool.function.variables)
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_SESSION_TOKEN", pool.session_token(id))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    // Only a process that has been waited for has no id.
    pool.started(id, child.id().unwrap_or_default());
    let runtime_api = listen::serve_functions(listener, runtime_api::router(Arc::clone(pool), id));
    let last_line = LastLine::default();
    let mut readers = JoinSet::new();
    if let Some(stdout) = child.stdout.take() {
        readers.spawn(copy(stdout, pool.clone(), last_line.clone(), false));
    }
    if let Some(stderr) = child.stderr.take() {
        readers.spawn(copy(stderr, pool.clone(), last_line.clone(), true));
    }
    Ok(Running { child, _runtime_api: runtime_api, readers, last_line })
}

impl Running {
    /// Waits for the end and says what is known of it.
    async fn watch(mut self, pool: &Pool, id: u64) -> String {
        let status =
            if let Ok(status) = tokio::time::timeout(pool.function.init_limit, self.child.wait()).await {
                status
            } else {
                pool.end_init(id);
                self.child.wait().await
            };
        // What it wrote last is still on its way; a grandchild may hold the pipe open for longer.
        let rest = async { while self.readers.join_next().await.is_some() {} };
        _ = tokio::time::timeout(Duration::from_millis(500), rest).await;
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        match self.last_line.take() {
            Some(line) => format!("{status}; it wrote last: {line}"),
            None => status,
        }
    }
}

/// The last line of standard error, or of standard output when there is none.
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

async fn copy(from: impl AsyncRead + Unpin, pool: Arc<Pool>, last_line: LastLine, is_error: bool) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line).await, Ok(1..)) {
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        pool.output.write(&line);
        last_line.keep(&line, is_error);
        line.clear();
    }
}
