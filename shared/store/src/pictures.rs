//! Uploaded pictures, the accounts that uploaded them, and which of them are deleted.

use chatchat_domain::{Caller, PictureKey};

use crate::{
    Store, StoreError, row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

/// The maximum number of pictures that are deleted together. S3 deletes at most 1,000 objects in a
/// call.
const BATCH_SIZE: i64 = 1000;

impl Store {
    /// Takes one of the caller's 30 pictures a day. Fails with [`StoreError::TooManyRequests`].
    pub async fn begin_upload<R>(&self, caller: &Caller<R>) -> Result<(), StoreError> {
        let rows =
            self.query(Idempotent, &sql::BEGIN_UPLOAD, &[&session(caller), &connection(caller)]).await?;
        row::token(row::authenticated(&rows)?)
    }

    /// Stores that the caller uploads a picture. The caller must write the picture to the bucket
    /// within a minute after this.
    pub async fn keep_picture<R>(&self, caller: &Caller<R>, key: &PictureKey) -> Result<(), StoreError> {
        let rows = self
            .query(Idempotent, &sql::KEEP_PICTURE, &[&session(caller), &connection(caller), &key.as_str()])
            .await?;
        row::authenticated(&rows).map(drop)
    }

    /// Returns at most 1,000 pictures that no profile shows or can show any more.
    pub async fn deletable_pictures(&self) -> Result<Vec<PictureKey>, StoreError> {
        let rows = self.query(Idempotent, &sql::DELETABLE_PICTURES, &[&BATCH_SIZE]).await?;
        rows.iter().filter_map(|row| row::picture(row).transpose()).collect()
    }

    /// Deletes the rows of these pictures, whose objects have been deleted.
    pub async fn forget_pictures(&self, keys: &[PictureKey]) -> Result<(), StoreError> {
        let keys: Vec<&str> = keys.iter().map(PictureKey::as_str).collect();
        self.query(Idempotent, &sql::FORGET_PICTURES, &[&keys]).await.map(drop)
    }
}
