//! `cargo xtask up`: runs the whole product on this machine.

use std::{
    io::{Write, stdout},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chatchat_harness::{
    Client, Failure, System, SystemOptions, build_pages, example, npm_is_installed, pages, root, upload_pages,
};
use chatchat_local::{PgBouncer, StartError};
use tokio::signal::unix::{SignalKind, signal};

use crate::{build, failure, progress};

/// Builds and starts everything, with a line for each step, and adds the example if `with_example`
/// is set. Prints `ready` with the address, then one line for each request, until Ctrl-C or
/// `SIGTERM`.
pub async fn up(port: u16, fresh: bool, with_example: bool, pooled: bool) -> Result<(), Failure> {
    // Checked before the build, which takes minutes.
    if let Err(error) = TcpListener::bind(("127.0.0.1", port)) {
        return Err(failure(format!(
            "port {port} cannot be used ({error}); stop the program that uses it, or choose another port with --port"
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
            "npm is not installed, so the pages are not built. Install Node 20.19 or newer with npm to build them."
        );
    }
    // Until here, these signals end this process and cargo immediately.
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let state = root().join(".local").join(port.to_string());
    eprintln!("Data and logs are in {}", state.display());
    let is_ready = Arc::new(AtomicBool::new(false));
    let log = {
        let is_ready = Arc::clone(&is_ready);
        move |line: &str| {
            if is_ready.load(Ordering::Relaxed) {
                // If the output is closed, requests must still succeed.
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

/// Creates the example data unless they exist, and prints the logins.
async fn fill(url: &str) -> Result<(), Failure> {
    eprintln!("Creating the example…");
    if !example::fill(&Client::new(url)?).await? {
        eprintln!("The example exists already and was not changed. (--fresh starts with empty data.)");
    }
    eprint!("Logins of the example (page, username, password, name):\n{}", example::logins(url));
    Ok(())
}
