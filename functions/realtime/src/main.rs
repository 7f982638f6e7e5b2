//! The artifact `realtime`: tickets, and all routes of the WebSocket API.

use std::process::ExitCode;

use chatchat_delivery::Delivery;
use chatchat_function::{Handler, Viewers, handlers, run};
use chatchat_store::Store;
use realtime::{
    connect, create_ticket, disconnect, frame::answer, heartbeat, mark_read, send_message, typing,
    unknown_action,
};

const HANDLERS: &[Handler] = handlers![
    Store: account create_ticket => create_ticket::create,
    (Delivery, Viewers): event connect => connect::connect,
    Store: event disconnect => disconnect::disconnect,
    Delivery: event send_message => |delivery, event| answer(delivery, event, send_message::send),
    Delivery: event mark_read => |delivery, event| answer(delivery, event, mark_read::mark),
    Delivery: event typing => |delivery, event| answer(delivery, event, typing::typing),
    Delivery: event heartbeat => |delivery, event| answer(delivery, event, heartbeat::heartbeat),
    Delivery: event unknown_action => |delivery, event| answer(delivery, event, unknown_action::refuse),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS).await
}
