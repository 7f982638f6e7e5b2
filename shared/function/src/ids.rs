//! What the log line of a request names: who sent it, and which room it is about.

use std::sync::OnceLock;

use chatchat_domain::{AccountId, RoomId, SessionId};

/// The ids of a request that are known so far. The first value of each stays.
#[derive(Default)]
pub struct Ids {
    pub(crate) account: OnceLock<i64>,
    pub(crate) session: OnceLock<i64>,
    pub(crate) room: OnceLock<i64>,
    /// A keyed hash of the username of a login or sign-up.
    pub(crate) username: OnceLock<String>,
    /// A keyed hash of the network of a login, sign-up or renewal.
    pub(crate) network: OnceLock<String>,
}

impl Ids {
    /// Names an account.
    pub fn set_account(&self, account: AccountId) {
        _ = self.account.set(account.get());
    }

    /// Names a session and its account.
    pub fn set_session(&self, account: AccountId, session: SessionId) {
        self.set_account(account);
        _ = self.session.set(session.get());
    }

    /// Names a room.
    pub fn set_room(&self, room: RoomId) {
        _ = self.room.set(room.get());
    }

    /// Names the username of a login or sign-up by its keyed hash.
    pub fn set_username(&self, hash: &str) {
        _ = self.username.set(hash.to_owned());
    }

    /// Names the network of a login, sign-up or renewal by its keyed hash.
    pub fn set_network(&self, hash: &str) {
        _ = self.network.set(hash.to_owned());
    }
}
