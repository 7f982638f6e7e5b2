//! The artifact `faq`: a company keeps its auto-replies, a customer asks them.

mod ask;
mod change;
mod create;
mod delete;
mod list_own;
mod list_questions;

use std::process::ExitCode;

use chatchat_lambda::{Handler, handlers, run};
use chatchat_push::Service;

const HANDLERS: &[(&str, Handler<Service>)] = handlers![
    http list_auto_replies => list_own::list,
    http create_auto_reply => create::create,
    http change_auto_reply => change::change,
    http delete_auto_reply => delete::delete,
    http list_questions => list_questions::list,
    http ask_auto_reply => ask::ask,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS, Service::start).await
}
