//! An answer that is under way.

use super::body::Body;
use super::expectation::HttpExpectation;
use super::framing::Framing;
use super::header::{Header, HeaderReader, Progress};
use super::verdict::{Failure, Flaw, Verdict};
use crate::judge::{Feed, HttpAnswer, Judge};
use crate::outcome::{self, Stage};

/// Octets of a body; an answer with more is bad.
pub const BODY_LIMIT: u64 = 64 * 1024 * 1024;
/// Not an interim answer: what follows is another protocol.
const SWITCHING_PROTOCOLS: u16 = 101;

/// Judges the answer to one request with GET.
///
/// [`Self::feed`] what comes until there is a verdict, [`Self::end`] where the connection ended in order. What else becomes of it (no
/// answer in time, a reset) is not the answer's fault, and for the caller to judge.
#[derive(Debug)]
pub struct HttpResponse {
    expectation: HttpExpectation,
    phase: Phase,
    header_length: usize,
}

#[derive(Debug)]
enum Phase {
    Header(HeaderReader),
    Body {
        header: Header,
        framing: Framing,
        body: Body,
    },
    Judged(Verdict),
}

impl HttpResponse {
    /// An answer of which nothing has come yet.
    #[must_use]
    pub fn new(expectation: HttpExpectation) -> Self {
        Self {
            expectation,
            phase: Phase::Header(HeaderReader::default()),
            header_length: 0,
        }
    }

    /// Takes octets that came. With a verdict the rest of the answer does not matter any more: it stays the same, and further octets
    /// mean nothing.
    pub fn feed(&mut self, octets: &[u8]) -> Option<Verdict> {
        let mut rest = octets;
        loop {
            match &mut self.phase {
                Phase::Judged(verdict) => return Some(verdict.clone()),
                _ if rest.is_empty() => return None,
                Phase::Header(reader) => match reader.feed(rest) {
                    Progress::Unfinished => return None,
                    Progress::TooLong => self.fail_early(Flaw::HeaderTooLong),
                    Progress::Ended { used } => {
                        rest = rest.get(used..).unwrap_or_default();
                        let length = reader.length();
                        match reader.take() {
                            None => self.fail_early(Flaw::NoStatus),
                            Some(header) => self.take_header(header, length),
                        }
                    }
                },
                Phase::Body { framing, body, .. } => {
                    let part = framing.take(rest);
                    body.add(rest.get(..part.octets).unwrap_or_default());
                    rest = &[];
                    let is_too_long = body.length() > BODY_LIMIT;
                    if is_too_long {
                        self.judge(Some(Flaw::BodyTooLong));
                    } else if part.is_last {
                        self.judge(None);
                    }
                }
            }
        }
    }

    /// The verdict when nothing more comes.
    pub fn end(&mut self) -> Verdict {
        match &self.phase {
            Phase::Header(reader) if reader.length() == 0 => self.fail_early(Flaw::NoData),
            Phase::Header(_) => self.fail_early(Flaw::HeaderCut),
            Phase::Body { .. } => self.judge(None),
            Phase::Judged(_) => {}
        }
        match &self.phase {
            Phase::Judged(verdict) => verdict.clone(),
            // Every other phase has just been left.
            Phase::Header(_) | Phase::Body { .. } => bad(Flaw::NoData, None),
        }
    }

    /// Octets in front of the body, interim answers included; 0 until it begins.
    #[must_use]
    pub fn header_length(&self) -> usize {
        self.header_length
    }

    /// What has come, once there is a header.
    #[must_use]
    pub fn answer(&self) -> Option<HttpAnswer> {
        match &self.phase {
            Phase::Header(_) => None,
            Phase::Body { header, body, .. } => Some(answer(header, body)),
            Phase::Judged(Verdict::Good(answer)) => Some(answer.clone()),
            Phase::Judged(Verdict::Bad(failure)) => failure.answer.clone(),
        }
    }

    fn take_header(&mut self, mut header: Header, length: usize) {
        if (100..200).contains(&header.status) && header.status != SWITCHING_PROTOCOLS {
            // The answer itself is still to come (RFC 9110 §15.2).
            return;
        }
        self.header_length = length;
        let framing = Framing::of(&header);
        if !header.has_body() {
            // A length is that of another answer.
            header.content_length = None;
        }
        let is_done = framing.is_done();
        self.phase = Phase::Body {
            header,
            framing,
            body: Body::new(
                self.expectation.digest.is_some(),
                self.expectation.pattern.is_some(),
            ),
        };
        if !self.expectation.takes_status(header.status) {
            self.judge(Some(Flaw::Status));
        } else if is_done {
            self.judge(None);
        }
    }

    fn fail_early(&mut self, flaw: Flaw) {
        self.phase = Phase::Judged(bad(flaw, None));
    }

    /// Judges what has come of the body, which has a flaw already or is complete.
    fn judge(&mut self, flaw: Option<Flaw>) {
        let Phase::Body { header, body, .. } = &self.phase else {
            return;
        };
        let answer = answer(header, body);
        let flaw = flaw.or_else(|| flaw_of(&self.expectation, &answer, body.kept()));
        self.phase = Phase::Judged(match flaw {
            None => Verdict::Good(answer),
            Some(flaw) => bad(flaw, Some(answer)),
        });
    }
}

impl Judge for HttpResponse {
    fn feed(&mut self, octets: &[u8]) -> Feed {
        match self.feed(octets) {
            Some(_) => Feed::Done,
            None => Feed::More,
        }
    }

    fn stage(&self) -> Stage {
        match &self.phase {
            Phase::Header(reader) if reader.length() == 0 => Stage::Reply,
            Phase::Header(_) => Stage::Header,
            Phase::Body { .. } | Phase::Judged(_) => Stage::Body,
        }
    }

    fn end(mut self: Box<Self>) -> Result<HttpAnswer, outcome::Failure> {
        match HttpResponse::end(&mut self) {
            Verdict::Good(answer) => Ok(answer),
            Verdict::Bad(failure) => Err(failure.into()),
        }
    }
}

fn flaw_of(expectation: &HttpExpectation, answer: &HttpAnswer, body: &[u8]) -> Option<Flaw> {
    if expectation.digest != answer.digest {
        return Some(Flaw::Digest);
    }
    expectation.pattern.as_ref()?.flaw_of(body)
}

fn answer(header: &Header, body: &Body) -> HttpAnswer {
    HttpAnswer {
        status: header.status,
        length: body.length(),
        content_length: header.content_length,
        digest: body.digest(),
    }
}

fn bad(flaw: Flaw, answer: Option<HttpAnswer>) -> Verdict {
    Verdict::Bad(Failure { flaw, answer })
}

#[cfg(test)]
mod tests;
