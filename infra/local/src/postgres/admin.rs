//! What the superuser does: the owner's role, and databases.

use tokio_postgres::{Client, NoTls, error::SqlState};

use super::{OWNER, Postgres, quoted, url};
use crate::error::StartError;

impl Postgres {
    /// Runs one statement, or several, as the superuser.
    pub(super) async fn as_superuser(&self, sql: &str) -> Result<(), StartError> {
        self.superuser().await?.batch_execute(sql).await.map_err(|error| explain(&error))
    }

    async fn superuser(&self) -> Result<Client, StartError> {
        let place = if self.server.is_some() {
            "the PostgreSQL started here"
        } else {
            "the PostgreSQL that DATABASE_URL names"
        };
        connect(&self.admin_url("postgres")).await.map_err(|error| {
            StartError::Postgres(format!(
                "{place} cannot be reached at {}:{}: {}",
                self.host,
                self.port,
                text(&error)
            ))
        })
    }

    /// Makes the role that owns the databases, with the password known here.
    pub(super) async fn make_owner(&self) -> Result<(), StartError> {
        let owner_url = url(&self.host, self.port, OWNER, &self.passwords.owner, "postgres");
        if connect(&owner_url).await.is_ok() {
            return Ok(());
        }
        let (role, password) = (quoted(OWNER, '"'), quoted(&self.passwords.owner, '\''));
        // Two processes may come here at the same time with a server that is given.
        self.as_superuser(&format!(
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

    pub(super) async fn make_database(&self, name: &str) -> Result<(), StartError> {
        let sql = format!("create database {} owner {}", quoted(name, '"'), quoted(OWNER, '"'));
        match self.superuser().await?.batch_execute(&sql).await {
            Err(error) if error.code() != Some(&SqlState::DUPLICATE_DATABASE) => Err(explain(&error)),
            _ => Ok(()),
        }
    }
}

pub(super) async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn explain(error: &tokio_postgres::Error) -> StartError {
    StartError::Postgres(format!("PostgreSQL does not do what is needed: {}", text(error)))
}

/// The server's message, or the error with its cause.
pub(super) fn text(error: &tokio_postgres::Error) -> String {
    use std::error::Error;
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => said.message().to_owned(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
