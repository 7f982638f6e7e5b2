//! The artifact `faq`: companies edit their FAQ, and customers ask its questions.

mod ask;
mod change;
mod create;
mod delete;
mod list_own;
mod list_questions;

use std::process::ExitCode;

use chatchat_delivery::Delivery;
use chatchat_function::{Handler, handlers, run};
use chatchat_store::Store;

const HANDLERS: &[Handler] = handlers![
    Store: company list_auto_replies => list_own::list,
    Store: company create_auto_reply => create::create,
    Store: company change_auto_reply => change::change,
    Store: company delete_auto_reply => delete::delete,
    Store: anyone list_questions => list_questions::list,
    Delivery: customer ask_auto_reply => ask::ask,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS).await
}
