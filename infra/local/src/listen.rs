//! HTTP/1.1 servers on loopback sockets.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, StatusCode, header::HOST},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use hyper::{
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// The address that a request came from. Each request has it as an extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A server. Dropping it closes its port and its connections.
#[derive(Debug)]
pub(crate) struct Server {
    task: JoinHandle<Infallible>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens on a free loopback port.
pub(crate) async fn free_port() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves `router` on `listener`. Rejects requests whose `Host` is not a loopback name, to block
/// DNS rebinding: a web page whose own host name resolves to this machine could otherwise call it
/// as its own origin.
pub(crate) fn serve(listener: TcpListener, router: Router) -> Server {
    let router = router.layer(from_fn(async |request: Request, next: Next| {
        if is_local(request.headers()) {
            next.run(request).await
        } else {
            StatusCode::FORBIDDEN.into_response()
        }
    }));
    Server { task: tokio::spawn(accept(listener, router)) }
}

/// Like [`serve`], for ports that only the functions use: also rejects every request that a browser
/// sends.
pub(crate) fn serve_functions(listener: TcpListener, router: Router) -> Server {
    let router = router.layer(from_fn(async |request: Request, next: Next| {
        let browser = ["origin", "sec-fetch-site"].iter().any(|name| request.headers().contains_key(*name));
        if browser { StatusCode::FORBIDDEN.into_response() } else { next.run(request).await }
    }));
    serve(listener, router)
}

fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.ends_with(".localhost") || name == "127.0.0.1" || name == "[::1]"
}

async fn accept(listener: TcpListener, router: Router) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                connections.spawn(connection(stream, router.clone().layer(axum::Extension(Peer(peer.ip())))));
            }
            // This process has no file descriptor left, or the client has left. The next accept can
            // succeed.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, router: Router) {
    _ = stream.set_nodelay(true);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new());
    let router = TowerToHyperService::new(router);
    let service = service_fn(async |request| {
        let Ok(response) = router.call(request).await;
        let aborted = response.extensions().get::<Abort>().is_some();
        if aborted { Err("the connection is aborted") } else { Ok(response) }
    });
    // The connection ends with an error if the client leaves or does not speak HTTP, or if the
    // service aborts it.
    _ = http.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

/// Returns the response, or aborts the connection as soon as clients are cut off from the cloud.
pub(crate) async fn unless_cut_off(
    mut cut_off: watch::Receiver<bool>,
    response: impl Future<Output = Response>,
) -> Response {
    tokio::select! {
        biased;
        Ok(_) = cut_off.wait_for(|on| *on) => abort(),
        response = response => response,
    }
}

/// The extension of a response in place of which the connection ends.
#[derive(Clone, Copy)]
struct Abort;

/// Returns a marker that ends the connection without a response.
fn abort() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(Abort);
    response
}
