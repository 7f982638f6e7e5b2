//! Checks of the templates in `infra/`, expanded by SAM and evaluated for seven sets of parameters.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alarms;
mod cloudwatch;
mod database;
mod exposure;
mod github;
mod migrations;
mod observability;
mod permissions;
mod policies;
mod routes;
mod runbooks;
mod sets;
mod stacks;
mod warm;
