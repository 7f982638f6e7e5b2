//! `cargo xtask up`: the whole product on this machine.

use std::{
    io::{Write, stdout},
    net::TcpListener,
    sync::Arc,
};

use chatchat_local::{PgBouncer, StartError};
use chatchat_tests::{
    Failure, System, SystemOptions, build_pages, npm_is_installed, pages, root, upload_pages,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{build, failure, progress};

/// Builds and starts everything with a line for each step, prints `ready` with the address, then one line a request, until Ctrl-C or a
/// `SIGTERM`.
pub async fn up(port: u16, fresh: bool, pooled: bool) -> Result<(), Failure> {
    // Before the build, which takes longer than to say so.
    if let Err(error) = TcpListener::bind(("127.0.0.1", port)) {
        return Err(failure(format!(
            "port {port} cannot be used ({error}); stop what uses it, or choose another with --port"
        )));
    }
    if pooled && !PgBouncer::is_installed() {
        return Err(StartError::NoPgBouncer.into());
    }
    build()?;
    if npm_is_installed() {
        eprintln!("Building the pages…");
        build_pages()?;
    } else {
        eprintln!("npm is not installed, so the pages are not built. Install Node 20 with npm to get them.");
    }
    // Until here, these signals end this process and cargo.
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let state = root().join(".local").join(port.to_string());
    eprintln!("Data and logs are in {}", state.display());
    let options = SystemOptions {
        port,
        state: Some(state),
        fresh,
        pooled,
        // A request succeeds also when the lines are no longer read.
        log: Some(Arc::new(|line: &str| _ = writeln!(stdout(), "{line}"))),
        progress: Some(progress()),
        ..SystemOptions::default()
    };
    let start = System::start(options);
    let system = tokio::select! {
        system = start => system?,
        _ = interrupted.recv() => return Ok(()),
        _ = terminated.recv() => return Ok(()),
    };
    upload_pages(&system.cloud, &pages()?).await?;
    println!("ready {}", system.cloud.url());
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    eprintln!("Stopping…");
    system.stop().await;
    Ok(())
}
