//! `$default`: a frame that no action matches.

use chatchat_domain::ErrorCode;
use chatchat_lambda::Error;
use chatchat_push::Delivery;
use serde::Deserialize;

use crate::frame::Frame;

/// Every JSON object has these fields.
#[derive(Deserialize)]
struct Anything {}

/// Refuses with `malformed_json`, `validation_failed` for JSON that is no object, or `unknown_action`.
pub async fn refuse(_: &Delivery, frame: &Frame) -> Result<(), Error> {
    frame.json::<Anything>()?;
    Err(ErrorCode::UnknownAction.into())
}
