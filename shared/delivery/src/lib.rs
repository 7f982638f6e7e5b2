#![doc = include_str!("../README.md")]

mod connections;
mod delivery;

pub use connections::Connections;
pub use delivery::Delivery;
