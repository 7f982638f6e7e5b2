//! `PATCH /customers/me`: a customer changes their profile.

use chatchat_domain::{Caller, Customer, Name, PictureUrl};
use chatchat_function::{Answer, Error, Patch, Request};
use chatchat_store::{ProfileChanges, Store};
use serde::Deserialize;

use crate::change;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changes {
    name: Option<Name>,
    image_url: Patch<PictureUrl>,
}

/// Answers 204. Fields that are missing in the body do not change; a null or empty `imageUrl`
/// removes the picture.
pub async fn change(store: &Store, caller: &Caller<Customer>, request: &Request) -> Result<Answer, Error> {
    let Changes { name, image_url } = request.json()?;
    let picture = change::picture(image_url);
    let changes = ProfileChanges { name, picture, ..ProfileChanges::default() };
    change::profile(store, caller, &changes).await?;
    Ok(Answer::no_content())
}
