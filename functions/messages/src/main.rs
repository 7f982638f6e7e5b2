//! The artifact `messages`: rooms and their messages, for both sides.

mod block_customer;
mod cursor;
mod history;
mod leave_room;
mod list_rooms;
mod mark_read;
mod open_room;
mod send_message;
mod show_room;

use std::process::ExitCode;

use chatchat_delivery::Delivery;
use chatchat_function::{Handler, SigningKeys, handlers, run};
use chatchat_store::Store;

const HANDLERS: &[Handler] = handlers![
    Store: customer open_room => open_room::open,
    (Store, SigningKeys): customer list_rooms_as_customer => list_rooms::list,
    (Store, SigningKeys): company list_rooms_as_company => list_rooms::list,
    Store: customer show_room_as_customer => show_room::show,
    Store: company show_room_as_company => show_room::show,
    Store: company block_customer => block_customer::block,
    Store: company unblock_customer => block_customer::unblock,
    Store: customer leave_room => leave_room::leave,
    Store: customer history_as_customer => history::history,
    Store: company history_as_company => history::history,
    Delivery: customer send_message_as_customer => send_message::send,
    Delivery: company send_message_as_company => send_message::send,
    Delivery: customer mark_read_as_customer => mark_read::mark,
    Delivery: company mark_read_as_company => mark_read::mark,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS).await
}
