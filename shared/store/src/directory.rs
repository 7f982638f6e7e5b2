//! The directory: companies as other accounts see them.

use chatchat_domain::{
    AnyRole, COMPANIES_A_PAGE, Caller, CompanyId, CompanySummary, ErrorCode, Keyword, Page, PageNumber,
};
use tokio_postgres::Row;

use crate::{
    Store, StoreError, row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

impl Store {
    /// Returns a page of the visible companies, newest first. With a keyword, only companies whose
    /// name contains it. `caller` is `None` for a request without a token. Fails with
    /// `unauthenticated` if the session of the caller has ended.
    pub async fn companies(
        &self,
        caller: Option<&Caller<AnyRole>>,
        keyword: Option<&Keyword>,
        page: PageNumber,
    ) -> Result<(Vec<CompanySummary>, Page), StoreError> {
        let (session, connection) = (caller.and_then(session), caller.and_then(connection));
        let (limit, offset, has_caller) = (COMPANIES_A_PAGE, page.offset(COMPANIES_A_PAGE), caller.is_some());
        let rows = match keyword.map_or("", Keyword::as_str) {
            "" => {
                self.query(
                    Idempotent,
                    &sql::LIST_COMPANIES,
                    &[&session, &connection, &limit, &offset, &has_caller],
                )
                .await?
            }
            keyword => {
                self.query(
                    Idempotent,
                    &sql::SEARCH_COMPANIES,
                    &[&session, &connection, &keyword, &limit, &offset, &has_caller],
                )
                .await?
            }
        };
        let page = Page::of(page, row::get(row::authenticated(&rows)?, "total")?, COMPANIES_A_PAGE);
        let listed = rows.iter().filter_map(|row| summary(row).transpose()).collect::<Result<_, _>>()?;
        Ok((listed, page))
    }

    /// Returns a company as the caller sees it. Fails with `company_not_found` if the caller may
    /// not see the company.
    pub async fn company(
        &self,
        caller: Option<&Caller<AnyRole>>,
        company: CompanyId,
    ) -> Result<CompanySummary, StoreError> {
        let rows = self
            .query(
                Idempotent,
                &sql::COMPANY,
                &[&caller.and_then(session), &caller.and_then(connection), &company.get(), &caller.is_some()],
            )
            .await?;
        summary(row::authenticated(&rows)?)?.ok_or_else(|| ErrorCode::CompanyNotFound.into())
    }
}

/// Returns the company in a row; `None` if the row's `id` is null.
fn summary(row: &Row) -> Result<Option<CompanySummary>, StoreError> {
    let Some(id) = row::optional_id(row, "id")? else { return Ok(None) };
    Ok(Some(CompanySummary {
        id,
        name: row::get(row, "name")?,
        description: row::get(row, "description")?,
        image_url: row::picture(row)?,
    }))
}
