//! What an answer must be like.

use std::sync::Arc;

use ka_sys::pattern::{Pattern, PatternError, PatternOptions};

use super::response::HttpResponse;
use super::verdict::Flaw;
use crate::judge::{Expectation, Judge};

/// Items of a pattern that may be tried for one answer: some 20 ms.
const PATTERN_WORK: u64 = 2_000_000;

/// Status codes from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    /// The first one.
    pub from: u16,
    /// The last one.
    pub to: u16,
}

/// What an answer must be like to be good. Copies share what is large.
#[derive(Debug, Clone)]
pub struct HttpExpectation {
    /// Its status must be in one of these.
    pub statuses: Arc<[StatusRange]>,
    /// The MD5 of its body, where that matters: else nobody computes it.
    pub digest: Option<[u8; 16]>,
    /// What its body must match, or must not, where that matters.
    pub pattern: Option<Arc<PatternRule>>,
}

impl Default for HttpExpectation {
    /// A status from 200 to 299, and any body.
    fn default() -> Self {
        Self {
            statuses: Arc::new([StatusRange { from: 200, to: 299 }]),
            digest: None,
            pattern: None,
        }
    }
}

impl HttpExpectation {
    pub(super) fn takes_status(&self, status: u16) -> bool {
        self.statuses
            .iter()
            .any(|range| (range.from..=range.to).contains(&status))
    }
}

impl Expectation for HttpExpectation {
    fn judge(&self) -> Box<dyn Judge> {
        Box::new(HttpResponse::new(self.clone()))
    }
}

/// A pattern, and what it is to say of a body (`regex`, `regex_no_match`, `regex_min_offset`, `regex_max_offset`).
#[derive(Debug)]
pub struct PatternRule {
    pattern: Pattern,
    is_wanted: bool,
    first: usize,
    last: Option<usize>,
}

impl PatternRule {
    /// The rule that `pattern` matches.
    ///
    /// # Errors
    /// [`PatternError`] where PCRE2 does not take it.
    pub fn new(pattern: &str, options: PatternOptions) -> Result<Self, PatternError> {
        Ok(Self {
            pattern: Pattern::compile(pattern.as_bytes(), options)?,
            is_wanted: true,
            first: 0,
            last: None,
        })
    }

    /// The rule that it does not match.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            is_wanted: false,
            ..self
        }
    }

    /// Only a match counts that starts at octet `first` of the body, from 0, or later, and at `last` at the latest.
    #[must_use]
    pub fn within(self, first: usize, last: Option<usize>) -> Self {
        Self {
            first,
            last,
            ..self
        }
    }

    pub(super) fn flaw_of(&self, body: &[u8]) -> Option<Flaw> {
        match self.pattern.find(body, self.first, self.last, PATTERN_WORK) {
            Ok(start) => (start.is_some() != self.is_wanted).then_some(Flaw::Pattern),
            Err(error) => Some(Flaw::PatternFailed(error.to_string())),
        }
    }
}
