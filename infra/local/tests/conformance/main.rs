//! The local cloud against the facts about AWS: each test carries the number of the fact it stands for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http;
mod lambda;
mod life;
mod management;
mod postgres;
mod secrets;
mod site;
mod storage;
mod websocket;
mod websocket_events;
mod websocket_limits;
