//! Profiles, as their own accounts and as other accounts see them.

use serde::Serialize;

use crate::{AccountId, CompanyId, PictureKey};

/// The number of companies on a page of the directory.
pub const COMPANIES_A_PAGE: i64 = 10;

/// A customer's own profile.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerProfile {
    /// The account's id.
    pub id: AccountId,
    /// The username in the spelling of the sign-up.
    pub username: String,
    /// 1 to 20 characters.
    pub name: String,
    /// The picture, if there is one.
    pub image_url: Option<PictureKey>,
}

/// A company's own profile.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CompanyProfile {
    /// The account's id.
    pub id: CompanyId,
    /// The username in the spelling of the sign-up.
    pub username: String,
    /// 1 to 20 characters.
    pub name: String,
    /// 0 to 200 characters.
    pub description: String,
    /// The picture, if there is one.
    pub image_url: Option<PictureKey>,
    /// Whether the company is visible in the directory.
    pub profile_visibility: bool,
}

/// The public profile of a company.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CompanySummary {
    /// The company's id.
    pub id: CompanyId,
    /// 1 to 20 characters.
    pub name: String,
    /// 0 to 200 characters.
    pub description: String,
    /// The picture, if there is one.
    pub image_url: Option<PictureKey>,
}
