//! The role with which the functions connect: its privileges and its password; and the lock of the
//! schema. These statements are for the function that migrates and the one that rotates the
//! password.

use deadpool_postgres::ClientWrapper;
use postgres_protocol::password::scram_sha_256;

use crate::{Credentials, Store, StoreError};

/// The privileges of the functions' role: every table of the schema, with what the statements of
/// `sql/` need. A table for owners only has an empty text.
///
/// The previous release runs with these privileges until it is replaced. So a privilege is removed
/// one release after the last statement that needs it.
pub const GRANTS: &[(&str, &str)] = &[
    ("accounts", "select, insert, update"),
    ("attempts", "select, insert, update, delete"),
    ("auto_replies", "select, insert, update, delete"),
    ("companies", "select, insert, update"),
    ("connections", "select, insert, update, delete"),
    ("consents", "select, insert"),
    ("limits", "select, insert, update, delete"),
    ("messages", "select, insert, update"),
    ("pictures", "select, insert, update, delete"),
    ("refinery_schema_history", ""),
    ("refresh_tokens", "select, insert, delete"),
    ("rooms", "select, insert, update"),
    ("sessions", "select, insert, update, delete"),
    ("tickets", "select, insert, update, delete"),
];

/// The connections that the functions' role leaves to PostgreSQL itself, to migrations and to
/// operators.
const RESERVED_CONNECTIONS: u32 = 10;

/// The key of the advisory lock that a process holds while it changes the schema.
const SCHEMA_LOCK: i64 = 0x6368_6174_6368_6174;

impl Store {
    /// Creates the functions' role if it does not exist, and gives it exactly [`GRANTS`]. Sets the
    /// password unless it is `None`. This store must connect as the owner of the database.
    pub async fn set_up_role(&self, user: &str, password: Option<&str>) -> Result<(), StoreError> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !user.bytes().all(is_plain) {
            return Err(StoreError::unexpected(format!(
                "{user:?} cannot be the name of the functions' role"
            )));
        }
        let password = password.map(set_password).unwrap_or_default();
        let granted = GRANTS.iter().filter(|(_, privileges)| !privileges.is_empty());
        let grants: Vec<String> =
            granted.map(|(table, privileges)| format!("grant {privileges} on {table} to {user};")).collect();
        let sql = format!(
            "begin;
             do $$ begin
                 if not exists (select from pg_roles where rolname = '{user}') then create role {user}; end if;
                 execute 'alter role {user} connection limit '
                     || greatest(current_setting('max_connections')::int - {RESERVED_CONNECTIONS}, 1);
                 execute format('revoke temporary on database %I from public', current_database());
             end $$;
             alter role {user} login {password};
             revoke all on all tables in schema public from {user};
             {}
             commit;",
            grants.join("\n")
        );
        self.run_ddl(&sql).await
    }

    /// Waits until no other process holds the lock of the schema, and takes it. The lock ends with the
    /// transaction of the returned connection. It is a transaction's lock, because a pooler may give
    /// each transaction another connection.
    pub async fn lock_schema(&self) -> Result<ClientWrapper, StoreError> {
        let connection = self.dedicated().await?;
        let sql = format!(
            "begin;
             set local statement_timeout = 0;
             set local idle_in_transaction_session_timeout = 0;
             select pg_advisory_xact_lock({SCHEMA_LOCK});"
        );
        connection.batch_execute(&sql).await?;
        Ok(connection)
    }

    /// Changes the password of the role that this store connects as.
    pub async fn change_role_password(&self, credentials: &Credentials) -> Result<(), StoreError> {
        self.run_ddl(&format!("alter role current_user {}", set_password(&credentials.password))).await
    }

    /// Runs statements on a connection that is closed afterwards, which ends an open transaction.
    async fn run_ddl(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.dedicated().await?.batch_execute(sql).await?)
    }
}

/// The clause that sets a password. It contains the verifier, so that no log of statements has the
/// password.
fn set_password(password: &str) -> String {
    format!("password '{}'", scram_sha_256(password.as_bytes()))
}
