//! The artifact `auth`: accounts, passwords and sessions, for customers and companies.

mod change_password;
mod cookie;
mod log_in;
mod log_out;
mod passwords;
mod refresh;
mod sign_up;
mod withdraw;

use std::process::ExitCode;

use chatchat_domain::{Company, Customer};
use chatchat_lambda::{Handler, handlers, run};
use chatchat_push::Service;

const HANDLERS: &[(&str, Handler<Service>)] = handlers![
    http sign_up_customer => sign_up::sign_up::<Customer>,
    http sign_up_company => sign_up::sign_up::<Company>,
    http log_in_customer => log_in::log_in::<Customer>,
    http log_in_company => log_in::log_in::<Company>,
    http refresh => refresh::refresh,
    http log_out => log_out::log_out,
    http change_password_of_customer => change_password::change::<Customer>,
    http change_password_of_company => change_password::change::<Company>,
    http withdraw_customer => withdraw::withdraw::<Customer>,
    http withdraw_company => withdraw::withdraw::<Company>,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS, Service::start).await
}
