//! A cloud for one test, and its clients.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chatchat_local::{Cloud, Injection, Options, Settings};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::CloseFrame},
};
use uuid::Uuid;

/// How long a test waits for anything.
pub const LIMIT: Duration = Duration::from_secs(20);

/// A folder that is removed when it is dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("chatchat-conformance-{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running cloud.
pub struct Site {
    pub cloud: Cloud,
    pub client: Client,
    pub folder: Folder,
    pub lines: Arc<Mutex<Vec<String>>>,
}

pub const TEMPLATE: &str = include_str!("template.yaml");

/// The folder with the compiled probe.
pub fn artifacts() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().join("examples");
    assert!(
        folder.join("probe").is_file(),
        "the example `probe` is not built, because `cargo test --test conformance` builds no examples; run `cargo build -p chatchat-local --examples` first"
    );
    folder
}

/// The options for a template, which is written to the folder.
pub fn options(folder: &Folder, template: &str) -> Options {
    let path = folder.0.join("template.yaml");
    std::fs::write(&path, template).unwrap();
    let parameters = [("Records".to_owned(), folder.0.display().to_string())].into();
    Options { template: path, artifacts: artifacts(), parameters, ..Options::default() }
}

impl Site {
    pub async fn start() -> Self {
        Self::with(TEMPLATE, Settings::default()).await
    }

    pub async fn with_settings(settings: Settings) -> Self {
        Self::with(TEMPLATE, settings).await
    }

    pub async fn with(template: &str, settings: Settings) -> Self {
        let folder = Folder::new();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = {
            let lines = Arc::clone(&lines);
            Arc::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()))
        };
        let cloud =
            Cloud::start(Options { settings, log: Some(log), ..options(&folder, template) }).await.unwrap();
        Self { cloud, client: Client::new(), folder, lines }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.cloud.http_url()))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// Makes the function return this result.
    pub fn answer(&self, answer: &Value) -> RequestBuilder {
        self.request(Method::POST, "/answer")
            .header("content-type", "application/json")
            .body(answer.to_string())
    }

    /// Returns the echo of a request: the event and the environment of the process.
    pub async fn echo(&self, request: RequestBuilder) -> Value {
        let response = request.send().await.unwrap();
        let text = response.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("not an echo: {text}"))
    }

    /// Opens a connection. The error contains the status of the refusal.
    pub async fn try_connect(
        &self,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, Box<Refusal>> {
        let mut request =
            format!("{}{query}", self.cloud.websocket_url().unwrap()).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((stream, response)) => {
                let headers = response
                    .headers()
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                    .collect();
                Ok(Socket { stream, headers })
            }
            Err(Error::Http(response)) => {
                let body = response
                    .body()
                    .as_deref()
                    .map(|body| String::from_utf8_lossy(body).into_owned())
                    .unwrap_or_default();
                Err(Box::new(Refusal { status: response.status().as_u16(), body }))
            }
            Err(error) => panic!("the handshake failed: {error}"),
        }
    }

    pub async fn connect(&self) -> Socket {
        self.try_connect("", &[]).await.unwrap()
    }

    /// Returns a signed request to the management API.
    pub fn manage(&self, method: Method, id: &str) -> RequestBuilder {
        let url = format!("{}/@connections/{id}", self.cloud.management_url().unwrap());
        self.client
            .request(method, url)
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={}/x", self.cloud.access_key()))
    }

    /// Waits until the function of `$connect` or `$disconnect` has its event, and returns the
    /// event.
    pub async fn recorded(&self, kind: &str, id: &str) -> Value {
        let path = self.folder.0.join(format!("{kind}-{id}"));
        eventually("the recorded event", || std::fs::read_to_string(&path).ok()).await.parse().unwrap()
    }
}

/// A refused handshake.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    pub body: String,
}

/// An open connection.
#[derive(Debug)]
pub struct Socket {
    pub stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub headers: Vec<String>,
}

impl Socket {
    pub async fn send(&mut self, text: impl Into<String>) {
        self.stream.send(Message::text(text.into())).await.unwrap();
    }

    /// Returns the next text message.
    pub async fn text(&mut self) -> String {
        match self.next().await {
            Some(Message::Text(text)) => text.to_string(),
            other => panic!("a text is expected, not {other:?}"),
        }
    }

    pub async fn json(&mut self) -> Value {
        let text = self.text().await;
        text.parse().unwrap_or_else(|_| panic!("not JSON: {text}"))
    }

    /// Returns the closing frame, and skips the messages before it.
    pub async fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            match self.next().await {
                Some(Message::Close(frame)) => return frame,
                Some(_) => {}
                None => panic!("the connection ended without a closing frame"),
            }
        }
    }

    pub async fn close_code(&mut self) -> u16 {
        self.closed().await.expect("a closing frame with a code").code.into()
    }

    /// Expects that the connection ends now, without a closing frame.
    pub async fn expect_cut(&mut self) {
        let next = self.next().await;
        assert!(next.is_none(), "a cut is expected, not {next:?}");
    }

    /// Returns the connection's id, which an echo contains.
    pub async fn id(&mut self) -> String {
        self.send(r#"{"action":"echo"}"#).await;
        self.json().await["requestContext"]["connectionId"].as_str().unwrap().to_owned()
    }

    async fn next(&mut self) -> Option<Message> {
        loop {
            let message =
                tokio::time::timeout(LIMIT, self.stream.next()).await.expect("a message in time")?.ok()?;
            if !matches!(message, Message::Ping(_) | Message::Pong(_)) {
                return Some(message);
            }
        }
    }
}

/// Returns what the functions have written to the file in the message's field `work`: `began` and
/// `committed`.
pub fn work(file: &Path) -> Vec<String> {
    let notes = std::fs::read_to_string(file).unwrap_or_default();
    notes.lines().map(|line| line.rsplit_once(' ').unwrap().1.to_owned()).collect()
}

/// Waits until a fault has happened `times` times.
pub async fn wait_for_fault(injection: &Injection, times: u32) {
    tokio::time::timeout(LIMIT, injection.wait_until_happened(times)).await.expect("the fault in time");
}

/// Waits until `look` returns a value.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < LIMIT, "{what} did not happen within {LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Returns the state letter of a process in the output of `ps`; `None` if the process has ended.
pub fn process_state(pid: u32) -> Option<char> {
    let output =
        std::process::Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().chars().next().filter(|state| *state != 'Z')
}
