//! The cursors of room lists. A cursor is a sealed place, and continues one list.

use chatchat_domain::{AccountId, Keyword, Problem, Role, RoomFilter, RoomPlace};
use chatchat_function::{Error, FieldError, SigningKeys};

/// The list of one account with one filter and one keyword. The cursor of another list is invalid
/// here.
pub struct List {
    purpose: String,
}

impl List {
    /// The list of an account with the role `R`.
    pub fn of<R: Role>(account: AccountId, filter: Option<RoomFilter>, keyword: Option<&Keyword>) -> Self {
        let kind = R::KIND.as_str();
        let filter = filter.map_or("", RoomFilter::as_str);
        let keyword = keyword.map_or("", Keyword::as_str);
        Self { purpose: format!("rooms\0{kind}\0{account}\0{filter}\0{keyword}") }
    }

    /// The cursor of the page after a place.
    pub async fn cursor(&self, keys: &SigningKeys, place: RoomPlace) -> String {
        keys.seal(&self.purpose, &place.to_bytes()).await
    }

    /// Returns the place after which a cursor's page begins. Fails with `invalid_format` if the
    /// text is not a cursor of this list.
    pub async fn place(&self, keys: &SigningKeys, cursor: &str) -> Result<RoomPlace, Error> {
        let bytes = keys.unseal(&self.purpose, cursor).await;
        bytes
            .and_then(|bytes| RoomPlace::from_bytes(&bytes))
            .ok_or_else(|| Error::Invalid(vec![FieldError::new("cursor", Problem::InvalidFormat)]))
    }
}
