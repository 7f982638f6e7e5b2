//! The callers' own profiles.

use chatchat_domain::{
    Caller, Company, CompanyProfile, Customer, CustomerProfile, Description, Name, PictureKey, Role,
};

use crate::{
    Store, StoreError, row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

/// A change of a profile. A field that is `None` does not change. A customer has neither
/// description nor visibility.
#[derive(Debug, Default)]
pub struct ProfileChanges {
    /// The new name.
    pub name: Option<Name>,
    /// The new description.
    pub description: Option<Description>,
    /// The change of the picture.
    pub picture: Option<PictureChange>,
    /// Whether the directory shows the company.
    pub visible: Option<bool>,
}

/// A change of a profile's picture.
#[derive(Debug, PartialEq, Eq)]
pub enum PictureChange {
    /// The profile shows no picture.
    Remove,
    /// The profile shows this picture.
    Use(PictureKey),
}

impl Store {
    /// Returns the caller's profile.
    pub async fn customer_profile(&self, caller: &Caller<Customer>) -> Result<CustomerProfile, StoreError> {
        let rows =
            self.query(Idempotent, &sql::CUSTOMER_PROFILE, &[&session(caller), &connection(caller)]).await?;
        let row = row::authenticated(&rows)?;
        Ok(CustomerProfile {
            id: row::id(row, "id")?,
            username: row::get(row, "username")?,
            name: row::get(row, "name")?,
            image_url: row::picture(row)?,
        })
    }

    /// Returns the caller's profile.
    pub async fn company_profile(&self, caller: &Caller<Company>) -> Result<CompanyProfile, StoreError> {
        let rows =
            self.query(Idempotent, &sql::COMPANY_PROFILE, &[&session(caller), &connection(caller)]).await?;
        let row = row::authenticated(&rows)?;
        Ok(CompanyProfile {
            id: row::id(row, "id")?,
            username: row::get(row, "username")?,
            name: row::get(row, "name")?,
            description: row::get(row, "description")?,
            image_url: row::picture(row)?,
            profile_visibility: row::get(row, "visible")?,
        })
    }

    /// Changes the caller's profile. Returns false, and changes nothing, if the caller did not
    /// upload the picture.
    pub async fn change_profile<R: Role>(
        &self,
        caller: &Caller<R>,
        changes: &ProfileChanges,
    ) -> Result<bool, StoreError> {
        let picture = match &changes.picture {
            Some(PictureChange::Use(key)) => Some(key.as_str()),
            Some(PictureChange::Remove) | None => None,
        };
        let rows = self
            .query(
                Idempotent,
                &sql::CHANGE_PROFILE,
                &[
                    &session(caller),
                    &connection(caller),
                    &changes.name.as_ref().map(Name::as_str),
                    &changes.description.as_ref().map(Description::as_str),
                    &changes.picture.is_some(),
                    &picture,
                    &changes.visible,
                ],
            )
            .await?;
        row::get(row::authenticated(&rows)?, "is_own")
    }
}
