//! The artifact `ops`: migrations, health, and the answer to what no route matches.

mod health;
mod migrate;
mod unrouted;

use std::process::ExitCode;

use chatchat_lambda::{Core, Handler, handlers, run};

const HANDLERS: &[(&str, Handler<Core>)] = handlers![
    event migrate => migrate::migrate,
    http health => health::health,
    bare unrouted => unrouted::unrouted,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS, Core::start).await
}
