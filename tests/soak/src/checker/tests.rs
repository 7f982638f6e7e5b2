use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    check,
    verdict::{MAX_EXAMPLES, Verdict},
};
use crate::history::{Attempt, History, Marker, MarkerTrail, Place, SeenMessage, StoredRoom, View};

const ROOM: i64 = 1;
const CUSTOMER: i64 = 10;
const COMPANY: i64 = 20;

/// Returns the message at a seq. The customer sends the odd ones, the company the even ones.
fn message(seq: i64) -> SeenMessage {
    SeenMessage {
        seq,
        id: 100 + seq,
        sender: if seq % 2 == 1 { CUSTOMER } else { COMPANY },
        content: format!("메시지 {seq}"),
        client_message_id: Some(Uuid::from_u128(u128::try_from(seq).unwrap())),
    }
}

fn attempt(seq: i64) -> Attempt {
    let SeenMessage { sender, content, client_message_id, id, .. } = message(seq);
    Attempt {
        room: ROOM,
        sender,
        outbox: if sender == CUSTOMER { "customer" } else { "company" }.to_owned(),
        client_message_id: client_message_id.unwrap(),
        content,
        sends: 1,
        acknowledged: vec![Place { seq, id }],
    }
}

fn view(observer: &str) -> View {
    View {
        observer: observer.to_owned(),
        room: ROOM,
        settled: true,
        shown: (1..=6).map(message).collect(),
        contradicted: Vec::new(),
    }
}

/// Returns a history without violations: six messages, two observers, and the company's marker,
/// which moves to 4.
fn good() -> History {
    let stored =
        StoredRoom { messages: (1..=6).map(message).collect(), markers: BTreeMap::from([(COMPANY, 4)]) };
    let received = vec![
        Marker { seq: 2, at_least: 0 },
        Marker { seq: 1, at_least: 0 },
        Marker { seq: 2, at_least: 2 },
        Marker { seq: 4, at_least: 2 },
    ];
    History {
        attempts: (1..=6).map(attempt).collect(),
        views: vec![view("customer"), view("company")],
        trails: vec![MarkerTrail { observer: "customer".to_owned(), room: ROOM, reader: COMPANY, received }],
        stored: BTreeMap::from([(ROOM, stored)]),
    }
}

impl History {
    fn messages(&mut self) -> &mut Vec<SeenMessage> {
        &mut self.stored.get_mut(&ROOM).unwrap().messages
    }
}

/// Returns the counts that are not 0.
fn found(verdict: &Verdict) -> Vec<(&'static str, u64)> {
    let counts = verdict.counts().map(|(name, count)| (name, count.number));
    counts.into_iter().filter(|(_, number)| *number > 0).collect()
}

fn found_in(history: &History) -> Vec<(&'static str, u64)> {
    found(&check(history))
}

#[test]
fn good_history_has_no_violation() {
    let verdict = check(&good());
    assert!(verdict.holds(), "{verdict}");
}

#[test]
fn acknowledged_message_missing_in_the_history_is_lost() {
    let mut history = good();
    history.messages().pop();
    history.views.iter_mut().for_each(|view| drop(view.shown.pop()));
    assert_eq!(found_in(&history), [("lost", 1)]);
}

#[test]
fn message_stored_twice_is_duplicated() {
    let mut history = good();
    let again = SeenMessage { seq: 7, id: 107, ..message(5) };
    history.messages().push(again.clone());
    history.views.iter_mut().for_each(|view| view.shown.push(again.clone()));
    assert_eq!(found_in(&history), [("duplicated", 1)]);
}

#[test]
fn message_acknowledged_with_two_seqs_is_duplicated() {
    let mut history = good();
    history.attempts[4].acknowledged.push(Place { seq: 9, id: 109 });
    assert_eq!(found_in(&history), [("duplicated", 1)]);
}

#[test]
fn message_shown_twice_is_duplicated() {
    let mut history = good();
    history.views[1].shown.push(message(6));
    assert_eq!(found_in(&history), [("duplicated", 1)]);
}

#[test]
fn two_messages_with_one_seq_diverge() {
    let mut history = good();
    history.views[1].shown[3].content = "다른 말".to_owned();
    assert_eq!(found_in(&history), [("diverging", 1)]);
}

#[test]
fn message_that_contradicts_the_view_diverges() {
    let mut history = good();
    history.views[0].contradicted.push(SeenMessage { id: 999, ..message(2) });
    assert_eq!(found_in(&history), [("diverging", 1)]);
}

#[test]
fn ack_with_another_messages_id_diverges() {
    let mut history = good();
    history.attempts[0].acknowledged[0].id = 999;
    assert_eq!(found_in(&history), [("diverging", 1)]);
}

#[test]
fn shown_message_missing_in_the_history_diverges() {
    let mut history = good();
    history.views[0].shown.push(SeenMessage { client_message_id: None, ..message(7) });
    assert_eq!(found_in(&history), [("diverging", 1)]);
}

#[test]
fn stored_message_that_was_not_sent_like_this_diverges() {
    let mut history = good();
    history.attempts.remove(2);
    assert_eq!(found_in(&history), [("diverging", 1)]);
    let mut history = good();
    history.attempts[2].content = "그렇게 말하지 않았다".to_owned();
    assert_eq!(found_in(&history), [("diverging", 1)]);
}

#[test]
fn view_out_of_order_is_inverted() {
    let mut history = good();
    history.views[0].shown.swap(2, 3);
    assert_eq!(found_in(&history), [("inverted", 1)]);
}

#[test]
fn message_sent_after_an_ack_but_stored_before_is_inverted() {
    let mut history = good();
    history.attempts.swap(0, 2);
    assert_eq!(found_in(&history), [("inverted", 1)]);
}

#[test]
fn missing_seq_in_a_settled_view_is_an_undetected_gap() {
    for missing in [2, 5] {
        let mut history = good();
        history.views[1].shown.remove(missing);
        assert_eq!(found_in(&history), [("undetected gaps", 1)]);
    }
}

#[test]
fn missing_seq_in_the_history_is_a_gap_in_every_settled_view() {
    let mut history = good();
    history.messages().remove(3);
    history.attempts.remove(3);
    history.views.iter_mut().for_each(|view| drop(view.shown.remove(3)));
    assert_eq!(found_in(&history), [("undetected gaps", 2)]);
}

#[test]
fn marker_lower_than_a_known_one_is_a_regression() {
    let mut history = good();
    history.trails[0].received.push(Marker { seq: 3, at_least: 4 });
    assert_eq!(found_in(&history), [("marker regressions", 1)]);
}

#[test]
fn final_marker_lower_than_a_received_one_is_a_regression() {
    let mut history = good();
    history.stored.get_mut(&ROOM).unwrap().markers.insert(COMPANY, 3);
    assert_eq!(found_in(&history), [("marker regressions", 1)]);
}

#[test]
fn unacknowledged_message_may_be_stored_or_not() {
    let mut history = good();
    history.attempts[5].acknowledged.clear();
    assert_eq!(found_in(&history), [], "it was stored");
    history.messages().pop();
    history.views.iter_mut().for_each(|view| drop(view.shown.pop()));
    assert_eq!(found_in(&history), [], "it was not stored");
}

#[test]
fn gap_in_an_unsettled_view_is_no_violation() {
    let mut history = good();
    history.views[1].settled = false;
    history.views[1].shown.remove(2);
    assert_eq!(found_in(&history), []);
}

#[test]
fn count_has_at_most_three_examples() {
    let mut history = good();
    history.views[1].shown.clear();
    let gaps = check(&history).undetected_gaps;
    assert_eq!((gaps.number, gaps.examples.len()), (6, MAX_EXAMPLES));
    assert_eq!(gaps.examples[0], "room 1: company considers its view complete without 1");
}
