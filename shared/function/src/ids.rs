//! What the log line of a request names: who sent it, and which room it is about.

use std::sync::OnceLock;

use chatchat_domain::{AccountId, RoomId, SessionId};

/// The ids of a request that are known so far. The first value of each stays.
#[derive(Default)]
pub struct Ids {
    pub(crate) account: OnceLock<i64>,
    pub(crate) session: OnceLock<i64>,
    pub(crate) room: OnceLock<i64>,
    /// Keyed hashes of the username and of the network of a login or sign-up.
    pub(crate) sender: OnceLock<(String, String)>,
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

    /// Names the username and the network of a login or sign-up by their keyed hashes.
    pub fn set_sender(&self, username_hash: &str, network_hash: &str) {
        _ = self.sender.set((username_hash.to_owned(), network_hash.to_owned()));
    }
}
