//! The artifact `ops`: migrations, the sweep, health, and the answer to requests that match no
//! route.

mod health;
mod migrate;
mod sweep;
mod unrouted;

use std::process::ExitCode;

use chatchat_delivery::Delivery;
use chatchat_function::{Handler, handlers, run};
use chatchat_store::Store;

const HANDLERS: &[Handler] = handlers![
    Store: event migrate => migrate::migrate,
    Delivery: event sweep => sweep::sweep,
    Store: public health => health::health,
    (): public unrouted => unrouted::unrouted,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS).await
}
