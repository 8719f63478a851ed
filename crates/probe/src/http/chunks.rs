//! Where a body in chunks ends (RFC 9112 §7.1). Nothing is decoded.

use httparse::{Status, parse_chunk_size};

use super::header::EmptyLine;

/// Octets of a line with the size of a chunk and its extensions.
const LINE_LIMIT: usize = 1024;
/// Behind the data of a chunk.
const LINE_END: u64 = 2;

/// What the octets of a body in chunks come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ChunksEnd {
    /// Not among these octets.
    Unknown,
    /// After so many of these octets.
    After(usize),
    /// These are no chunks: they have no end that could be known.
    None,
}

/// Follows a body in chunks.
#[derive(Debug)]
pub(super) enum Chunks {
    /// In the line with a size, of which this has come.
    Size(Vec<u8>),
    /// Before the end of a chunk and of its last line, so many octets.
    Data(u64),
    /// Behind the last chunk.
    Trailer(EmptyLine),
}

impl Default for Chunks {
    fn default() -> Self {
        Self::Size(Vec::new())
    }
}

impl Chunks {
    pub(super) fn feed(&mut self, octets: &[u8]) -> ChunksEnd {
        let mut used = 0;
        while let Some(rest) = octets.get(used..).filter(|rest| !rest.is_empty()) {
            match self {
                Self::Size(line) => {
                    let end = rest.iter().position(|&octet| octet == b'\n');
                    let part = rest.get(..end.map_or(rest.len(), |end| end + 1));
                    let part = part.unwrap_or_default();
                    if line.len() + part.len() > LINE_LIMIT {
                        return ChunksEnd::None;
                    }
                    line.extend_from_slice(part);
                    used += part.len();
                    if end.is_some() {
                        match size(line) {
                            Some(0) => {
                                *self = Self::Trailer(EmptyLine::Start);
                            }
                            Some(size) => {
                                *self = Self::Data(size.saturating_add(LINE_END));
                            }
                            None => return ChunksEnd::None,
                        }
                    }
                }
                Self::Data(left) => {
                    let part =
                        usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                    used += part;
                    *left -= part as u64;
                    if *left == 0 {
                        *self = Self::default();
                    }
                }
                Self::Trailer(end) => {
                    return end
                        .find(rest)
                        .map_or(ChunksEnd::Unknown, |length| ChunksEnd::After(used + length));
                }
            }
        }
        ChunksEnd::Unknown
    }
}

/// The size that a line says.
fn size(line: &[u8]) -> Option<u64> {
    // httparse takes no digit for 0.
    if !line.first().is_some_and(u8::is_ascii_hexdigit) {
        return None;
    }
    match parse_chunk_size(line) {
        Ok(Status::Complete((_, size))) => Some(size),
        Ok(Status::Partial) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole, and octet by octet.
    fn end_of(body: &[u8]) -> ChunksEnd {
        let whole = Chunks::default().feed(body);
        let mut chunks = Chunks::default();
        let mut parts = ChunksEnd::Unknown;
        for (index, octet) in body.iter().enumerate() {
            match chunks.feed(&[*octet]) {
                ChunksEnd::Unknown => {}
                ChunksEnd::After(used) => {
                    parts = ChunksEnd::After(index + used);
                    break;
                }
                ChunksEnd::None => {
                    parts = ChunksEnd::None;
                    break;
                }
            }
        }
        assert_eq!(whole, parts);
        whole
    }

    #[test]
    fn chunks_end_behind_their_trailer() {
        let body = b"5\r\nhello\r\n0\r\n\r\nmore";
        assert_eq!(end_of(body), ChunksEnd::After(body.len() - 4));
        let body = b"A;x=y\r\n0123456789\r\n000\r\nX: y\r\nZ: 1\r\n\r\n";
        assert_eq!(end_of(body), ChunksEnd::After(body.len()));
    }

    #[test]
    fn what_is_cut_has_not_ended() {
        for body in [
            &b"5\r\nhel"[..],
            b"5\r\nhello\r\n0\r\n",
            b"5",
            b"0\r\nX: y\r\n",
            b"",
        ] {
            assert_eq!(end_of(body), ChunksEnd::Unknown);
        }
    }

    #[test]
    fn what_is_no_chunk_has_no_end() {
        for body in [
            &b"hello\r\n"[..],
            b"\r\n",
            b"-1\r\n",
            b"11111111111111111\r\n",
            b"5\nhello\n0\n\n",
        ] {
            assert_eq!(end_of(body), ChunksEnd::None);
        }
        let endless = [&b"1;"[..], &[b'x'; 4096]].concat();
        assert_eq!(end_of(&endless), ChunksEnd::None);
    }

    #[test]
    fn the_largest_size_is_no_overflow() {
        assert_eq!(end_of(b"ffffffffffffffff\r\nhello"), ChunksEnd::Unknown);
    }
}
