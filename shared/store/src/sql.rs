//! The statements of `sql/*.sql`, which `build.rs` writes as constants.
//!
//! A file in `sql/` has the statements of the module with the same name, and clauses, which are
//! texts that several statements share:
//!
//! ```sql
//! -- clause: caller
//! caller as (select … where s.id = :session …)
//!
//! -- statement: end_own_session(session int8, connection text, ended int8)
//! with {{caller}}, ended as (update sessions … where s.id = :ended …)
//! select … from caller;
//! ```
//!
//! - The parameters of a statement are named, with their types, in the order in which the call
//!   lists them. They are sent as `$1`, `$2` and so on.
//! - `{{name}}` inserts a clause of any file. A clause uses the parameters of the statement. It can
//!   also have parameters, which are replaced by the arguments in `{{name(argument, …)}}`.
//! - `{{mine}}` and `{{theirs}}` are the caller's side of a room and the other side. A statement
//!   with them has a text for customers and one for companies ([`ByRole`]).

use chatchat_domain::{AccountKind, Caller, ConnectionId, Role, SessionId};
use tokio_postgres::types::{ToSql, Type};

/// An SQL statement.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// The statement's name in `sql/`.
    pub name: &'static str,
    /// The types of the parameters. They are sent with the statement, which saves a round trip that
    /// would ask the server for them.
    pub types: &'static [Type],
    /// The text, with parameters `$1`, `$2` and so on.
    pub text: &'static str,
}

impl Statement {
    /// Returns the parameters with their types.
    pub(crate) fn typed<'a>(&self, params: &[&'a (dyn ToSql + Sync)]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
        debug_assert_eq!(params.len(), self.types.len(), "parameters of {}", self.name);
        params.iter().copied().zip(self.types.iter().cloned()).collect()
    }
}

/// A statement that exists for each role of the caller.
#[derive(Clone, Copy)]
pub(crate) struct ByRole {
    customer: Statement,
    company: Statement,
}

impl ByRole {
    /// Returns the statement for callers of this role.
    pub(crate) fn of<R: Role>(&self) -> &Statement {
        match R::KIND {
            AccountKind::Customer => &self.customer,
            AccountKind::Company => &self.company,
        }
    }
}

/// Returns the parameter `session` of the clause `caller`.
pub(crate) fn session<R>(caller: &Caller<R>) -> Option<i64> {
    caller.session().map(SessionId::get)
}

/// Returns the parameter `connection` of the clause `caller`.
pub(crate) fn connection<R>(caller: &Caller<R>) -> Option<&str> {
    caller.connection().map(ConnectionId::as_str)
}

include!(concat!(env!("OUT_DIR"), "/statements.rs"));
