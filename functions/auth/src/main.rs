//! The artifact `auth`: signing up and logging in, for customers and companies.

mod log_in;
mod passwords;
mod sign_up;

use std::process::ExitCode;

use chatchat_domain::{Company, Customer};
use chatchat_lambda::{Core, Handler, Serve, StartError, handlers, optional, run};

/// What the routes of this artifact work with.
struct Service {
    core: Core,
    /// The registrable domain of web client and API, where they are subdomains of one.
    cookie_domain: Option<String>,
}

impl Serve for Service {
    fn core(&self) -> &Core {
        &self.core
    }
}

impl Service {
    async fn start() -> Result<Self, StartError> {
        Ok(Self { core: Core::start().await?, cookie_domain: optional("COOKIE_DOMAIN") })
    }
}

const HANDLERS: &[(&str, Handler<Service>)] = handlers![
    http sign_up_customer => sign_up::sign_up::<Customer>,
    http sign_up_company => sign_up::sign_up::<Company>,
    http log_in_customer => log_in::log_in::<Customer>,
    http log_in_company => log_in::log_in::<Company>,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(HANDLERS, Service::start).await
}
