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

/// What a request's `imageUrl` changes in a profile.
pub fn picture_change(image_url: Patch<PictureUrl>) -> Option<PictureChange> {
    let url = match image_url {
        Patch::Absent => return None,
        Patch::Null => return Some(PictureChange::Remove),
        Patch::Value(url) => url,
    };
    Some(url.into_key().map_or(PictureChange::Remove, PictureChange::Use))
}
