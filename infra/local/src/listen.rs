//! Serving HTTP/1.1 on a loopback socket until dropped.

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

/// The address a request came from, found in its extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A server; dropping it closes its port and its connections.
#[derive(Debug)]
pub(crate) struct Server {
    task: JoinHandle<Infallible>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A listener on a free loopback port.
pub(crate) async fn free_port() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves `router` on `listener` to whoever calls this machine by its own names: a name of somebody else's that was made to point here
/// (DNS rebinding) would make a web page's calls same-origin.
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

/// The same for a port that only this cloud's functions have business with: nothing that a browser sends passes.
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
            // Out of file descriptors, or a client that left at once: the next accept may work.
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
        let hung_up = response.extensions().get::<HangUp>().is_some();
        if hung_up { Err("the client is hung up on") } else { Ok(response) }
    });
    // An error here is the client's, which left or does not speak HTTP, or was wanted: it ends the connection.
    _ = http.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

/// Serves a request unless clients are cut off from the cloud, before or while it is served.
pub(crate) async fn unless_cut_off(
    mut cut_off: watch::Receiver<bool>,
    response: impl Future<Output = Response>,
) -> Response {
    tokio::select! {
        biased;
        Ok(_) = cut_off.wait_for(|on| *on) => hang_up(),
        response = response => response,
    }
}

/// Marks a response that is none.
#[derive(Clone, Copy)]
struct HangUp;

/// Instead of a response: the connection ends without one.
fn hang_up() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(HangUp);
    response
}
