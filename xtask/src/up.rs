//! `cargo xtask up`: the whole product on this machine.

use std::{
    io::{Write, stdout},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chatchat_local::{PgBouncer, StartError};
use chatchat_tests::{
    Client, Failure, System, SystemOptions, build_pages, example, npm_is_installed, pages, root, upload_pages,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{build, failure, progress};

/// Builds and starts everything with a line for each step, fills it with the example if that is asked for, prints `ready` with the address,
/// then one line a request, until Ctrl-C or a `SIGTERM`.
pub async fn up(port: u16, fresh: bool, with_example: bool, pooled: bool) -> Result<(), Failure> {
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
        eprintln!(
            "npm is not installed, so the pages are not built. Install Node 20.19 or newer with npm to get them."
        );
    }
    // Until here, these signals end this process and cargo.
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let state = root().join(".local").join(port.to_string());
    eprintln!("Data and logs are in {}", state.display());
    let is_ready = Arc::new(AtomicBool::new(false));
    let log = {
        let is_ready = Arc::clone(&is_ready);
        move |line: &str| {
            if is_ready.load(Ordering::Relaxed) {
                // A request succeeds also when the lines are no longer read.
                _ = writeln!(stdout(), "{line}");
            }
        }
    };
    let options = SystemOptions {
        port,
        state: Some(state),
        fresh,
        pooled,
        log: Some(Arc::new(log)),
        progress: Some(progress()),
        ..SystemOptions::default()
    };
    let start = async {
        let system = System::start(options).await?;
        upload_pages(&system.cloud, &pages()?).await?;
        if with_example {
            fill(&system.cloud.url()).await?;
        }
        Ok::<_, Failure>(system)
    };
    let system = tokio::select! {
        system = start => system?,
        _ = interrupted.recv() => return Ok(()),
        _ = terminated.recv() => return Ok(()),
    };
    is_ready.store(true, Ordering::Relaxed);
    println!("ready {}", system.cloud.url());
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    eprintln!("Stopping…");
    system.stop().await;
    Ok(())
}

/// Makes the example unless it is there already, and prints its logins.
async fn fill(url: &str) -> Result<(), Failure> {
    eprintln!("Filling in the example…");
    if !example::fill(&Client::new(url)?).await? {
        eprintln!("It is there already, and stays as it is. (--fresh starts over with empty data.)");
    }
    eprint!("Its logins (page, username, password, name):\n{}", example::logins(url));
    Ok(())
}
