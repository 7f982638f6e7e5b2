//! HTTP requests and responses.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderMap},
};
use serde_json::Value;

use crate::Failure;

/// A function that is called after each request with the method, the path and the response.
pub type Watch = Arc<dyn Fn(&Method, &str, &Answer) + Send + Sync>;

/// An HTTP client of one ChatChat.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// The origin of that ChatChat, such as `http://localhost:8080`.
    pub url: String,
    watch: Option<Watch>,
}

/// An HTTP response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body: null if it is empty, a string if it is not JSON.
    pub body: Value,
}

impl Answer {
    async fn of(response: reqwest::Response) -> Result<Self, Failure> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        Ok(Self { status, headers, body })
    }

    /// Returns the value of a header, or an empty string if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the `code` of an error, or an empty string.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Returns the response itself, or an error if it has another status.
    pub fn expect(self, status: u16) -> Result<Self, Failure> {
        if self.status == status {
            return Ok(self);
        }
        Err(format!("expected {status}, got {}: {}", self.status, self.body).into())
    }
}

impl Client {
    /// Creates a client for an origin.
    pub fn new(url: &str) -> Result<Self, Failure> {
        Self::with_address(url, None)
    }

    /// Creates a client whose requests come from this address of the machine.
    pub fn from_address(url: &str, address: IpAddr) -> Result<Self, Failure> {
        Self::with_address(url, Some(address))
    }

    /// Returns a client like this one, whose requests come from a network (a /24) that no other
    /// client has, because some limits count for a network. For an origin that is not on this
    /// machine, the network is the same.
    pub fn in_new_network(&self) -> Result<Self, Failure> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let is_local = ["localhost", "127.0.0.1"].iter().any(|host| self.url.contains(&format!("//{host}:")));
        // Each process begins at another number, because several processes can use one server.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id() << 8);
        let [_, high, low, _] = (number << 8).to_be_bytes();
        // Clients without a chosen address are in 127.0.0.0/24.
        let address = Ipv4Addr::new(127, high.max(1), low, 1);
        let client = Self::with_address(&self.url, is_local.then_some(address.into()))?;
        Ok(Self { watch: self.watch.clone(), ..client })
    }

    fn with_address(url: &str, address: Option<IpAddr>) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .local_address(address)
            .timeout(Duration::from_secs(40))
            // Less than the 30 s after which the server closes idle connections, so that a request
            // never uses a connection that is being closed.
            .pool_idle_timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self { http, url: url.to_owned(), watch: None })
    }

    /// Returns the client with a function that is called after each request.
    #[must_use]
    pub fn watched(mut self, watch: Watch) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Creates a request to a path of the API. It can be changed before it is sent.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        let builder = self.http.request(method.clone(), format!("{}/api{path}", self.url));
        Request { client: self, method, path: path.to_owned(), builder }
    }

    /// Fetches a page or file of the origin.
    pub async fn page(&self, path: &str) -> Result<Answer, Failure> {
        Answer::of(self.http.get(format!("{}{path}", self.url)).send().await?).await
    }

    /// Returns the WebSocket address for a path of the origin, such as a ticket's `url`.
    pub fn socket_address(&self, path: &str) -> String {
        format!("{}{path}", self.url.replacen("http", "ws", 1))
    }

    /// Sends a request to a path of the API. `token` is the access token, if any; a null `body`
    /// means that the request has no body.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(method, path);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"));
        }
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        Box::pin(request.send()).await
    }
}

/// A request that was not sent yet.
pub struct Request<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    builder: reqwest::RequestBuilder,
}

impl Request<'_> {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.builder = self.builder.body(body.into());
        self
    }

    /// Sends the request.
    pub async fn send(self) -> Result<Answer, Failure> {
        let answer = Answer::of(self.builder.send().await?).await?;
        if let Some(watch) = &self.client.watch {
            watch(&self.method, &self.path, &answer);
        }
        Ok(answer)
    }
}
