//! What clients were refused with: during faults much is, and it should say that trying again can help.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::Answer;

/// How often each refusal came.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<String, u64>>);

impl Refusals {
    /// An answer came over HTTP.
    pub fn answer(&self, answer: &Answer) {
        match (answer.status, answer.code()) {
            (..400, _) => {}
            (status, "") => self.add(&format!("{status} of the gateway")),
            (_, code) => self.add(code),
        }
    }

    /// A frame was refused with a code, or by the gateway, which has none.
    pub fn frame(&self, code: Option<&str>) {
        self.add(code.unwrap_or("frame failed, says the gateway"));
    }

    fn add(&self, what: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what.to_owned()).or_default() += 1;
    }

    /// All of them.
    pub fn numbers(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
