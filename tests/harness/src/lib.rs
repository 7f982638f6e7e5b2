#![doc = include_str!("../README.md")]

mod client;
mod describe;
pub mod example;
mod npm;
mod pages;
mod person;
mod socket;
mod system;

pub use client::{Answer, Client, Watch};
pub use describe::{DescribedHandler, describe};
pub use npm::{build_pages, npm_is_installed, npm_run};
pub use pages::{Page, document_pages, pages, upload_pages};
pub use person::{PASSWORD, Person, new_username};
pub use socket::{PATIENCE, Socket};
pub use system::{
    System, SystemOptions, build_functions, build_optimised_functions, free_port, root, target,
};
pub use tokio_tungstenite::tungstenite;

/// An error with a message for a person.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
