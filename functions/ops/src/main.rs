//! The artifact `ops`: migrations, the sweep, an operator's measures, the rotation of the database's
//! password, the canary, health, and the answer to requests that match no route.

mod canary;
mod health;
mod migrate;
mod moderate;
mod rotate;
mod sweep;
mod unrouted;

use std::process::ExitCode;

use canary::Canary;
use chatchat_delivery::Delivery;
use chatchat_function::{Handler, Owner, Pseudonyms, RoleSecret, handlers, run};
use chatchat_store::Store;

const HANDLERS: &[Handler] = handlers![
    Owner: event migrate => migrate::migrate,
    RoleSecret: event rotate => rotate::rotate,
    Delivery: event sweep => sweep::sweep,
    (Delivery, Pseudonyms): event moderate => moderate::moderate,
    Canary: event converse => canary::converse,
    Store: public health => health::health,
    (): public unrouted => unrouted::unrouted,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS).await
}
