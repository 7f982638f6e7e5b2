#![doc = include_str!("../README.md")]

mod apis;
mod error;
mod functions;
mod nested;
mod resolve;
mod schedules;
mod template;
mod value;
mod yaml;

pub use apis::{Cors, HttpApi, HttpRoute, WebSocketApi, WebSocketRoute};
pub use error::TemplateError;
pub use functions::Function;
pub use nested::Nested;
pub use resolve::Lookup;
pub use schedules::{Schedule, ScheduleSource};
pub use template::{Parameter, Resource, Template};
pub use yaml::parse as parse_yaml;
