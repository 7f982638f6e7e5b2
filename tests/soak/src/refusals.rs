//! Counts the errors that clients received, by code.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use chatchat_harness::Answer;

/// The number of errors by code.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<String, u64>>);

impl Refusals {
    /// Counts an HTTP response if it is an error.
    pub fn add_response(&self, answer: &Answer) {
        match (answer.status, answer.code()) {
            (..400, _) => {}
            (status, "") => self.add(&format!("{status} from the gateway"), 1),
            (_, code) => self.add(code, 1),
        }
    }

    /// Counts an error frame. Errors of the gateway have no code.
    pub fn add_frame(&self, code: Option<&str>) {
        self.add(code.unwrap_or("frame failed (gateway)"), 1);
    }

    /// Adds errors with the same code.
    pub fn add(&self, what: &str, times: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what.to_owned()).or_default() += times;
    }

    /// Returns all counts.
    pub fn numbers(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
