//! The artifact `profiles`: profiles, their pictures, and the directory.

use std::process::ExitCode;

use chatchat_function::{Handler, handlers, run};
use chatchat_store::Store;
use profiles::{
    bucket::{Deletions, Uploads},
    change_company, change_customer, delete_pictures, export, find_companies, own_profile, show_company,
    upload_picture,
};

const HANDLERS: &[Handler] = handlers![
    Store: customer own_customer_profile => own_profile::customer,
    Store: company own_company_profile => own_profile::company,
    Store: customer change_customer => change_customer::change,
    Store: company change_company => change_company::change,
    Store: customer export_customer => export::export,
    Store: company export_company => export::export,
    Store: anyone find_companies => find_companies::find,
    Store: anyone show_company => show_company::show,
    (Store, Uploads): account upload_picture => upload_picture::upload,
    (Store, Deletions): event delete_pictures => delete_pictures::delete,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS).await
}
