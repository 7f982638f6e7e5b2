//! The superuser of a server, who creates the owner's role and databases.

use tokio_postgres::{Client, NoTls, error::SqlState};

use super::{
    cluster::Passwords,
    database::{OWNER, url},
};
use crate::error::StartError;

/// A server with its superuser.
#[derive(Debug)]
pub(super) struct Admin {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) superuser: String,
    pub(super) passwords: Passwords,
    /// What error messages call the server.
    pub(super) server_name: &'static str,
}

impl Admin {
    /// The superuser's connection string.
    pub(super) fn url(&self, database: &str) -> String {
        url(&self.host, self.port, &self.superuser, &self.passwords.superuser, database)
    }

    async fn client(&self) -> Result<Client, StartError> {
        connect(&self.url("postgres")).await.map_err(|error| {
            let Self { server_name, host, port, .. } = self;
            let reason = text(&error);
            StartError::Postgres(format!("{server_name} cannot be reached at {host}:{port}: {reason}"))
        })
    }

    async fn run(&self, sql: &str) -> Result<(), StartError> {
        self.client().await?.batch_execute(sql).await.map_err(|error| refused(&error))
    }

    /// Creates the role that owns the databases, with the owner's password.
    pub(super) async fn create_owner(&self) -> Result<(), StartError> {
        let owner_url = url(&self.host, self.port, OWNER, &self.passwords.owner, "postgres");
        if connect(&owner_url).await.is_ok() {
            return Ok(());
        }
        let (role, password) = (quoted(OWNER, '"'), quoted(&self.passwords.owner, '\''));
        // Two processes can do this at the same time on a server that DATABASE_URL names.
        self.run(&format!(
            "begin;
             select pg_advisory_xact_lock(hashtext('{OWNER}'));
             do $$ begin
                 if not exists (select from pg_roles where rolname = '{OWNER}') then create role {role}; end if;
             end $$;
             alter role {role} with login nosuperuser createrole createdb password {password};
             commit;"
        ))
        .await
    }

    /// Creates a database unless it exists.
    pub(super) async fn create_database(&self, name: &str) -> Result<(), StartError> {
        let sql = format!("create database {} owner {}", quoted(name, '"'), quoted(OWNER, '"'));
        match self.client().await?.batch_execute(&sql).await {
            Err(error) if error.code() != Some(&SqlState::DUPLICATE_DATABASE) => Err(refused(&error)),
            _ => Ok(()),
        }
    }

    /// Drops a database if it exists, and ends its connections.
    pub(super) async fn drop_database(&self, name: &str) -> Result<(), StartError> {
        self.run(&format!("drop database if exists {} with (force)", quoted(name, '"'))).await
    }
}

pub(super) async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn refused(error: &tokio_postgres::Error) -> StartError {
    StartError::Postgres(format!("PostgreSQL failed to set up the database: {}", text(error)))
}

/// The server's message, or the error with its cause.
pub(super) fn text(error: &tokio_postgres::Error) -> String {
    use std::error::Error;
    match (error.as_db_error(), error.source()) {
        (Some(error), _) => error.message().to_owned(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

/// A name or a text in the quotation marks of SQL.
fn quoted(text: &str, quote: char) -> String {
    format!("{quote}{}{quote}", text.replace(quote, &format!("{quote}{quote}")))
}
