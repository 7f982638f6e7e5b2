//! The WebSocket API: connections, the routes of their messages, and the management API.

mod api;
mod connections;
mod deliver;
mod event;
mod frames;
mod handshake;
mod id;
mod management;
mod management_faults;
mod rate;
mod response;
mod routes;
mod session;

pub(crate) use api::WebSocketApi;
pub(crate) use handshake::{connect, is_upgrade};
pub(crate) use management::{manage, managed};
