//! Where a body ends (RFC 9112 §6.3), as far as it matters for a request with GET.

use super::chunks::{Chunks, ChunksEnd};
use super::header::Header;

/// Where a body ends.
#[derive(Debug)]
pub(super) enum Framing {
    /// After so many octets more.
    Length(u64),
    /// Behind its last chunk.
    Chunked(Chunks),
    /// With the connection.
    Close,
}

/// What of some octets belongs to the body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) octets: usize,
    pub(super) is_last: bool,
}

impl Framing {
    pub(super) fn of(header: &Header) -> Self {
        if !header.has_body() {
            return Self::Length(0);
        }
        match header.content_length {
            // Before chunks: keepalived ends its digest there.
            Some(length) => Self::Length(length),
            None if header.is_chunked => Self::Chunked(Chunks::default()),
            None => Self::Close,
        }
    }

    /// Whether nothing more belongs to the body.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Length(0))
    }

    pub(super) fn take(&mut self, octets: &[u8]) -> Part {
        let all = octets.len();
        match self {
            Self::Length(left) => {
                let taken = usize::try_from(*left).map_or(all, |left| left.min(all));
                *left -= taken as u64;
                Part {
                    octets: taken,
                    is_last: *left == 0,
                }
            }
            Self::Chunked(chunks) => match chunks.feed(octets) {
                ChunksEnd::Unknown => Part {
                    octets: all,
                    is_last: false,
                },
                ChunksEnd::After(used) => Part {
                    octets: used,
                    is_last: true,
                },
                ChunksEnd::None => {
                    *self = Self::Close;
                    Part {
                        octets: all,
                        is_last: false,
                    }
                }
            },
            Self::Close => Part {
                octets: all,
                is_last: false,
            },
        }
    }
}
