//! What came of an attempt.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use ka_sys::Errno;
use ka_sys::client::ClientStep;

use crate::judge::HttpAnswer;

/// The result of one attempt.
#[derive(Debug)]
pub struct ProbeResult {
    /// The probe.
    pub id: u32,
    /// Which of the probes that had this number.
    pub(crate) generation: u64,
    /// From when it was due to its begin.
    pub lateness: Duration,
    /// From its begin to its end, to a step of the thread.
    pub duration: Duration,
    /// When it ended.
    pub ended: Instant,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum Outcome {
    /// TCP: the server took the connection. UDP: it answered as wanted, or was silent where no answer is wanted. ICMP: it answered.
    Success {
        /// UDP: the first octets of the answer, [`crate::KEPT_OCTETS`] at most.
        reply: Option<Vec<u8>>,
    },
    /// The server took the connection, which is yours.
    Connected(OwnedFd),
    /// The answer over TCP is as it has to be.
    Answered(HttpAnswer),
    /// The server failed.
    Failed(Failure),
    /// The attempt says nothing about the server.
    NotStarted(Refusal),
}

impl Outcome {
    /// Whether the server did as it has to.
    #[must_use]
    pub fn is_success(&self) -> bool {
        !matches!(self, Self::Failed(_) | Self::NotStarted(_))
    }
}

/// How a server failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In what.
    pub stage: Stage,
    /// Why.
    pub reason: Reason,
    /// The kernel's reason, where it has one.
    pub errno: Option<Errno>,
    /// What about the answer is wrong, for people: `status 503`.
    pub detail: Option<String>,
    /// What had come of the answer, where that is known.
    pub answer: Option<HttpAnswer>,
}

impl Failure {
    /// A failure that needs no more words.
    #[must_use]
    pub fn new(stage: Stage, reason: Reason) -> Self {
        Self {
            stage,
            reason,
            errno: None,
            detail: None,
            answer: None,
        }
    }

    /// What the kernel says of the connection.
    pub(crate) fn of_errno(stage: Stage, errno: Errno) -> Self {
        Self {
            errno: Some(errno),
            ..Self::new(stage, Reason::of(errno))
        }
    }
}

/// Where in an exchange something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The connection.
    Connect,
    /// What is said to the server.
    Send,
    /// Its answer as a whole: none came.
    Reply,
    /// The header of its answer.
    Header,
    /// The body of its answer.
    Body,
    /// The status in it.
    Status,
    /// The digest of the body.
    Digest,
    /// The regular expression for the body.
    Regex,
    /// A datagram that came is not as wanted.
    Mismatch,
}

/// Why something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nobody listens there.
    Refused,
    /// It took too long.
    Timeout,
    /// The server closed the connection.
    Closed,
    /// The server reset the connection.
    Reset,
    /// There is no way to the server.
    Unreachable,
    /// More came than can be.
    TooLong,
    /// Nothing came.
    NoData,
    /// What came is not what was wanted.
    Mismatch,
    /// What came is not of the protocol.
    Malformed,
    /// Anything else that the kernel says.
    Error,
}

impl Reason {
    fn of(errno: Errno) -> Self {
        match errno {
            Errno::CONNREFUSED => Self::Refused,
            Errno::CONNRESET | Errno::CONNABORTED => Self::Reset,
            Errno::PIPE => Self::Closed,
            Errno::TIMEDOUT => Self::Timeout,
            Errno::HOSTUNREACH | Errno::NETUNREACH | Errno::HOSTDOWN | Errno::NETDOWN => {
                Self::Unreachable
            }
            _ => Self::Error,
        }
    }
}

/// Why an attempt was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// What was refused; `None` for the connection itself, where the reason is none of the server or the way to it.
    pub step: Option<ClientStep>,
    /// The kernel's reason.
    pub errno: Errno,
}
