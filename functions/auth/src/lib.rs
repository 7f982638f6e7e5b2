//! The code of the artifact `auth`. It is a library so that the fuzz targets can call it.

pub mod change_password;
pub mod cookie;
pub mod end_session;
pub mod list_sessions;
pub mod log_in;
pub mod log_out;
mod passwords;
pub mod refresh;
mod refused_networks;
pub mod sign_up;
pub mod withdraw;
