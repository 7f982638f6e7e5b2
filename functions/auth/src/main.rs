//! The artifact `auth`: accounts, passwords and sessions, for customers and companies.

use std::process::ExitCode;

use auth::{change_password, end_session, list_sessions, log_in, log_out, refresh, sign_up, withdraw};
use chatchat_delivery::Delivery;
use chatchat_domain::{Company, Customer};
use chatchat_function::{Handler, Pseudonyms, SigningKeys, handlers, run};
use chatchat_store::Store;

const HANDLERS: &[Handler] = handlers![
    (Store, Pseudonyms): public sign_up_customer => sign_up::sign_up::<Customer>,
    (Store, Pseudonyms): public sign_up_company => sign_up::sign_up::<Company>,
    ((Delivery, SigningKeys), Pseudonyms): public log_in_customer => log_in::log_in::<Customer>,
    ((Delivery, SigningKeys), Pseudonyms): public log_in_company => log_in::log_in::<Company>,
    ((Delivery, SigningKeys), Pseudonyms): public refresh_customer => refresh::refresh::<Customer>,
    ((Delivery, SigningKeys), Pseudonyms): public refresh_company => refresh::refresh::<Company>,
    Delivery: public log_out_customer => log_out::log_out::<Customer>,
    Delivery: public log_out_company => log_out::log_out::<Company>,
    Store: customer list_sessions_of_customer => list_sessions::list,
    Store: company list_sessions_of_company => list_sessions::list,
    Delivery: customer end_session_of_customer => end_session::end,
    Delivery: company end_session_of_company => end_session::end,
    Delivery: customer change_password_of_customer => change_password::change,
    Delivery: company change_password_of_company => change_password::change,
    (Delivery, Pseudonyms): customer withdraw_customer => withdraw::withdraw,
    (Delivery, Pseudonyms): company withdraw_company => withdraw::withdraw,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS).await
}
