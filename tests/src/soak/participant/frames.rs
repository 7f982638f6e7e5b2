//! What a client makes of the events that come, and of the answers to its calls.

use std::{sync::atomic::Ordering, time::Instant};

use serde_json::Value;
use uuid::Uuid;

use super::{
    Participant,
    calls::{self, Done, Posted},
};
use crate::soak::history::{Place, Seen};

impl Participant {
    /// An event came over the connection.
    pub(super) fn heard(&mut self, event: &Value) {
        let now = Instant::now();
        let room = event["roomId"].as_i64().unwrap_or_default();
        match event["type"].as_str().unwrap_or_default() {
            "ack" => {
                if let (Some(place), Some(id)) = (calls::place(event), name(event)) {
                    self.acknowledged(room, id, place, now);
                }
            }
            "message" => {
                self.times.pushes += 1;
                if let Some(message) = calls::seen(&event["message"]) {
                    self.learn(room, message);
                }
            }
            "read" => {
                let (reader, seq) = (event["readerId"].as_i64(), event["seq"].as_i64());
                if let (Some(room), Some(reader), Some(seq)) = (self.rooms.get_mut(&room), reader, seq) {
                    room.markers.heard(reader, seq);
                }
            }
            "heartbeat" => {
                let settling = self.link.alive();
                for ahead in event["rooms"].as_array().into_iter().flatten() {
                    let room = ahead["roomId"].as_i64().and_then(|room| self.rooms.get_mut(&room));
                    if let (Some(room), Some(seq)) = (room, ahead["lastSeq"].as_i64()) {
                        room.timeline.hear_of(seq);
                    }
                }
                if settling {
                    self.settled(self.rooms.values().all(|room| room.timeline.is_whole()));
                }
            }
            "error" => {
                self.link.alive();
                let code = event["code"].as_str().unwrap_or_default();
                self.common.refusals.frame(Some(code));
                if let Some(id) = name(event) {
                    for room in self.rooms.values_mut() {
                        if calls::is_final(code) {
                            room.outbox.refused(id, code);
                        } else {
                            room.outbox.failed(id, &mut self.rng, now);
                        }
                    }
                }
                if code == "unauthenticated" {
                    // The server closes it; another ticket decides whether the session has ended or the connection was forgotten.
                    self.lose();
                }
            }
            // API Gateway's own errors, which do not say what failed.
            "" => self.common.refusals.frame(None),
            // `typing`, which nobody keeps.
            _ => {}
        }
    }

    /// A call was answered.
    pub(super) fn done(&mut self, done: Done) {
        let now = Instant::now();
        match done {
            Done::Opened(opened) => self.opened(opened),
            Done::Fetched { room, connection, page } => {
                self.fetching -= 1;
                let Some(room) = self.rooms.get_mut(&room) else { return };
                room.fetching = false;
                let Ok(page) = page else {
                    room.wait(now);
                    return;
                };
                let before = room.timeline.last();
                for message in page.messages {
                    self.times.heals.extend(room.timeline.learn(message));
                }
                room.timeline.hear_of(page.last_seq);
                if connection == self.connection && room.timeline.last() >= page.last_seq {
                    room.timeline.assure();
                } else if room.timeline.last() == before {
                    room.wait(now);
                }
            }
            Done::Posted { room, client_message_id, outcome } => match outcome {
                Posted::Kept(place) => self.acknowledged(room, client_message_id, place, now),
                Posted::Unknown => {
                    if let Some(room) = self.rooms.get_mut(&room) {
                        room.outbox.failed(client_message_id, &mut self.rng, now);
                    }
                }
                Posted::Refused(why) => {
                    if let Some(room) = self.rooms.get_mut(&room) {
                        room.outbox.refused(client_message_id, &why);
                    }
                }
            },
            Done::Looked { room, known: (own, others), found } => {
                if let (Some(room), Ok(look)) = (self.rooms.get_mut(&room), found) {
                    room.markers.answered(self.identity.account.id, look.read, own);
                    room.markers.answered(look.other, look.other_read, others);
                    room.timeline.hear_of(look.last_seq);
                }
            }
            Done::Marked { room, seq, confirmed } => {
                if let (Some(room), true) = (self.rooms.get_mut(&room), confirmed) {
                    room.markers.heard(self.identity.account.id, seq);
                }
            }
        }
    }

    fn learn(&mut self, room: i64, message: Seen) {
        if let Some(room) = self.rooms.get_mut(&room) {
            self.times.heals.extend(room.timeline.learn(message));
        }
    }

    fn acknowledged(&mut self, room: i64, id: Uuid, place: Place, now: Instant) {
        let Some(room) = self.rooms.get_mut(&room) else { return };
        let next_at = now + self.identity.thinks.mul_f64(self.rng.f64() * 2.0);
        if let Some((content, first)) = room.outbox.acknowledged(id, place, next_at) {
            let sender = self.identity.account.id;
            let Place { seq, id: message } = place;
            let content = content.to_owned();
            let own = Seen { seq, id: message, sender, content, client_message_id: Some(id) };
            self.times.heals.extend(room.timeline.learn(own));
            self.common.acknowledged.fetch_add(u64::from(first), Ordering::Relaxed);
        }
    }

    /// Notes how long it took to catch up after the connection was lost, if it has.
    pub(super) fn caught_up(&mut self, now: Instant) {
        if self.link.lost_at.is_some()
            && self.link.is_up()
            && self.rooms.values().all(|room| room.timeline.is_whole())
        {
            self.times.heals.extend(self.link.lost_at.take().map(|lost| now - lost));
            self.times.replays.extend(self.link.back_at.take().map(|back| now - back));
        }
    }

    pub(super) fn settled(&self, settled: bool) {
        self.status.settled.store(settled, Ordering::Relaxed);
    }
}

fn name(event: &Value) -> Option<Uuid> {
    event["clientMessageId"].as_str()?.parse().ok()
}
