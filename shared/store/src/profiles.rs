//! The profiles of customers and companies, for themselves.

use chatchat_domain::{
    Caller, Company, CompanyProfile, Customer, CustomerProfile, Description, Name, PictureKey, Role,
};
use tokio_postgres::types::Type;

use crate::{
    Store, StoreError,
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
    Use(PictureKey),
}

impl Store {
    /// The caller's own profile.
    pub async fn customer_profile(&self, caller: &Caller<Customer>) -> Result<CustomerProfile, StoreError> {
        let rows = self
            .as_caller(
                caller,
                sql!(
                    "with ",
                    caller!(),
                    " select a.id, a.username, a.name, a.picture_key from caller join accounts a on a.id = caller.id"
                ),
                &[],
            )
            .await?;
        let row = &rows[0];
        Ok(CustomerProfile {
            id: row::id(row, "id")?,
            username: row::get(row, "username")?,
            name: row::get(row, "name")?,
            image_url: row::picture(row)?,
        })
    }

    /// The caller's own profile.
    pub async fn company_profile(&self, caller: &Caller<Company>) -> Result<CompanyProfile, StoreError> {
        let rows = self
            .as_caller(
                caller,
                sql!(
                    "with ",
                    caller!(),
                    " select a.id, a.username, a.name, a.picture_key, c.description, c.visible
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
            image_url: row::picture(row)?,
            profile_visibility: row::get(row, "visible")?,
        })
    }

    /// Changes the caller's own profile. False, and nothing is changed, where the caller did not upload the picture.
    pub async fn change_profile<R: Role>(
        &self,
        caller: &Caller<R>,
        changes: &ProfileChanges,
    ) -> Result<bool, StoreError> {
        let key = match &changes.picture {
            Some(PictureChange::Use(key)) => Some(key.as_str()),
            Some(PictureChange::Remove) | None => None,
        };
        let rows = self
            .as_caller(
                caller,
                sql!(
                    "with ",
                    caller!(),
                    ", picture as (
                         select $6 is null or exists (
                             select from pictures p where p.account_id = caller.id and p.key = $6) as is_own
                         from caller
                     ), account as (
                         -- A withdrawal that came first leaves nothing to change, and no caller.
                         update accounts a
                         set name = coalesce($3, a.name), picture_key = case when $5 then $6 else a.picture_key end
                         from caller, picture
                         where a.id = caller.id and a.withdrawn_at is null and picture.is_own
                         returning a.id
                     ), company as (
                         update companies c
                         set description = coalesce($4, c.description), visible = coalesce($7, c.visible)
                         from account where c.account_id = account.id
                     )
                     select is_own from picture where not is_own or exists (select from account)"
                ),
                &[
                    (&changes.name.as_ref().map(Name::as_str), Type::TEXT),
                    (&changes.description.as_ref().map(Description::as_str), Type::TEXT),
                    (&changes.picture.is_some(), Type::BOOL),
                    (&key, Type::TEXT),
                    (&changes.visible, Type::BOOL),
                ],
            )
            .await?;
        row::get(&rows[0], "is_own")
    }
}
