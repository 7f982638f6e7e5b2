//! `PATCH /companies/me`: a company changes its profile.

use chatchat_domain::{Company, Description, Name, NoPicture};
use chatchat_lambda::{Answer, Core, Error, Patch, Request};
use chatchat_store::CompanyChanges;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changes {
    name: Option<Name>,
    description: Option<Description>,
    image_url: Patch<NoPicture>,
    profile_visibility: Option<bool>,
}

/// Answers 204. What the body does not have stays as it is; null or "" takes the picture away.
pub async fn change(service: &Core, request: &Request) -> Result<Answer, Error> {
    let caller = request.caller::<Company>()?;
    let Changes { name, description, image_url, profile_visibility } = request.json()?;
    let changes = CompanyChanges {
        name,
        description,
        without_picture: !matches!(image_url, Patch::Absent),
        visible: profile_visibility,
    };
    service.store.change_company(&caller, &changes).await?;
    Ok(Answer::no_content())
}
