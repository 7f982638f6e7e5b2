//! The action `heartbeat`: a client keeps its connection alive, and says how far it is in the rooms
//! that it shows.

use std::slice;

use chatchat_delivery::Delivery;
use chatchat_domain::{Event, Problem, RoomPosition};
use chatchat_function::{Error, FieldError};
use serde::Deserialize;

use crate::frame::Frame;

/// The maximum number of rooms in one frame.
const MAX_ROOMS: usize = 20;

#[derive(Deserialize)]
struct Heartbeat {
    rooms: Vec<RoomPosition>,
}

/// Answers with a `heartbeat` of the rooms that are ahead of what the client said.
pub async fn heartbeat(delivery: &Delivery, frame: &Frame) -> Result<(), Error> {
    let rooms = delivery.store.heartbeat(&frame.caller, &rooms(frame)?).await?;
    delivery.push(&[(slice::from_ref(&frame.connection), Event::Heartbeat { rooms })]).await;
    Ok(())
}

/// Returns the rooms in a frame.
pub fn rooms(frame: &Frame) -> Result<Vec<RoomPosition>, Error> {
    let Heartbeat { rooms } = frame.json()?;
    if rooms.len() > MAX_ROOMS {
        return Err(Error::Invalid(vec![FieldError::new("rooms", Problem::TooMany(20))]));
    }
    Ok(rooms)
}
