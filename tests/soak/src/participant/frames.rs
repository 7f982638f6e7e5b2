//! Handles the frames that a client receives, and the results of its HTTP requests.

use std::{sync::atomic::Ordering, time::Instant};

use serde_json::Value;
use uuid::Uuid;

use super::{
    calls::{self, CallResult, PostOutcome},
    client::Participant,
};
use crate::history::{Place, SeenMessage};

impl Participant {
    /// Handles a frame.
    pub(super) fn on_frame(&mut self, event: &Value) {
        let now = Instant::now();
        let room = event["roomId"].as_i64().unwrap_or_default();
        match event["type"].as_str().unwrap_or_default() {
            "ack" => {
                if let (Some(place), Some(id)) = (calls::place(event), client_message_id(event)) {
                    self.acknowledged(room, id, place, now);
                }
            }
            "message" => {
                self.times.pushes += 1;
                if let Some(message) = calls::seen(&event["message"]) {
                    self.receive(room, message);
                }
            }
            "read" => {
                let (reader, seq) = (event["readerId"].as_i64(), event["seq"].as_i64());
                if let (Some(room), Some(reader), Some(seq)) = (self.rooms.get_mut(&room), reader, seq) {
                    room.markers.on_push(reader, seq);
                }
            }
            "heartbeat" => {
                let settling = self.link.on_answer();
                for ahead in event["rooms"].as_array().into_iter().flatten() {
                    let room = ahead["roomId"].as_i64().and_then(|room| self.rooms.get_mut(&room));
                    if let (Some(room), Some(seq)) = (room, ahead["lastSeq"].as_i64()) {
                        room.timeline.expect_up_to(seq);
                    }
                }
                if settling {
                    self.set_settled(self.rooms.values().all(|room| room.timeline.is_complete()));
                }
            }
            "error" => {
                self.link.on_answer();
                let code = event["code"].as_str().unwrap_or_default();
                self.common.refusals.add_frame(Some(code));
                if let Some(id) = client_message_id(event) {
                    for room in self.rooms.values_mut() {
                        if calls::is_final(code) {
                            room.outbox.rejected(id, code);
                        } else {
                            room.outbox.failed(id, &mut self.rng, now);
                        }
                    }
                }
                if code == "unauthenticated" {
                    // The server closes the connection. The next ticket shows whether the session
                    // has ended or only the connection's row was deleted.
                    self.disconnect();
                }
            }
            // Errors of API Gateway, which do not name the frame that failed.
            "" => self.common.refusals.add_frame(None),
            // `typing`, which changes nothing.
            _ => {}
        }
    }

    /// Handles the result of a request.
    pub(super) fn on_result(&mut self, result: CallResult) {
        let now = Instant::now();
        match result {
            CallResult::Opened(opened) => self.on_open(opened),
            CallResult::Fetched { room, connection, page } => {
                self.fetching -= 1;
                let Some(room) = self.rooms.get_mut(&room) else { return };
                room.fetching = false;
                let Ok(page) = page else {
                    room.delay_fetch(now);
                    return;
                };
                let before = room.timeline.last();
                for message in page.messages {
                    self.times.heals.extend(room.timeline.receive(message));
                }
                room.timeline.expect_up_to(page.last_seq);
                if connection == self.connection && room.timeline.last() >= page.last_seq {
                    room.timeline.mark_verified();
                } else if room.timeline.last() == before {
                    room.delay_fetch(now);
                }
            }
            CallResult::Posted { room, client_message_id, outcome } => match outcome {
                PostOutcome::Stored(place) => self.acknowledged(room, client_message_id, place, now),
                PostOutcome::Unknown => {
                    if let Some(room) = self.rooms.get_mut(&room) {
                        room.outbox.failed(client_message_id, &mut self.rng, now);
                    }
                }
                PostOutcome::Rejected(why) => {
                    if let Some(room) = self.rooms.get_mut(&room) {
                        room.outbox.rejected(client_message_id, &why);
                    }
                }
            },
            CallResult::FetchedRoom { room, known: (own, others), state } => {
                if let (Some(room), Ok(state)) = (self.rooms.get_mut(&room), state) {
                    room.markers.on_response(self.identity.account.id, state.read, own);
                    room.markers.on_response(state.other, state.other_read, others);
                    room.timeline.expect_up_to(state.last_seq);
                }
            }
            CallResult::Marked { room, seq, confirmed } => {
                if let (Some(room), true) = (self.rooms.get_mut(&room), confirmed) {
                    room.markers.on_push(self.identity.account.id, seq);
                }
            }
        }
    }

    fn receive(&mut self, room: i64, message: SeenMessage) {
        if let Some(room) = self.rooms.get_mut(&room) {
            self.times.heals.extend(room.timeline.receive(message));
        }
    }

    fn acknowledged(&mut self, room: i64, id: Uuid, place: Place, now: Instant) {
        let Some(room) = self.rooms.get_mut(&room) else { return };
        let next_at = now + self.identity.think_time.mul_f64(self.rng.f64() * 2.0);
        if let Some((content, first)) = room.outbox.acknowledged(id, place, next_at) {
            let sender = self.identity.account.id;
            let Place { seq, id: message } = place;
            let content = content.to_owned();
            let own = SeenMessage { seq, id: message, sender, content, client_message_id: Some(id) };
            self.times.heals.extend(room.timeline.receive(own));
            self.common.acknowledged.fetch_add(u64::from(first), Ordering::Relaxed);
        }
    }

    /// If all rooms are complete again after the connection was lost, records how long that took.
    pub(super) fn record_recovery(&mut self, now: Instant) {
        if self.link.lost_at.is_some()
            && self.link.is_up()
            && self.rooms.values().all(|room| room.timeline.is_complete())
        {
            self.times.heals.extend(self.link.lost_at.take().map(|lost| now - lost));
            self.times.replays.extend(self.link.back_at.take().map(|back| now - back));
        }
    }
}

fn client_message_id(event: &Value) -> Option<Uuid> {
    event["clientMessageId"].as_str()?.parse().ok()
}
