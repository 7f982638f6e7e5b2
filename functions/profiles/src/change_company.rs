//! `PATCH /companies/me`: a company changes its profile.

use chatchat_domain::{Company, Description, Name, PictureUrl};
use chatchat_lambda::{Answer, Error, Patch, Request};
use chatchat_store::ProfileChanges;
use serde::Deserialize;

use crate::service::{Service, picture_change};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changes {
    name: Option<Name>,
    description: Option<Description>,
    image_url: Patch<PictureUrl>,
    profile_visibility: Option<bool>,
}

/// Answers 204. What the body does not have stays as it is; null or "" takes the picture away.
pub async fn change(service: &Service, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<Company>()?;
    let Changes { name, description, image_url, profile_visibility: visible } = request.json()?;
    let picture = picture_change(image_url);
    let changes = ProfileChanges { name, description, picture, visible };
    service.change_profile(&caller, &changes).await?;
    Ok(Answer::no_content())
}
