//! Secrets Manager: the template's secrets, their versions, and the API that reads them.

mod api;
mod generate;
mod store;

pub(crate) use api::router;
pub(crate) use store::Secrets;
