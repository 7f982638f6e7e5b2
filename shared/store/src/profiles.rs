//! The profiles of customers and companies, for themselves.

use chatchat_domain::{
    Caller, Company, CompanyProfile, Customer, CustomerProfile, Description, Name, PictureKey, Role,
};
use tokio_postgres::types::Type;

use crate::{
    Store, StoreError, Who,
    clauses::{caller, sql},
    row,
};

/// What somebody changes of their profile; what is `None` stays. A customer has neither description nor visibility.
#[derive(Debug, Default)]
pub struct ProfileChanges {
    /// A new name.
    pub name: Option<Name>,
    /// A new description.
    pub description: Option<Description>,
    /// Another picture.
    pub picture: Option<PictureChange>,
    /// Whether the directory shows it.
    pub visible: Option<bool>,
}

/// What becomes of a profile's picture.
#[derive(Debug, PartialEq, Eq)]
pub enum PictureChange {
    /// It goes.
    Remove,
    /// Another comes.
    Use {
        /// What it was uploaded as.
        key: PictureKey,
        /// Where everybody finds it.
        url: String,
    },
}

impl Store {
    /// The caller's own profile.
    pub async fn customer_profile(&self, caller: &Caller<Customer>) -> Result<CustomerProfile, StoreError> {
        let rows = self
            .as_caller(
                Who::from(caller),
                sql!(
                    "with ",
                    caller!(),
                    " select a.id, a.username, a.name, a.image_url from caller join accounts a on a.id = caller.id"
                ),
                &[],
            )
            .await?;
        let row = &rows[0];
        Ok(CustomerProfile {
            id: row::id(row, "id")?,
            username: row::get(row, "username")?,
            name: row::get(row, "name")?,
            image_url: row::get(row, "image_url")?,
        })
    }

    /// The caller's own profile.
    pub async fn company_profile(&self, caller: &Caller<Company>) -> Result<CompanyProfile, StoreError> {
        let rows = self
            .as_caller(
                Who::from(caller),
                sql!(
                    "with ",
                    caller!(),
                    " select a.id, a.username, a.name, a.image_url, c.description, c.visible
                      from caller join accounts a on a.id = caller.id join companies c on c.account_id = a.id"
                ),
                &[],
            )
            .await?;
        let row = &rows[0];
        Ok(CompanyProfile {
            id: row::id(row, "id")?,
            username: row::get(row, "username")?,
            name: row::get(row, "name")?,
            description: row::get(row, "description")?,
            image_url: row::get(row, "image_url")?,
            profile_visibility: row::get(row, "visible")?,
        })
    }

    /// Changes the caller's own profile. False, and nothing is changed, where the caller did not upload the picture.
    pub async fn change_profile<R: Role>(
        &self,
        caller: &Caller<R>,
        changes: &ProfileChanges,
    ) -> Result<bool, StoreError> {
        let (key, url) = match &changes.picture {
            Some(PictureChange::Use { key, url }) => (Some(key.as_str()), Some(url.as_str())),
            Some(PictureChange::Remove) | None => (None, None),
        };
        let rows = self
            .as_caller(
                Who::from(caller),
                sql!(
                    "with ",
                    caller!(),
                    ", account as (
                         update accounts a
                         set name = coalesce($3, a.name), image_url = case when $5 then $7 else a.image_url end
                         from caller
                         where a.id = caller.id
                           and ($6 is null or exists (
                               select from pictures p where p.account_id = caller.id and p.key = $6))
                         returning a.id
                     ), company as (
                         update companies c
                         set description = coalesce($4, c.description), visible = coalesce($8, c.visible)
                         from account where c.account_id = account.id
                     )
                     select exists (select from account) as changed from caller"
                ),
                &[
                    (&changes.name.as_ref().map(Name::as_str), Type::TEXT),
                    (&changes.description.as_ref().map(Description::as_str), Type::TEXT),
                    (&changes.picture.is_some(), Type::BOOL),
                    (&key, Type::TEXT),
                    (&url, Type::TEXT),
                    (&changes.visible, Type::BOOL),
                ],
            )
            .await?;
        row::get(&rows[0], "changed")
    }
}
