//! Cursors of lists, and page numbers, limits, seqs and ids in a path or query.

use std::{fmt::Debug, str::FromStr};

use chatchat_domain::{
    COMPANIES_A_PAGE, HistoryLimit, Page, PageNumber, Problem, RoomId, RoomPlace, RoomsLimit, Seq,
};
use chatchat_tokens::{Key, Keys};
use time::OffsetDateTime;

const MAX_SAFE: i64 = (1 << 53) - 1;

/// Reads a cursor and the other values that tell where a page begins, and makes cursors of the
/// input.
///
/// - A text is a cursor only if it was sealed for this list with one of the keys, and decoding a
///   cursor is the reverse of encoding a place.
/// - A cursor with another byte, and a cursor of another list, is rejected.
/// - A number is the one that is written in the text, and within its bounds.
pub fn cursor(input: &[u8]) {
    let key = |id: &str| Key::new(id, format!("{id:-<32}").as_bytes()).unwrap();
    let (current, previous) = (Keys::new(key("a"), None), Keys::new(key("b"), None));
    let keys = Keys::new(key("a"), Some(key("b")));
    if let Ok(text) = str::from_utf8(input) {
        if let Some(bytes) = keys.unseal("rooms", text) {
            let sealed = [current.seal("rooms", &bytes), previous.seal("rooms", &bytes)];
            assert!(sealed.iter().any(|sealed| sealed == text), "{text:?} was not sealed");
        }
        numbers(text);
    }
    if let Some(place) = RoomPlace::from_bytes(input) {
        assert_eq!(place.to_bytes(), input);
        assert!((1..=MAX_SAFE).contains(&place.room.get()), "{place:?}");
    }
    let Some((numbers, rest)) = input.split_first_chunk::<16>() else { return };
    let [micros, room] = [&numbers[..8], &numbers[8..]].map(|half| {
        let half: [u8; 8] = half.try_into().unwrap();
        i64::from_be_bytes(half)
    });
    let last_message_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000);
    let (Ok(last_message_at), Ok(room)) = (last_message_at, RoomId::try_from(room)) else { return };
    let place = RoomPlace { last_message_at, room };
    assert_eq!(RoomPlace::from_bytes(&place.to_bytes()), Some(place));
    let list = String::from_utf8_lossy(rest);
    let sealed = current.seal(&list, &place.to_bytes());
    assert_eq!(keys.unseal(&list, &sealed).as_deref(), Some(&place.to_bytes()[..]));
    assert_eq!(keys.unseal(&format!("{list}0"), &sealed), None, "a cursor of another list");
    assert_eq!(previous.unseal(&list, &sealed), None, "a cursor with another key");
    let [at, new, ..] = rest else { return };
    let mut changed = sealed.into_bytes();
    let at = usize::from(*at) % changed.len();
    if changed[at] != *new {
        changed[at] = *new;
        if let Ok(changed) = str::from_utf8(&changed) {
            assert_eq!(keys.unseal(&list, changed), None, "{changed:?} was not sealed");
        }
    }
}

fn numbers(text: &str) {
    if let Some(page) = number(text, 1..=MAX_SAFE, PageNumber::get) {
        let offset = page.offset(COMPANIES_A_PAGE);
        assert_eq!(offset / COMPANIES_A_PAGE, page.get() - 1);
        assert_eq!(Page::of(page, offset, COMPANIES_A_PAGE).total, page.get() - 1);
    }
    number(text, 1..=100, HistoryLimit::get);
    number(text, 1..=50, RoomsLimit::get);
    number(text, 0..=MAX_SAFE, Seq::get);
    number(text, 1..=MAX_SAFE, RoomId::get);
}

/// Parses a number, and compares it with the digits of the text.
fn number<T: FromStr<Err = Problem> + Copy + Debug>(
    text: &str,
    bounds: std::ops::RangeInclusive<i64>,
    get: fn(T) -> i64,
) -> Option<T> {
    let has_digits = !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit());
    let significant = text.trim_start_matches('0');
    let expected = match significant {
        "" => Some(0),
        _ if significant.len() > 16 => None,
        _ => significant.parse().ok(),
    };
    let expected = expected.filter(|number| has_digits && bounds.contains(number));
    let found = text.parse::<T>();
    assert_eq!(found.ok().map(get), expected, "{text:?}");
    found.ok()
}
