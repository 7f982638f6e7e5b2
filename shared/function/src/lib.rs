#![doc = include_str!("../README.md")]

mod answer;
mod aws;
mod caller;
mod database_roles;
mod environment;
mod error;
mod fields;
mod handler;
mod http;
mod http_event;
mod ids;
mod language;
mod patch;
mod pseudonyms;
mod request;
mod resource;
mod run;
mod secrets;
mod signing_keys;
mod telemetry;
mod viewer;

pub use self::http::{HttpHandler, http_needs, serve_http};
pub use ::http::HeaderMap;
pub use answer::Answer;
pub use aws_lambda_events;
pub use caller::{Authorization, Authorize};
pub use chatchat_domain::{AnyRole, Caller, Company, Customer};
pub use database_roles::{Owner, RoleSecret};
pub use environment::{StartError, optional, required};
pub use error::{Error, FieldError, status, zip_invalid};
pub use fields::read as read_fields;
pub use handler::{Event, Handler, Serving};
pub use ids::Ids;
pub use language::preferred as preferred_language;
pub use patch::Patch;
pub use pseudonyms::Pseudonyms;
pub use request::{Request, excludes, repeats};
pub use resource::{Loader, Need, Resource};
pub use run::{EventHandler, run, serve_events};
pub use signing_keys::SigningKeys;
pub use viewer::{PageOrigin, Viewer, Viewers};

/// A boxed future, as handlers in a table return it.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
