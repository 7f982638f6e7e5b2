//! The artifact `auth`: accounts, passwords and sessions, for customers and companies.

mod change_password;
mod cookie;
mod end_session;
mod list_sessions;
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
    http refresh_customer => refresh::refresh::<Customer>,
    http refresh_company => refresh::refresh::<Company>,
    http log_out_customer => log_out::log_out::<Customer>,
    http log_out_company => log_out::log_out::<Company>,
    http list_sessions_of_customer => list_sessions::list::<Customer>,
    http list_sessions_of_company => list_sessions::list::<Company>,
    http end_session_of_customer => end_session::end::<Customer>,
    http end_session_of_company => end_session::end::<Company>,
    http change_password_of_customer => change_password::change::<Customer>,
    http change_password_of_company => change_password::change::<Company>,
    http withdraw_customer => withdraw::withdraw::<Customer>,
    http withdraw_company => withdraw::withdraw::<Company>,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS, Service::start).await
}
