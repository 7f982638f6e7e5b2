//! Customers and companies, and the caller of a route.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::{AccountId, SessionId};

/// The two kinds of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// Finds companies, opens rooms, asks.
    Customer,
    /// Has a profile and an FAQ, answers.
    Company,
}

impl AccountKind {
    /// As the database and the tokens write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Company => "company",
        }
    }

    /// The kind on the other side of a room.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Customer => Self::Company,
            Self::Company => Self::Customer,
        }
    }
}

/// An [`AccountKind`] as a type, so that a route says in its signature whom it serves.
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

/// Who calls, as a verified access token says. That the session still lives is for the statement to check that does
/// the work, so that it costs no round trip of its own.
#[derive(Debug)]
pub struct Caller<R> {
    /// The caller's account.
    pub account: AccountId,
    /// The login that the token belongs to.
    pub session: SessionId,
    role: PhantomData<R>,
}

impl<R> Caller<R> {
    /// A caller whose token was verified and names the role `R`.
    pub fn new(account: AccountId, session: SessionId) -> Self {
        Self { account, session, role: PhantomData }
    }
}
