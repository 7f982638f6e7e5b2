//! The directory: companies as others see them.

use chatchat_domain::{
    AnyRole, COMPANIES_A_PAGE, Caller, CompanyId, CompanySummary, ErrorCode, Keyword, Page, PageNumber,
};
use tokio_postgres::{Row, types::Type};

use crate::{
    Store, StoreError,
    clauses::{caller, company, connection, session, sql},
    row,
};

impl Store {
    /// The visible companies whose name contains the keyword, without regard to case and to how characters are composed (macOS writes
    /// Hangul in pieces), newest first. A caller is optional, but one whose session has ended is refused.
    pub async fn companies(
        &self,
        caller: Option<&Caller<AnyRole>>,
        keyword: Option<&Keyword>,
        page: PageNumber,
    ) -> Result<(Vec<CompanySummary>, Page), StoreError> {
        let keyword = keyword.map_or("", Keyword::as_str);
        // Without a keyword no name is read, only the index of visible companies.
        let found = if keyword.is_empty() {
            "companies c where c.visible"
        } else {
            "companies c join accounts a on a.id = c.account_id
             where c.visible and position(lower(normalize($3)) in a.search_name) > 0"
        };
        let statement = format!(
            "with {caller}, listed as (
                 select c.account_id from {found} order by c.account_id desc limit $4 offset $5
             )
             select (select count(*) from {found}) as total, a.id, a.name, c.description, a.picture_key
             from (select) as always
             left join listed on true
             left join companies c on c.account_id = listed.account_id
             left join accounts a on a.id = c.account_id
             where not $6 or exists (select from caller)
             order by a.id desc",
            caller = caller!()
        );
        let rows = self
            .rows(
                &statement,
                &[
                    (&caller.and_then(session), Type::INT8),
                    (&caller.and_then(connection), Type::TEXT),
                    (&keyword, Type::TEXT),
                    (&COMPANIES_A_PAGE, Type::INT8),
                    (&page.offset(COMPANIES_A_PAGE), Type::INT8),
                    (&caller.is_some(), Type::BOOL),
                ],
            )
            .await?;
        let first = rows.first().ok_or(ErrorCode::Unauthenticated)?;
        let page = Page::of(page, row::get(first, "total")?, COMPANIES_A_PAGE);
        let listed = rows.iter().filter_map(|row| summary(row).transpose()).collect::<Result<_, _>>()?;
        Ok((listed, page))
    }

    /// One company: a visible one for everybody, a hidden one for itself and for customers that have a room with it,
    /// one that has withdrawn for nobody. Refuses with `company_not_found`.
    pub async fn company(
        &self,
        caller: Option<&Caller<AnyRole>>,
        company: CompanyId,
    ) -> Result<CompanySummary, StoreError> {
        let row = self
            .row(
                sql!(
                    "with ",
                    caller!(),
                    ", ",
                    company!(),
                    " select a.id, a.name, c.description, a.picture_key
                      from (select) as always
                      left join company on true
                      left join companies c on c.account_id = company.id
                      left join accounts a on a.id = company.id
                      where not $4 or exists (select from caller)"
                ),
                &[
                    (&caller.and_then(session), Type::INT8),
                    (&caller.and_then(connection), Type::TEXT),
                    (&company.get(), Type::INT8),
                    (&caller.is_some(), Type::BOOL),
                ],
            )
            .await?
            .ok_or(ErrorCode::Unauthenticated)?;
        summary(&row)?.ok_or_else(|| ErrorCode::CompanyNotFound.into())
    }
}

/// A company, or none where the row stands for an empty list.
fn summary(row: &Row) -> Result<Option<CompanySummary>, StoreError> {
    let Some(id) = row::optional_id(row, "id")? else { return Ok(None) };
    Ok(Some(CompanySummary {
        id,
        name: row::get(row, "name")?,
        description: row::get(row, "description")?,
        image_url: row::picture(row)?,
    }))
}
