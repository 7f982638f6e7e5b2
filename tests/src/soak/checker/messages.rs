//! The five counts that are about messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::{Count, Verdict};
use crate::soak::history::{Attempt, History, Kept, Seen, View};

/// Whose message: the room, the sender, and the sender's name for it.
type Name = (i64, i64, Uuid);

pub(super) fn check(history: &History, verdict: &mut Verdict) {
    let none = Kept::default();
    let kept = |room: i64| history.kept.get(&room).unwrap_or(&none);
    let attempts: HashMap<Name, &Attempt> =
        history.attempts.iter().map(|attempt| (name_of(attempt), attempt)).collect();

    check_acknowledged(history, verdict);
    duplicated_names(history, &mut verdict.duplicated);
    order_of_sending(history, &mut verdict.inverted);
    for (room, kept) in &history.kept {
        for message in &kept.messages {
            unsent(*room, message, &attempts, &mut verdict.diverging);
        }
    }
    for view in &history.views {
        let by_seq: HashMap<i64, &Seen> =
            kept(view.room).messages.iter().map(|message| (message.seq, message)).collect();
        for message in view.shown.iter().chain(&view.contradicted) {
            diverging(view, message, by_seq.get(&message.seq).copied(), &mut verdict.diverging);
        }
        order_of_showing(view, verdict);
        if view.settled {
            gaps(view, kept(view.room), &mut verdict.undetected_gaps);
        }
    }
}

fn name_of(attempt: &Attempt) -> Name {
    (attempt.room, attempt.sender, attempt.client_message_id)
}

/// Lost, and acknowledged for a place that another message has.
fn check_acknowledged(history: &History, verdict: &mut Verdict) {
    let mut names: BTreeSet<Name> = BTreeSet::new();
    let mut places: HashMap<(i64, i64), &Seen> = HashMap::new();
    for (room, kept) in &history.kept {
        for message in &kept.messages {
            places.insert((*room, message.seq), message);
            names.extend(message.client_message_id.map(|id| (*room, message.sender, id)));
        }
    }
    for attempt in &history.attempts {
        let Some(first) = attempt.acknowledged.first() else { continue };
        if !names.contains(&name_of(attempt)) {
            verdict.lost.add(|| {
                format!(
                    "room {}: {} had {} acknowledged as {} after {} sends, and the history has it not",
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
                        "room {}: {} had {} acknowledged as {}, where the history has {there:?}",
                        attempt.room, attempt.outbox, attempt.client_message_id, place.seq
                    )
                });
            }
        }
    }
}

fn duplicated_names(history: &History, duplicated: &mut Count) {
    let mut seqs: BTreeMap<Name, BTreeSet<i64>> = BTreeMap::new();
    for attempt in &history.attempts {
        let known = seqs.entry(name_of(attempt)).or_default();
        known.extend(attempt.acknowledged.iter().map(|place| place.seq));
    }
    let kept = history.kept.iter().map(|(room, kept)| (*room, &kept.messages));
    let shown = history.views.iter().map(|view| (view.room, &view.shown));
    for (room, messages) in kept.chain(shown) {
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

/// A client sends the next message when the one before is acknowledged, so their seqs ascend.
fn order_of_sending(history: &History, inverted: &mut Count) {
    let mut last: HashMap<(i64, &str), i64> = HashMap::new();
    for attempt in &history.attempts {
        let Some(place) = attempt.acknowledged.first() else { continue };
        let last = last.entry((attempt.room, attempt.outbox.as_str())).or_default();
        if place.seq < *last {
            inverted.add(|| {
                format!(
                    "room {}: {} was acknowledged {last}, then sent {}, and it is {}",
                    attempt.room, attempt.outbox, attempt.client_message_id, place.seq
                )
            });
        }
        *last = place.seq.max(*last);
    }
}

/// What is in the history was sent, and as it was sent.
fn unsent(room: i64, message: &Seen, attempts: &HashMap<Name, &Attempt>, diverging: &mut Count) {
    let Some(id) = message.client_message_id else { return };
    match attempts.get(&(room, message.sender, id)) {
        None => diverging.add(|| format!("room {room}: nobody sent {message:?}")),
        Some(attempt) if attempt.content != message.content => {
            diverging.add(|| format!("room {room}: {:?} was sent, {message:?} is kept", attempt.content));
        }
        Some(_) => {}
    }
}

fn diverging(view: &View, message: &Seen, kept: Option<&Seen>, diverging: &mut Count) {
    let same = kept.is_some_and(|kept| {
        (kept.id, kept.sender, &kept.content) == (message.id, message.sender, &message.content)
            && (message.client_message_id.is_none() || message.client_message_id == kept.client_message_id)
    });
    if !same {
        diverging.add(|| {
            format!("room {}: {} has {message:?}, the history has {kept:?}", view.room, view.observer)
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

fn gaps(view: &View, kept: &Kept, gaps: &mut Count) {
    let shown: BTreeSet<i64> = view.shown.iter().map(|message| message.seq).collect();
    // Every number up to the newest: one that the history itself has not is a gap too.
    let last = kept.messages.iter().map(|message| message.seq).max().unwrap_or_default();
    for seq in (1..=last).filter(|seq| !shown.contains(seq)) {
        gaps.add(|| {
            format!("room {}: {} holds its view for complete without {seq}", view.room, view.observer)
        });
    }
}
