//! What an answer to an HTTP request is worth: no socket, no clock.
//!
//! Octets go in as they come, a [`Verdict`] comes out as soon as nothing that may still come changes it. What is kept of an answer is
//! bounded, whatever is sent: [`HEADER_LIMIT`] octets of its header, [`PATTERN_LIMIT`] of its body where a pattern wants them, and of the
//! rest nothing but digest and length. When a server has been silent for too long is for the caller to say.
//!
//! Rules after keepalived 2.4.3 (`HTTP_GET`); where they differ, docs/compatibility.md says why.

mod body;
mod chunks;
mod expectation;
mod framing;
mod header;
mod response;
mod verdict;

pub use body::PATTERN_LIMIT;
pub use expectation::{HttpExpectation, PatternRule, StatusRange};
pub use header::HEADER_LIMIT;
pub use ka_sys::pattern::{PatternError, PatternOptions};
pub use response::{BODY_LIMIT, HttpResponse};
pub use verdict::{Failure, Flaw, Verdict};
