//! What became of an answer.

use std::fmt::{self, Display, Write};

use crate::judge::HttpAnswer;
use crate::outcome::{self, Reason, Stage};

impl HttpAnswer {
    /// Whether it ended before the octets came that its header announced. Not a failure: keepalived logs it.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.content_length
            .is_some_and(|announced| self.length < announced)
    }

    /// The digest as 32 lower-case digits.
    #[must_use]
    pub fn digest_text(&self) -> Option<String> {
        self.digest.map(|digest| {
            digest.iter().fold(String::new(), |mut text, octet| {
                // Writing to a string does not fail.
                let _ = write!(text, "{octet:02x}");
                text
            })
        })
    }
}

/// What an answer is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is as expected.
    Good(HttpAnswer),
    /// It is not.
    Bad(Failure),
}

/// Why an answer is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong with it.
    pub flaw: Flaw,
    /// What had come by then; `None` where there is no whole header, or one without a status.
    pub answer: Option<HttpAnswer>,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// Nothing came.
    NoData,
    /// It ended within its header.
    HeaderCut,
    /// Its header has more octets than [`super::HEADER_LIMIT`].
    HeaderTooLong,
    /// Its first line has no status code.
    NoStatus,
    /// Its status is none of the expected ones.
    Status,
    /// Its body has more octets than [`super::BODY_LIMIT`].
    BodyTooLong,
    /// The digest of its body is another one.
    Digest,
    /// Its body does not match the pattern, or matches one that it must not match.
    Pattern,
    /// Whether it matches the pattern cannot be found out; the sentence says why.
    PatternFailed(String),
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = self.answer.as_ref();
        match &self.flaw {
            Flaw::NoData => formatter.write_str("no data"),
            Flaw::HeaderCut => formatter.write_str("ended within the header"),
            Flaw::HeaderTooLong => formatter.write_str("endless header"),
            Flaw::NoStatus => formatter.write_str("no status"),
            Flaw::Status => {
                let status = answer.map(|answer| answer.status).unwrap_or_default();
                write!(formatter, "status {status:03}")
            }
            Flaw::BodyTooLong => formatter.write_str("endless body"),
            Flaw::Digest => {
                let digest = answer.and_then(HttpAnswer::digest_text).unwrap_or_default();
                write!(formatter, "digest {digest}")
            }
            Flaw::Pattern => formatter.write_str("regex"),
            Flaw::PatternFailed(reason) => write!(formatter, "regex: {reason}"),
        }
    }
}

impl From<Failure> for outcome::Failure {
    fn from(failure: Failure) -> Self {
        let (stage, reason) = match &failure.flaw {
            Flaw::NoData => (Stage::Reply, Reason::NoData),
            Flaw::HeaderCut => (Stage::Header, Reason::Closed),
            Flaw::HeaderTooLong => (Stage::Header, Reason::TooLong),
            Flaw::NoStatus => (Stage::Status, Reason::Malformed),
            Flaw::Status => (Stage::Status, Reason::Mismatch),
            Flaw::BodyTooLong => (Stage::Body, Reason::TooLong),
            Flaw::Digest => (Stage::Digest, Reason::Mismatch),
            Flaw::Pattern => (Stage::Regex, Reason::Mismatch),
            Flaw::PatternFailed(_) => (Stage::Regex, Reason::Error),
        };
        Self {
            detail: Some(failure.to_string()),
            answer: failure.answer,
            ..Self::new(stage, reason)
        }
    }
}
