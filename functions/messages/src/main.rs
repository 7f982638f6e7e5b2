//! The artifact `messages`: opening, listing and reading rooms, sending, marking read, for both sides.

mod cursor;
mod history;
mod list_rooms;
mod mark_read;
mod open_room;
mod send_message;
mod show_room;

use std::process::ExitCode;

use chatchat_domain::{Company, Customer};
use chatchat_lambda::{Handler, handlers, run};
use chatchat_push::Service;

const HANDLERS: &[(&str, Handler<Service>)] = handlers![
    http open_room => open_room::open,
    http list_rooms_as_customer => list_rooms::list::<Customer>,
    http list_rooms_as_company => list_rooms::list::<Company>,
    http show_room_as_customer => show_room::show::<Customer>,
    http show_room_as_company => show_room::show::<Company>,
    http history_as_customer => history::history::<Customer>,
    http history_as_company => history::history::<Company>,
    http send_message_as_customer => send_message::send::<Customer>,
    http send_message_as_company => send_message::send::<Company>,
    http mark_read_as_customer => mark_read::mark::<Customer>,
    http mark_read_as_company => mark_read::mark::<Company>,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS, Service::start).await
}
