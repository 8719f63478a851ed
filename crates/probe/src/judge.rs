//! Who judges what a server answers to a request over TCP. No I/O: the thread feeds what it reads.

use std::fmt;

use crate::outcome::{Failure, Stage};

/// Whether a judge wants more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// The verdict depends on what follows, or on where it ends.
    More,
    /// The verdict is certain.
    Done,
}

/// The judge of one answer, bounded in memory whatever the server sends.
pub trait Judge: fmt::Debug + Send {
    /// Takes the next octets, of which there is at least one. After [`Feed::Done`] it is not called again.
    fn feed(&mut self, octets: &[u8]) -> Feed;

    /// What of the answer it waits for: where it stands when the answer is late or breaks off.
    fn stage(&self) -> Stage;

    /// The verdict, at the end of the answer or after [`Feed::Done`].
    ///
    /// # Errors
    /// What about the answer is wrong.
    fn end(self: Box<Self>) -> Result<HttpAnswer, Failure>;
}

/// What an answer has to be.
pub trait Expectation: fmt::Debug + Send + Sync {
    /// A judge of one answer.
    fn judge(&self) -> Box<dyn Judge>;
}

/// An answer that is as it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Its status, 100 to 999.
    pub status: u16,
    /// The octets of its body that came.
    pub length: u64,
    /// Those that its header announced.
    pub content_length: Option<u64>,
    /// MD5 of the body, where it was asked for.
    pub digest: Option<[u8; 16]>,
}
