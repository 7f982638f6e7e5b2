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

use chatchat_lambda::{Core, Error, Handler, StartError, handlers, optional, run};
use chatchat_push::Delivery;

use crate::frame::{Frame, answer};

/// What the routes of this artifact work with.
struct Service {
    core: Core,
    delivery: Option<Delivery>,
}

impl AsRef<Core> for Service {
    fn as_ref(&self) -> &Core {
        &self.core
    }
}

impl Service {
    async fn start() -> Result<Self, StartError> {
        let core = Core::start().await?;
        let delivery = optional("WEBSOCKET_MANAGEMENT_URL")
            .map(|endpoint| Delivery::new(core.store.clone(), &core.aws, &endpoint));
        Ok(Self { core, delivery })
    }

    /// For the routes that answer over the connection; the template gives their functions the address.
    fn delivery(&self) -> Result<&Delivery, Error> {
        self.delivery.as_ref().ok_or_else(|| Error::internal("WEBSOCKET_MANAGEMENT_URL is not set"))
    }
}

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
