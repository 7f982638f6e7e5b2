//! The artifact `profiles`: profiles, for their owners and for others, their pictures, and the directory.

mod bucket;
mod change_company;
mod change_customer;
mod container;
mod find_companies;
mod form;
mod own_profile;
mod picture;
mod service;
mod show_company;
mod upload_picture;

use std::process::ExitCode;

use chatchat_lambda::{Handler, handlers, run};

use crate::service::Service;

const HANDLERS: &[(&str, Handler<Service>)] = handlers![
    http own_customer_profile => own_profile::customer,
    http own_company_profile => own_profile::company,
    http change_customer => change_customer::change,
    http change_company => change_company::change,
    http find_companies => find_companies::find,
    http show_company => show_company::show,
    http upload_picture => upload_picture::upload,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS, Service::start).await
}
