//! The rules about messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::verdict::{Count, Verdict};
use crate::history::{Attempt, History, SeenMessage, StoredRoom, View};

/// The room, the sender, and the `clientMessageId`, which identify a message of a client.
type MessageKey = (i64, i64, Uuid);

pub(super) fn check(history: &History, verdict: &mut Verdict) {
    let empty = StoredRoom::default();
    let stored = |room: i64| history.stored.get(&room).unwrap_or(&empty);
    let attempts: HashMap<MessageKey, &Attempt> =
        history.attempts.iter().map(|attempt| (key_of(attempt), attempt)).collect();

    acknowledged(history, verdict);
    duplicated_keys(history, &mut verdict.duplicated);
    order_of_sending(history, &mut verdict.inverted);
    for (room, stored) in &history.stored {
        for message in &stored.messages {
            unsent(*room, message, &attempts, &mut verdict.diverging);
        }
    }
    for view in &history.views {
        let by_seq: HashMap<i64, &SeenMessage> =
            stored(view.room).messages.iter().map(|message| (message.seq, message)).collect();
        for message in view.shown.iter().chain(&view.contradicted) {
            diverging(view, message, by_seq.get(&message.seq).copied(), &mut verdict.diverging);
        }
        order_of_showing(view, verdict);
        if view.settled {
            gaps(view, stored(view.room), &mut verdict.undetected_gaps);
        }
    }
}

fn key_of(attempt: &Attempt) -> MessageKey {
    (attempt.room, attempt.sender, attempt.client_message_id)
}

/// Finds messages that are lost, and acknowledgements with the seq or id of another message.
fn acknowledged(history: &History, verdict: &mut Verdict) {
    let mut keys: BTreeSet<MessageKey> = BTreeSet::new();
    let mut places: HashMap<(i64, i64), &SeenMessage> = HashMap::new();
    for (room, stored) in &history.stored {
        for message in &stored.messages {
            places.insert((*room, message.seq), message);
            keys.extend(message.client_message_id.map(|id| (*room, message.sender, id)));
        }
    }
    for attempt in &history.attempts {
        let Some(first) = attempt.acknowledged.first() else { continue };
        if !keys.contains(&key_of(attempt)) {
            verdict.lost.add(|| {
                format!(
                    "room {}: {} got an ack for {} as {} after {} sends, but it is not in the history",
                    attempt.room, attempt.outbox, attempt.client_message_id, first.seq, attempt.sends
                )
            });
        }
        for place in &attempt.acknowledged {
            if let Some(there) = places.get(&(attempt.room, place.seq))
                && (there.id != place.id || there.client_message_id != Some(attempt.client_message_id))
            {
                verdict.diverging.add(|| {
                    format!(
                        "room {}: {} got an ack for {} as {}, where the history has {there:?}",
                        attempt.room, attempt.outbox, attempt.client_message_id, place.seq
                    )
                });
            }
        }
    }
}

fn duplicated_keys(history: &History, duplicated: &mut Count) {
    let mut seqs: BTreeMap<MessageKey, BTreeSet<i64>> = BTreeMap::new();
    for attempt in &history.attempts {
        let known = seqs.entry(key_of(attempt)).or_default();
        known.extend(attempt.acknowledged.iter().map(|place| place.seq));
    }
    let stored = history.stored.iter().map(|(room, stored)| (*room, &stored.messages));
    let shown = history.views.iter().map(|view| (view.room, &view.shown));
    for (room, messages) in stored.chain(shown) {
        for message in messages {
            if let Some(id) = message.client_message_id {
                seqs.entry((room, message.sender, id)).or_default().insert(message.seq);
            }
        }
    }
    for ((room, sender, id), seqs) in seqs.iter().filter(|(_, seqs)| seqs.len() > 1) {
        duplicated.add(|| format!("room {room}: {id} of {sender} is at {seqs:?}"));
    }
}

/// Checks that the seqs of each client ascend in the order of writing, because a client sends a
/// message only after the previous one was acknowledged.
fn order_of_sending(history: &History, inverted: &mut Count) {
    let mut last: HashMap<(i64, &str), i64> = HashMap::new();
    for attempt in &history.attempts {
        let Some(place) = attempt.acknowledged.first() else { continue };
        let last = last.entry((attempt.room, attempt.outbox.as_str())).or_default();
        if place.seq < *last {
            inverted.add(|| {
                format!(
                    "room {}: {} wrote a message with seq {last}, then {}, which has seq {}",
                    attempt.room, attempt.outbox, attempt.client_message_id, place.seq
                )
            });
        }
        *last = place.seq.max(*last);
    }
}

/// Checks that a client sent this message of the history, with this content.
fn unsent(room: i64, message: &SeenMessage, attempts: &HashMap<MessageKey, &Attempt>, diverging: &mut Count) {
    let Some(id) = message.client_message_id else { return };
    match attempts.get(&(room, message.sender, id)) {
        None => diverging.add(|| format!("room {room}: no client sent {message:?}")),
        Some(attempt) if attempt.content != message.content => {
            diverging
                .add(|| format!("room {room}: {:?} was sent, but stored is {message:?}", attempt.content));
        }
        Some(_) => {}
    }
}

fn diverging(view: &View, message: &SeenMessage, stored: Option<&SeenMessage>, diverging: &mut Count) {
    let same = stored.is_some_and(|stored| {
        (stored.id, stored.sender, &stored.content) == (message.id, message.sender, &message.content)
            && (message.client_message_id.is_none() || message.client_message_id == stored.client_message_id)
    });
    if !same {
        diverging.add(|| {
            format!("room {}: {} has {message:?}, the history has {stored:?}", view.room, view.observer)
        });
    }
}

fn order_of_showing(view: &View, verdict: &mut Verdict) {
    for pair in view.shown.windows(2) {
        if pair[1].seq < pair[0].seq {
            verdict.inverted.add(|| {
                format!("room {}: {} shows {} after {}", view.room, view.observer, pair[1].seq, pair[0].seq)
            });
        }
    }
    let mut seqs = BTreeSet::new();
    for message in &view.shown {
        if !seqs.insert(message.seq) {
            verdict
                .duplicated
                .add(|| format!("room {}: {} shows {} twice", view.room, view.observer, message.seq));
        }
    }
}

fn gaps(view: &View, stored: &StoredRoom, gaps: &mut Count) {
    let shown: BTreeSet<i64> = view.shown.iter().map(|message| message.seq).collect();
    // All numbers up to the newest. A number that the history itself does not have is a gap too.
    let last = stored.messages.iter().map(|message| message.seq).max().unwrap_or_default();
    for seq in (1..=last).filter(|seq| !shown.contains(seq)) {
        gaps.add(|| {
            format!("room {}: {} considers its view complete without {seq}", view.room, view.observer)
        });
    }
}
