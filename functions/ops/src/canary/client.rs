//! The smallest client of ChatChat: JSON over HTTP, and frames over a WebSocket.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use http::{
    HeaderMap, Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE},
};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Http, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config, tungstenite::Message,
};

/// Why a step failed.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The settings of TLS, with the certificates of the system.
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    pub fn new() -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        let loaded = rustls_native_certs::load_native_certs();
        if roots.add_parsable_certificates(loaded.certs).0 == 0 {
            return Err(format!("the system has no certificates: {:?}", loaded.errors).into());
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

/// A client of one origin. Its connections are not kept for another conversation, because they may
/// be closed by then.
pub struct Client {
    origin: String,
    tls: Arc<ClientConfig>,
    http: Http<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// A response of the API: its status, headers and body. The body is null if it is empty.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn expect(self, statuses: &[u16]) -> Result<Self, Failure> {
        if statuses.contains(&self.status) {
            return Ok(self);
        }
        Err(format!("the answer is {} {}", self.status, self.body).into())
    }
}

impl Client {
    pub fn new(origin: &str, tls: &Tls) -> Self {
        let https = HttpsConnectorBuilder::new().with_tls_config((*tls.0).clone());
        let https = https.https_or_http().enable_http1().build();
        let http = Http::builder(TokioExecutor::new()).build(https);
        Self { origin: origin.to_owned(), tls: Arc::clone(&tls.0), http }
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: &Value,
    ) -> Result<Answer, Failure> {
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let mut request = Request::builder().method(method).uri(format!("{}/api{path}", self.origin));
        if let Some(all) = request.headers_mut() {
            *all = headers;
            if !bytes.is_empty() {
                all.insert(CONTENT_TYPE, "application/json".parse()?);
            }
        }
        let (parts, body) = self.http.request(request.body(Full::new(bytes))?).await?.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Signs an account up. `kind` is `customer` or `company`.
    pub async fn sign_up(
        &self,
        kind: &str,
        username: &str,
        password: &str,
        name: &str,
    ) -> Result<(), Failure> {
        let path = if kind == "customer" { "/customers" } else { "/companies" };
        let body =
            json!({ "username": username, "password": password, "confirmPassword": password, "name": name });
        self.call(Method::POST, path, HeaderMap::new(), &body).await?.expect(&[201])?;
        Ok(())
    }

    /// Logs in. The inner error is the code of a refusal.
    pub async fn log_in(
        &self,
        kind: &'static str,
        username: &str,
        password: &str,
    ) -> Result<Result<Account<'_>, String>, Failure> {
        let body = json!({ "username": username, "password": password });
        let path = format!("/{kind}/session");
        let answer = self.call(Method::POST, &path, HeaderMap::new(), &body).await?;
        if answer.status == 400 {
            return Ok(Err(answer.body["code"].as_str().unwrap_or_default().to_owned()));
        }
        let Answer { headers, body, .. } = answer.expect(&[201])?;
        let token = body["accessToken"].as_str().ok_or("the answer has no access token")?.to_owned();
        let cookie = headers.get(SET_COOKIE).ok_or("the answer has no cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Ok(Account { client: self, kind, token, cookie }))
    }
}

/// An account with a session.
pub struct Account<'a> {
    client: &'a Client,
    kind: &'static str,
    token: String,
    cookie: String,
}

impl Account<'_> {
    /// Sends a request with the access token and returns the body of the response. A null `body`
    /// means that the request has no body. Fails unless the status is 200, 201 or 204.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("Bearer {}", self.token).parse()?);
        Ok(self.client.call(method, path, headers, body).await?.expect(&[200, 201, 204])?.body)
    }

    /// Ends the session.
    pub async fn log_out(&self) -> Result<(), Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, self.cookie.parse()?);
        let path = format!("/{}/session", self.kind);
        self.client.call(Method::DELETE, &path, headers, &Value::Null).await?.expect(&[204])?;
        Ok(())
    }

    /// Opens a WebSocket connection.
    pub async fn connect(&self) -> Result<Socket, Failure> {
        let ticket = self.call(Method::POST, "/realtime/tickets", &Value::Null).await?;
        let path = ticket["url"].as_str().ok_or("the ticket has no url")?;
        let url = format!("{}{path}", self.client.origin.replacen("http", "ws", 1));
        let tls = Connector::Rustls(Arc::clone(&self.client.tls));
        let (stream, _) = Box::pin(connect_async_tls_with_config(url, None, true, Some(tls))).await?;
        Ok(Socket(Box::new(stream)))
    }
}

/// An open WebSocket connection. Boxed, because with TLS it is large.
pub struct Socket(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>);

impl Socket {
    /// Sends a JSON frame.
    pub async fn send(&mut self, frame: &Value) -> Result<(), Failure> {
        Ok(self.0.send(Message::text(frame.to_string())).await?)
    }

    /// Waits for the next JSON frame.
    pub async fn next(&mut self) -> Result<Value, Failure> {
        loop {
            match self.0.next().await.ok_or("the connection has ended")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(frame) => return Err(format!("the connection was closed: {frame:?}").into()),
                _ => {}
            }
        }
    }

    /// Closes the connection.
    pub async fn close(mut self) -> Result<(), Failure> {
        Ok(self.0.as_mut().close(None).await?)
    }
}
