//! `PATCH /companies/me`: a company changes its profile.

use chatchat_domain::{Caller, Company, Description, Name, PictureUrl};
use chatchat_function::{Answer, Error, Patch, Request};
use chatchat_store::{ProfileChanges, Store};
use serde::Deserialize;

use crate::change;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changes {
    name: Option<Name>,
    description: Option<Description>,
    image_url: Patch<PictureUrl>,
    profile_visibility: Option<bool>,
}

/// Answers 204. Fields that are missing in the body do not change; a null or empty `imageUrl`
/// removes the picture.
pub async fn change(store: &Store, caller: &Caller<Company>, request: &Request) -> Result<Answer, Error> {
    let Changes { name, description, image_url, profile_visibility: visible } = request.json()?;
    let picture = change::picture(image_url);
    let changes = ProfileChanges { name, description, picture, visible };
    change::profile(store, caller, &changes).await?;
    Ok(Answer::no_content())
}
