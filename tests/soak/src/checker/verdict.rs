//! The result of a check: the number of violations of each kind, with examples.

use std::fmt;

/// The number of examples in the report for each kind of violation.
pub(super) const MAX_EXAMPLES: usize = 3;

/// The violations of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The number of violations.
    pub number: u64,
    /// Descriptions of the first violations.
    pub examples: Vec<String>,
}

impl Count {
    pub(super) fn add(&mut self, example: impl FnOnce() -> String) {
        self.number += 1;
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(example());
        }
    }
}

/// The violations that the checker found; see the documentation of the module `checker` for the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Acknowledged messages that are not in the history.
    pub lost: Count,
    /// Messages with two seqs.
    pub duplicated: Count,
    /// Seqs with two messages.
    pub diverging: Count,
    /// Messages that are not in the order of seq.
    pub inverted: Count,
    /// Missing seqs in views that were considered complete.
    pub undetected_gaps: Count,
    /// Read markers that moved back.
    pub marker_regressions: Count,
}

impl Verdict {
    /// Returns the six counts with their names.
    pub fn counts(&self) -> [(&'static str, &Count); 6] {
        [
            ("lost", &self.lost),
            ("duplicated", &self.duplicated),
            ("diverging", &self.diverging),
            ("inverted", &self.inverted),
            ("undetected gaps", &self.undetected_gaps),
            ("marker regressions", &self.marker_regressions),
        ]
    }

    /// Returns whether there is no violation.
    pub fn holds(&self) -> bool {
        self.counts().iter().all(|(_, count)| count.number == 0)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in self.counts() {
            writeln!(formatter, "{name:<20} {:>8}", count.number)?;
            for example in &count.examples {
                writeln!(formatter, "    {example}")?;
            }
        }
        Ok(())
    }
}
