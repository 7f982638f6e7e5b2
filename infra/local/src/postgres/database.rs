//! Databases, their owner and their connection strings.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The role that owns the databases. Like RDS's master user, it is not a superuser.
pub(super) const OWNER: &str = "chatchat";

/// A database with the role that owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// The server's host.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// The database's name.
    pub name: String,
    /// The owner, which is not a superuser.
    pub user: String,
    /// The owner's password.
    pub password: String,
}

impl Database {
    /// The connection string of the owner.
    pub fn url(&self) -> String {
        url(&self.host, self.port, &self.user, &self.password, &self.name)
    }
}

pub(super) fn url(host: &str, port: u16, user: &str, password: &str, database: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!("postgres://{}:{}@{host}:{port}/{}", encode(user), encode(password), encode(database))
}
