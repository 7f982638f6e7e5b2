//! Uploaded pictures: whose they are.

use chatchat_domain::{Caller, PictureKey};
use tokio_postgres::types::Type;

use crate::{
    Store, StoreError,
    clauses::{caller, sql},
};

impl Store {
    /// Keeps that the caller uploaded a picture, which the bucket has by now. Keeping it again changes nothing.
    pub async fn keep_picture<R>(&self, caller: &Caller<R>, key: &PictureKey) -> Result<(), StoreError> {
        self.as_caller(
            caller,
            sql!(
                "with ",
                caller!(),
                ", kept as (
                     insert into pictures (account_id, key) select id, $3 from caller
                     on conflict on constraint pictures_pkey do nothing
                 )
                 select id from caller"
            ),
            &[(&key.as_str(), Type::TEXT)],
        )
        .await
        .map(drop)
    }
}
