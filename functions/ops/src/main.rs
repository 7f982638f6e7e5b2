//! The artifact `ops`: migrations, the sweep, health, and the answer to what no route matches.

mod health;
mod migrate;
mod sweep;
mod unrouted;

use std::process::ExitCode;

use chatchat_lambda::{Handler, handlers, run};
use chatchat_push::Service;

const HANDLERS: &[(&str, Handler<Service>)] = handlers![
    event migrate => migrate::migrate,
    event sweep => sweep::sweep,
    http health => health::health,
    bare unrouted => unrouted::unrouted,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS, Service::start).await
}
