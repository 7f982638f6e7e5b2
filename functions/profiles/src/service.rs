//! What the routes of this artifact work with.

use chatchat_domain::{Caller, PictureUrl, Problem, Role};
use chatchat_lambda::{Core, Error, FieldError, Patch, Serve, StartError, optional};
use chatchat_store::{PictureChange, ProfileChanges};

use crate::bucket::Bucket;

/// The parts that all functions share, and the bucket for the route that stores pictures.
pub struct Service {
    /// As in every artifact.
    pub core: Core,
    bucket: Option<Bucket>,
}

impl Service {
    /// Starts with what the function's environment names.
    pub async fn start() -> Result<Self, StartError> {
        let core = Core::start().await?;
        let bucket = optional("PICTURES_BUCKET").map(|name| Bucket::new(&core.aws, name));
        Ok(Self { core, bucket })
    }

    /// For the route that stores pictures.
    pub fn bucket(&self) -> Result<&Bucket, Error> {
        self.bucket.as_ref().ok_or_else(|| Error::internal("PICTURES_BUCKET is not set"))
    }

    /// What a request's `imageUrl` changes. Refuses a URL that is not one of ours.
    pub fn picture_change(&self, image_url: Patch<PictureUrl>) -> Result<Option<PictureChange>, Error> {
        let url = match image_url {
            Patch::Absent => return Ok(None),
            Patch::Null => return Ok(Some(PictureChange::Remove)),
            Patch::Value(url) => url,
        };
        let key = url.within(self.core.pictures()?).map_err(|_| unknown_picture())?;
        Ok(Some(key.map_or(PictureChange::Remove, PictureChange::Use)))
    }

    /// Changes the caller's profile. Refuses a picture that the caller did not upload.
    pub async fn change_profile<R: Role>(
        &self,
        caller: &Caller<R>,
        changes: &ProfileChanges,
    ) -> Result<(), Error> {
        let is_own = self.core.store.change_profile(caller, changes).await?;
        if is_own { Ok(()) } else { Err(unknown_picture()) }
    }
}

impl Serve for Service {
    fn core(&self) -> &Core {
        &self.core
    }
}

/// A picture that was not uploaded here, or by somebody else.
fn unknown_picture() -> Error {
    Error::Invalid(vec![FieldError::new("imageUrl", Problem::UnknownPicture)])
}
