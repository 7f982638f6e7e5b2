//! What a deployment makes of the templates in `infra/`: SAM's expansion, worked out for four sets of parameters.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod database;
mod exposure;
mod observability;
mod permissions;
mod routes;
mod sets;
mod stacks;
