//! `PATCH /customers/me`: a customer changes their profile.

use chatchat_domain::{Customer, Name, PictureUrl};
use chatchat_lambda::{Answer, Error, Patch, Request};
use chatchat_store::ProfileChanges;
use serde::Deserialize;

use crate::service::{Service, picture_change};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changes {
    name: Option<Name>,
    image_url: Patch<PictureUrl>,
}

/// Answers 204. What the body does not have stays as it is; null or "" takes the picture away.
pub async fn change(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<Customer>()?;
    let Changes { name, image_url } = request.json()?;
    let picture = picture_change(image_url);
    let changes = ProfileChanges { name, picture, ..ProfileChanges::default() };
    service.change_profile(&caller, &changes).await?;
    Ok(Answer::no_content())
}
