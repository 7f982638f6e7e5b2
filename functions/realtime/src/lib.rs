//! The code of the artifact `realtime`. It is a library so that the fuzz targets can call it.

pub mod connect;
pub mod create_ticket;
pub mod disconnect;
pub mod frame;
pub mod heartbeat;
pub mod mark_read;
pub mod route;
pub mod send_message;
pub mod typing;
pub mod unknown_action;
