#![doc = include_str!("../README.md")]

mod answer;
mod core;
mod environment;
mod error;
mod fields;
mod handler;
mod http;
mod language;
mod patch;
mod request;
mod run;
mod secrets;
mod telemetry;
mod tokens;
mod viewer;

pub use answer::Answer;
pub use core::{Core, Serve};
pub use environment::{StartError, optional, required};
pub use error::{Error, FieldError, both, status};
pub use fields::read as read_fields;
pub use handler::{Event, Handler};
pub use lambda_http::{aws_lambda_events, http::HeaderMap};
pub use patch::Patch;
pub use request::{Request, confirmed, differs};
pub use run::run;
pub use viewer::{PageOrigin, Viewer, Viewers};

/// A boxed future, as handlers in a table give.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
