//! The code that both routes for changing a profile use.

use chatchat_domain::{Caller, PictureUrl, Problem, Role};
use chatchat_function::{Error, FieldError, Patch};
use chatchat_store::{PictureChange, ProfileChanges, Store};

/// Changes the caller's profile. Fails with `unknown_picture` for a picture that another account
/// uploaded, or that was never uploaded.
pub async fn profile<R: Role>(
    store: &Store,
    caller: &Caller<R>,
    changes: &ProfileChanges,
) -> Result<(), Error> {
    let is_own = store.change_profile(caller, changes).await?;
    if is_own { Ok(()) } else { Err(unknown_picture()) }
}

fn unknown_picture() -> Error {
    Error::Invalid(vec![FieldError::new("imageUrl", Problem::UnknownPicture)])
}

/// Returns the change of the picture that the field `imageUrl` requests.
pub fn picture(image_url: Patch<PictureUrl>) -> Option<PictureChange> {
    let url = match image_url {
        Patch::Absent => return None,
        Patch::Null => return Some(PictureChange::Remove),
        Patch::Value(url) => url,
    };
    Some(url.into_key().map_or(PictureChange::Remove, PictureChange::Use))
}
