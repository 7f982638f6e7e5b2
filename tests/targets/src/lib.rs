#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target reports a finding with a panic"
)]

mod cookie;
mod cursor;
mod form;
mod frame;
mod picture;
mod token;

pub use cookie::cookie;
pub use cursor::cursor;
pub use form::form;
pub use frame::frame;
pub use picture::picture;
pub use token::token;

/// A fuzz target. It panics if a rule does not hold for the input.
pub type Target = fn(&[u8]);

/// All targets and their names.
pub const TARGETS: [(&str, Target); 6] = [
    ("cookie", cookie),
    ("cursor", cursor),
    ("form", form),
    ("frame", frame),
    ("picture", picture),
    ("token", token),
];
