//! What a client does without being triggered by the server: it sends, reads and types.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use fastrand::Rng;
use serde_json::{Value, json};

use super::{calls, client::Participant};
use crate::common::Phase;

impl Participant {
    /// Writes new messages and sends those that are due, mostly over WebSocket, sometimes over
    /// HTTP.
    pub(super) async fn send(&mut self, now: Instant) {
        let sending = self.phase() == Phase::Sending;
        let rooms: Vec<i64> = self.rooms.keys().copied().collect();
        for id in rooms {
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            if sending && room.outbox.wants_more(now) {
                let message_id =
                    uuid::Builder::from_random_bytes(self.rng.u128(..).to_be_bytes()).into_uuid();
                let number = self.common.written.fetch_add(1, Ordering::Relaxed);
                room.outbox.write(message_id, text(number, &self.identity.name, &mut self.rng), now);
            }
            let Some(message) = room.outbox.due(now) else { continue };
            let up = self.link.is_up();
            if self.rng.u8(..100) < if up { 10 } else { 3 } {
                let message = message.clone();
                room.outbox.posted();
                self.jobs.push(Box::pin(calls::post(self.identity.account.clone(), message)));
            } else if up {
                let frame = json!({
                    "action": "sendMessage",
                    "roomId": id,
                    "clientMessageId": message.client_message_id,
                    "content": message.content,
                });
                if !self.send_frame(id, &frame, now).await {
                    self.disconnect();
                    return;
                }
            } else {
                room.outbox.postpone(now + Duration::from_millis(100));
            }
        }
    }

    /// Sends a message's frame. Returns false if the connection is lost, also by a client-side
    /// fault.
    async fn send_frame(&mut self, room: i64, frame: &Value, now: Instant) -> bool {
        let common = &self.common;
        if common.wire.cut_before_send.fire() || !self.link.send(frame).await {
            return false;
        }
        if let Some(room) = self.rooms.get_mut(&room) {
            room.outbox.sent(&mut self.rng, now);
        }
        if common.wire.send_twice.fire() && !self.link.send(frame).await {
            return false;
        }
        !common.wire.cut_after_send.fire()
    }

    /// Does one random thing other than sending: moves a read marker (sometimes to an older
    /// message, like a tab that is behind), types, or fetches a room.
    pub(super) async fn act_randomly(&mut self) {
        let ids: Vec<i64> = self.rooms.keys().copied().collect();
        let Some(id) = self.rng.choice(ids) else { return };
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let account = self.identity.account.clone();
        let last = room.timeline.last();
        let seq = if self.rng.u8(..5) == 0 { self.rng.i64(0..=last) } else { last };
        match self.rng.u8(..10) {
            0..5 if seq > 0 => {
                self.link.send(&json!({ "action": "markRead", "roomId": id, "seq": seq })).await;
            }
            5..7 if seq > 0 => self.jobs.push(Box::pin(calls::mark(account, id, seq))),
            7 => {
                self.link.send(&json!({ "action": "typing", "roomId": id })).await;
            }
            _ => {
                let known = (room.markers.known(account.id), room.markers.known_of_other(account.id));
                self.jobs.push(Box::pin(calls::fetch_room(account, id, known)));
            }
        }
    }
}

/// Returns a text that is unique in this run.
fn text(number: u64, client: &str, rng: &mut Rng) -> String {
    let kinds = [
        "안녕하세요, 주문하려고요.",
        "👩‍👩‍👧‍👦 네 명이요 🇰🇷 ☕️",
        "첫 줄\n둘째 줄\t끝",
        r#"그는 "네"라고 했다 \ ' ; -- $1 %"#,
        "네",
    ];
    let kind = kinds[rng.usize(..kinds.len())];
    format!("{number} {client}: {}", kind.repeat(rng.usize(1..4)))
}
