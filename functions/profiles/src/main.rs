//! The artifact `profiles`: profiles, for their owners and for others, and the directory.

mod change_company;
mod find_companies;
mod own_profile;
mod show_company;

use std::process::ExitCode;

use chatchat_lambda::{Core, Handler, handlers, run};

const HANDLERS: &[(&str, Handler<Core>)] = handlers![
    http own_customer_profile => own_profile::customer,
    http own_company_profile => own_profile::company,
    http change_company => change_company::change,
    http find_companies => find_companies::find,
    http show_company => show_company::show,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS, Core::start).await
}
