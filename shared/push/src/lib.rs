#![doc = include_str!("../README.md")]

mod connections;
mod delivery;
mod service;

pub use connections::Connections;
pub use delivery::Delivery;
pub use service::Service;
