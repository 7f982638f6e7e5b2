//! The artifact `realtime`: tickets, and all routes of the WebSocket API.

use std::process::ExitCode;

use chatchat_delivery::Delivery;
use chatchat_function::{Handler, Viewers, handlers, run};
use chatchat_store::Store;
use realtime::{create_ticket, route};

const HANDLERS: &[Handler] = handlers![
    Store: account create_ticket => create_ticket::create,
    (Delivery, Viewers): event realtime => route::serve,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS).await
}
