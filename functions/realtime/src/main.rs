//! The artifact `realtime`: tickets, and all routes of the WebSocket API.

mod connect;
mod create_ticket;
mod disconnect;
mod frame;
mod heartbeat;
mod mark_read;
mod send_message;
mod typing;
mod unknown_action;

use std::process::ExitCode;

use chatchat_lambda::{Handler, handlers, run};
use chatchat_push::Service;

use crate::frame::{Frame, answer};

const HANDLERS: &[(&str, Handler<Service, Frame>)] = handlers![
    http create_ticket => create_ticket::create,
    event connect => connect::connect,
    event disconnect => disconnect::disconnect,
    event send_message => |service, event| answer(service, event, send_message::send),
    event mark_read => |service, event| answer(service, event, mark_read::mark),
    event typing => |service, event| answer(service, event, typing::typing),
    event heartbeat => |service, event| answer(service, event, heartbeat::heartbeat),
    event unknown_action => |service, event| answer(service, event, unknown_action::refuse),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS, Service::start).await
}
