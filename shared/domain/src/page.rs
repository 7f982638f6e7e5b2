//! Page numbers, totals, limits, and windows of a room's history.

use std::str::FromStr;

use serde::Serialize;

use crate::{Problem, Seq, id::whole_number};

/// The number of a page, counting from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageNumber(i64);

impl PageNumber {
    /// Returns the number, from 1 to 2^53 − 1.
    pub fn get(self) -> i64 {
        self.0
    }

    /// Returns how many entries come before this page.
    pub fn offset(self, entries_a_page: i64) -> i64 {
        (self.0 - 1) * entries_a_page
    }
}

impl Default for PageNumber {
    fn default() -> Self {
        Self(1)
    }
}

impl FromStr for PageNumber {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        match whole_number(text)? {
            page @ 1..=9_007_199_254_740_991 => Ok(Self(page)),
            _ => Err(Problem::OutOfRange),
        }
    }
}

/// The position of a response in a list with pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The number of this page.
    pub current: i64,
    /// The number of pages; 0 for an empty list.
    pub total: i64,
}

impl Page {
    /// Returns the position of page `number` in a list with `entries` entries.
    pub fn of(number: PageNumber, entries: i64, entries_a_page: i64) -> Self {
        Self { current: number.get(), total: (entries + entries_a_page - 1) / entries_a_page }
    }
}

/// The maximum number of entries in a response: 1 to `MAX`, 20 by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit<const MAX: i64>(i64);

/// The maximum number of messages in a page of a history: 1 to 100.
pub type HistoryLimit = Limit<100>;

/// The maximum number of rooms in a page of a list: 1 to 50.
pub type RoomsLimit = Limit<50>;

impl<const MAX: i64> Limit<MAX> {
    /// Returns the number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl<const MAX: i64> Default for Limit<MAX> {
    fn default() -> Self {
        Self(20)
    }
}

impl<const MAX: i64> FromStr for Limit<MAX> {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let limit = whole_number(text)?;
        if (1..=MAX).contains(&limit) { Ok(Self(limit)) } else { Err(Problem::OutOfRange) }
    }
}

/// The part of a room's history to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The messages right after this seq.
    After(Seq),
    /// The messages right before this seq.
    Before(Seq),
    /// The newest messages.
    Newest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_count_from_1_and_an_empty_list_has_no_pages() {
        let page = PageNumber::default();
        assert_eq!(Page::of(page, 0, 10).total, 0);
        assert_eq!(Page::of(page, 10, 10).total, 1);
        assert_eq!(Page::of(page, 11, 10).total, 2);
        assert_eq!("3".parse::<PageNumber>().unwrap().offset(10), 20);
    }

    #[test]
    fn page_that_is_not_a_positive_integer_is_rejected() {
        assert_eq!("0".parse::<PageNumber>(), Err(Problem::OutOfRange));
        for text in ["-1", "", "one", "1.5"] {
            assert_eq!(text.parse::<PageNumber>(), Err(Problem::WrongType), "{text:?}");
        }
    }

    #[test]
    fn limit_is_at_most_the_maximum_and_20_by_default() {
        assert_eq!("100".parse::<HistoryLimit>().map(Limit::get), Ok(100));
        assert_eq!("101".parse::<HistoryLimit>(), Err(Problem::OutOfRange));
        assert_eq!("50".parse::<RoomsLimit>().map(Limit::get), Ok(50));
        assert_eq!("51".parse::<RoomsLimit>(), Err(Problem::OutOfRange));
        assert_eq!("0".parse::<RoomsLimit>(), Err(Problem::OutOfRange));
        assert_eq!(RoomsLimit::default().get(), 20);
    }
}
