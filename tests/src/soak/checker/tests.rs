use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Verdict, check};
use crate::soak::history::{Attempt, History, Kept, Marker, Place, Seen, Trail, View};

const ROOM: i64 = 1;
const CUSTOMER: i64 = 10;
const COMPANY: i64 = 20;

/// The message at a seq: the customer's are odd, the company's even.
fn message(seq: i64) -> Seen {
    Seen {
        seq,
        id: 100 + seq,
        sender: if seq % 2 == 1 { CUSTOMER } else { COMPANY },
        content: format!("메시지 {seq}"),
        client_message_id: Some(Uuid::from_u128(u128::try_from(seq).unwrap())),
    }
}

fn attempt(seq: i64) -> Attempt {
    let Seen { sender, content, client_message_id, id, .. } = message(seq);
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

/// Six messages, two observers, and the company's marker on its way to 4.
fn good() -> History {
    let kept = Kept { messages: (1..=6).map(message).collect(), markers: BTreeMap::from([(COMPANY, 4)]) };
    let told = vec![
        Marker { seq: 2, at_least: 0 },
        Marker { seq: 1, at_least: 0 },
        Marker { seq: 2, at_least: 2 },
        Marker { seq: 4, at_least: 2 },
    ];
    History {
        attempts: (1..=6).map(attempt).collect(),
        views: vec![view("customer"), view("company")],
        trails: vec![Trail { observer: "customer".to_owned(), room: ROOM, reader: COMPANY, told }],
        kept: BTreeMap::from([(ROOM, kept)]),
    }
}

impl History {
    fn messages(&mut self) -> &mut Vec<Seen> {
        &mut self.kept.get_mut(&ROOM).unwrap().messages
    }
}

/// The counts that are not 0.
fn found(verdict: &Verdict) -> Vec<(&'static str, u64)> {
    let counts = verdict.counts().map(|(name, count)| (name, count.number));
    counts.into_iter().filter(|(_, number)| *number > 0).collect()
}

fn found_in(history: &History) -> Vec<(&'static str, u64)> {
    found(&check(history))
}

#[test]
fn a_good_history_has_none_of_the_six() {
    let verdict = check(&good());
    assert!(verdict.holds(), "{verdict}");
}

#[test]
fn an_acknowledged_message_that_the_history_lacks_is_lost() {
    let mut history = good();
    history.messages().pop();
    history.views.iter_mut().for_each(|view| drop(view.shown.pop()));
    assert_eq!(found_in(&history), [("lost", 1)]);
}

#[test]
fn a_message_that_is_kept_twice_is_duplicated() {
    let mut history = good();
    let again = Seen { seq: 7, id: 107, ..message(5) };
    history.messages().push(again.clone());
    history.views.iter_mut().for_each(|view| view.shown.push(again.clone()));
    assert_eq!(found_in(&history), [("duplicated", 1)]);
}

#[test]
fn a_message_that_is_acknowledged_at_two_seqs_is_duplicated() {
    let mut history = good();
    history.attempts[4].acknowledged.push(Place { seq: 9, id: 109 });
    assert_eq!(found_in(&history), [("duplicated", 1)]);
}

#[test]
fn a_message_that_is_shown_twice_is_duplicated() {
    let mut history = good();
    history.views[1].shown.push(message(6));
    assert_eq!(found_in(&history), [("duplicated", 1)]);
}

#[test]
fn two_messages_at_one_seq_diverge() {
    let mut history = good();
    history.views[1].shown[3].content = "다른 말".to_owned();
    assert_eq!(found_in(&history), [("diverging", 1)]);
}

#[test]
fn what_an_observer_was_told_against_its_view_diverges() {
    let mut history = good();
    history.views[0].contradicted.push(Seen { id: 999, ..message(2) });
    assert_eq!(found_in(&history), [("diverging", 1)]);
}

#[test]
fn an_acknowledgement_for_somebody_elses_place_diverges() {
    let mut history = good();
    history.attempts[0].acknowledged[0].id = 999;
    assert_eq!(found_in(&history), [("diverging", 1)]);
}

#[test]
fn a_shown_message_that_the_history_lacks_diverges() {
    let mut history = good();
    history.views[0].shown.push(Seen { client_message_id: None, ..message(7) });
    assert_eq!(found_in(&history), [("diverging", 1)]);
}

#[test]
fn a_kept_message_that_nobody_sent_or_sent_otherwise_diverges() {
    let mut history = good();
    history.attempts.remove(2);
    assert_eq!(found_in(&history), [("diverging", 1)]);
    let mut history = good();
    history.attempts[2].content = "그렇게 말하지 않았다".to_owned();
    assert_eq!(found_in(&history), [("diverging", 1)]);
}

#[test]
fn a_view_that_is_not_in_the_order_of_seq_is_inverted() {
    let mut history = good();
    history.views[0].shown.swap(2, 3);
    assert_eq!(found_in(&history), [("inverted", 1)]);
}

#[test]
fn a_message_sent_after_an_acknowledgement_and_kept_before_it_is_inverted() {
    let mut history = good();
    history.attempts.swap(0, 2);
    assert_eq!(found_in(&history), [("inverted", 1)]);
}

#[test]
fn a_settled_view_without_a_seq_is_an_undetected_gap_in_the_middle_and_at_the_end() {
    for missing in [2, 5] {
        let mut history = good();
        history.views[1].shown.remove(missing);
        assert_eq!(found_in(&history), [("undetected gaps", 1)]);
    }
}

#[test]
fn a_number_that_the_history_itself_lacks_is_a_gap_in_every_settled_view() {
    let mut history = good();
    history.messages().remove(3);
    history.attempts.remove(3);
    history.views.iter_mut().for_each(|view| drop(view.shown.remove(3)));
    assert_eq!(found_in(&history), [("undetected gaps", 2)]);
}

#[test]
fn a_marker_that_is_told_lower_than_it_was_known_has_regressed() {
    let mut history = good();
    history.trails[0].told.push(Marker { seq: 3, at_least: 4 });
    assert_eq!(found_in(&history), [("marker regressions", 1)]);
}

#[test]
fn a_marker_that_ends_lower_than_it_was_told_has_regressed() {
    let mut history = good();
    history.kept.get_mut(&ROOM).unwrap().markers.insert(COMPANY, 3);
    assert_eq!(found_in(&history), [("marker regressions", 1)]);
}

#[test]
fn a_send_without_an_acknowledgement_is_unknown_whether_it_was_kept_or_not() {
    let mut history = good();
    history.attempts[5].acknowledged.clear();
    assert_eq!(found_in(&history), [], "it was kept");
    history.messages().pop();
    history.views.iter_mut().for_each(|view| drop(view.shown.pop()));
    assert_eq!(found_in(&history), [], "it was not");
}

#[test]
fn a_view_that_its_observer_knows_to_be_incomplete_is_no_undetected_gap() {
    let mut history = good();
    history.views[1].settled = false;
    history.views[1].shown.remove(2);
    assert_eq!(found_in(&history), []);
}

#[test]
fn a_count_keeps_a_few_examples_for_a_person_to_read() {
    let mut history = good();
    history.views[1].shown.clear();
    let gaps = check(&history).undetected_gaps;
    assert_eq!((gaps.number, gaps.examples.len()), (6, super::EXAMPLES));
    assert_eq!(gaps.examples[0], "room 1: company holds its view for complete without 1");
}
