//! `$default`: a frame that no action matches.

use chatchat_delivery::Delivery;
use chatchat_domain::ErrorCode;
use chatchat_function::Error;
use serde::Deserialize;

use crate::frame::Frame;

/// Matches every JSON object.
#[derive(Deserialize)]
struct Anything {}

/// Fails with `malformed_json`, with `validation_failed` for JSON that is not an object, or with
/// `unknown_action`.
pub async fn refuse(_: &Delivery, frame: &Frame) -> Result<(), Error> {
    frame.json::<Anything>()?;
    Err(ErrorCode::UnknownAction.into())
}
