//! Compares the local cloud with the facts about AWS in the README. `item_07_…` tests fact 7.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod distribution;
mod environments;
mod faults_calls;
mod faults_database;
mod faults_frames;
mod faults_functions;
mod faults_lambda;
mod faults_networks;
mod http;
mod lambda;
mod life;
mod management;
mod postgres;
mod schedules;
mod secrets;
mod site;
mod storage;
mod websocket;
mod websocket_events;
mod websocket_limits;
