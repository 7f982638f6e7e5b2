//! Customers and companies, and the caller of a route.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::{AccountId, ConnectionId, SessionId};

/// The two kinds of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// Finds companies, opens rooms, and asks questions.
    Customer,
    /// Has a profile and an FAQ, and answers questions.
    Company,
}

impl AccountKind {
    /// Returns the name in the database and in tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Company => "company",
        }
    }

    /// Returns the kind on the other side of a room.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Customer => Self::Company,
            Self::Company => Self::Customer,
        }
    }
}

/// An [`AccountKind`] as a type, so that the signature of a handler names its callers.
pub trait Role: Send + Sync + 'static {
    /// The kind of account that has this role.
    const KIND: AccountKind;
}

/// The role of customers.
#[derive(Clone, Copy, Debug)]
pub enum Customer {}

/// The role of companies.
#[derive(Clone, Copy, Debug)]
pub enum Company {}

impl Role for Customer {
    const KIND: AccountKind = AccountKind::Customer;
}

impl Role for Company {
    const KIND: AccountKind = AccountKind::Company;
}

/// An account of either role, in the place of a [`Role`].
#[derive(Clone, Copy, Debug)]
pub enum AnyRole {}

/// The caller of a route or of a WebSocket action. `R` is the role that its access token names, or
/// [`AnyRole`].
///
/// A caller is not known to be logged in. The statement that does the work of a request also checks
/// that the session is active, which saves a round trip.
#[derive(Clone, Debug)]
pub struct Caller<R> {
    identity: Identity,
    role: PhantomData<R>,
}

#[derive(Clone, Debug)]
enum Identity {
    Session { account: AccountId, session: SessionId },
    Connection(ConnectionId),
}

impl<R> Caller<R> {
    /// The caller that a verified access token names.
    pub fn with_token(account: AccountId, session: SessionId) -> Self {
        Self { identity: Identity::Session { account, session }, role: PhantomData }
    }

    /// The account, or `None` for a frame: only the database knows the account of a connection.
    pub fn account(&self) -> Option<AccountId> {
        match self.identity {
            Identity::Session { account, .. } => Some(account),
            Identity::Connection(_) => None,
        }
    }

    /// The session of the access token, or `None` for a frame.
    pub fn session(&self) -> Option<SessionId> {
        match self.identity {
            Identity::Session { session, .. } => Some(session),
            Identity::Connection(_) => None,
        }
    }

    /// The connection that a frame came from, or `None` for an HTTP request.
    pub fn connection(&self) -> Option<&ConnectionId> {
        match &self.identity {
            Identity::Connection(connection) => Some(connection),
            Identity::Session { .. } => None,
        }
    }
}

impl Caller<AnyRole> {
    /// The caller that sent a frame over this connection.
    pub fn with_connection(connection: ConnectionId) -> Self {
        Self { identity: Identity::Connection(connection), role: PhantomData }
    }
}
