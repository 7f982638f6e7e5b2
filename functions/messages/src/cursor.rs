//! The cursors of the lists of rooms: sealed places, each of which continues one list.

use chatchat_domain::{Caller, Keyword, Problem, Role, RoomFilter, RoomPlace};
use chatchat_lambda::{Core, Error, FieldError};

/// The list of one account with one filter and one keyword. The cursor of another list is invalid
/// here.
pub struct List {
    purpose: String,
}

impl List {
    /// The caller's list.
    pub fn of<R: Role>(caller: &Caller<R>, filter: Option<RoomFilter>, keyword: Option<&Keyword>) -> Self {
        let (kind, account) = (R::KIND.as_str(), caller.account);
        let filter = filter.map_or("", RoomFilter::as_str);
        let keyword = keyword.map_or("", Keyword::as_str);
        Self { purpose: format!("rooms\0{kind}\0{account}\0{filter}\0{keyword}") }
    }

    /// The cursor of the page after a place.
    pub async fn cursor(&self, core: &Core, place: RoomPlace) -> Result<String, Error> {
        core.seal(&self.purpose, &place.to_bytes()).await
    }

    /// The place after which a cursor's page begins. Rejects with `invalid_format` what is not a
    /// cursor of this list.
    pub async fn place(&self, core: &Core, cursor: &str) -> Result<RoomPlace, Error> {
        let bytes = core.unseal(&self.purpose, cursor).await?;
        bytes
            .and_then(|bytes| RoomPlace::from_bytes(&bytes))
            .ok_or_else(|| Error::Invalid(vec![FieldError::new("cursor", Problem::InvalidFormat)]))
    }
}
