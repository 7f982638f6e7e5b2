//! Uploaded pictures, and the accounts that uploaded them.

use chatchat_domain::{Caller, PictureKey};

use crate::{
    Store, StoreError, row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

impl Store {
    /// Takes one of the caller's 30 pictures a day. Fails with [`StoreError::TooManyRequests`].
    pub async fn begin_upload<R>(&self, caller: &Caller<R>) -> Result<(), StoreError> {
        let rows =
            self.query(Idempotent, &sql::BEGIN_UPLOAD, &[&session(caller), &connection(caller)]).await?;
        row::token(row::authenticated(&rows)?)
    }

    /// Stores that the caller uploaded a picture. The picture must already be in the bucket.
    pub async fn keep_picture<R>(&self, caller: &Caller<R>, key: &PictureKey) -> Result<(), StoreError> {
        let rows = self
            .query(Idempotent, &sql::KEEP_PICTURE, &[&session(caller), &connection(caller), &key.as_str()])
            .await?;
        row::authenticated(&rows).map(drop)
    }
}
