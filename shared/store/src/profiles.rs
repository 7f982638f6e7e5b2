//! The profiles of customers and companies, for themselves.

use chatchat_domain::{Caller, Company, CompanyProfile, Customer, CustomerProfile, Description, Name, Role};
use tokio_postgres::{Row, types::Type};

use crate::{
    Store, StoreError, Who,
    clauses::{caller, sql},
    row,
};

/// What a company changes of its profile; what is `None` stays.
#[derive(Debug, Default)]
pub struct CompanyChanges {
    /// A new name.
    pub name: Option<Name>,
    /// A new description.
    pub description: Option<Description>,
    /// Whether to take the picture away.
    pub without_picture: bool,
    /// Whether the directory shows it.
    pub visible: Option<bool>,
}

impl Store {
    /// The caller's own profile.
    pub async fn customer_profile(&self, caller: &Caller<Customer>) -> Result<CustomerProfile, StoreError> {
        let row = &self.own_profile(caller).await?[0];
        Ok(CustomerProfile {
            id: row::id(row, "id")?,
            username: row::get(row, "username")?,
            name: row::get(row, "name")?,
            image_url: row::get(row, "image_url")?,
        })
    }

    /// The caller's own profile.
    pub async fn company_profile(&self, caller: &Caller<Company>) -> Result<CompanyProfile, StoreError> {
        let row = &self.own_profile(caller).await?[0];
        Ok(CompanyProfile {
            id: row::id(row, "id")?,
            username: row::get(row, "username")?,
            name: row::get(row, "name")?,
            description: row::get(row, "description")?,
            image_url: row::get(row, "image_url")?,
            profile_visibility: row::get(row, "visible")?,
        })
    }

    async fn own_profile<R: Role>(&self, caller: &Caller<R>) -> Result<Vec<Row>, StoreError> {
        self.as_caller(
            Who::from(caller),
            sql!(
                "with ",
                caller!(),
                " select a.id, a.username, a.name, a.image_url, c.description, c.visible
                  from caller join accounts a on a.id = caller.id left join companies c on c.account_id = a.id"
            ),
            &[],
        )
        .await
    }

    /// Changes the caller's own profile.
    pub async fn change_company(
        &self,
        caller: &Caller<Company>,
        changes: &CompanyChanges,
    ) -> Result<(), StoreError> {
        self.as_caller(
            Who::from(caller),
            sql!(
                "with ",
                caller!(),
                ", account as (
                     update accounts a
                     set name = coalesce($3, a.name), image_url = case when $5 then null else a.image_url end
                     from caller where a.id = caller.id
                     returning a.id
                 ), company as (
                     update companies c
                     set description = coalesce($4, c.description), visible = coalesce($6, c.visible)
                     from account where c.account_id = account.id
                 )
                 select id from account"
            ),
            &[
                (&changes.name.as_ref().map(Name::as_str), Type::TEXT),
                (&changes.description.as_ref().map(Description::as_str), Type::TEXT),
                (&changes.without_picture, Type::BOOL),
                (&changes.visible, Type::BOOL),
            ],
        )
        .await
        .map(drop)
    }
}
