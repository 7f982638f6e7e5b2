//! Whether a session still lives.

use chatchat_domain::AccountId;
use tokio_postgres::types::Type;

use crate::{
    Store, StoreError, Who,
    clauses::{caller, sql},
    row,
};

impl Store {
    /// The caller's account, or none when its session has ended or its account has withdrawn. Only for requests that
    /// are refused before they reach a statement of their own: what a refusal says is for living sessions alone.
    pub async fn living_caller(&self, who: Who<'_>) -> Result<Option<AccountId>, StoreError> {
        let row = self
            .row(
                sql!("with ", caller!(), " select id from caller"),
                &[(&who.session(), Type::INT8), (&who.connection(), Type::TEXT)],
            )
            .await?;
        row.map(|row| row::id(&row, "id")).transpose()
    }
}
