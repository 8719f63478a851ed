//! The header of an answer.

use httparse::{EMPTY_HEADER, Header as Field, ParserConfig, Response, Status};

/// Octets of a header, those of interim answers before it included.
pub const HEADER_LIMIT: usize = 64 * 1024;
/// Stands in for the first line, of which httparse takes less than we do.
const FIRST_LINE: &[u8] = b"HTTP/1.1 200\r\n";

/// What matters of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) status: u16,
    /// What `Content-Length` says.
    pub(super) content_length: Option<u64>,
    /// Whether the last transfer coding is `chunked`.
    pub(super) is_chunked: bool,
}

impl Header {
    /// Whether a body may follow, whatever the fields say.
    pub(super) fn has_body(&self) -> bool {
        !matches!(self.status, 204 | 304)
    }
}

/// What the octets of a header come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More octets are needed.
    Unfinished,
    TooLong,
    /// The header has ended, after so many of the octets that were fed last.
    Ended {
        used: usize,
    },
}

/// Collects the octets of a header.
#[derive(Debug, Default)]
pub(super) struct HeaderReader {
    octets: Vec<u8>,
    end: EmptyLine,
    total: usize,
}

impl HeaderReader {
    /// Octets of this header and of those before it.
    pub(super) fn length(&self) -> usize {
        self.total
    }

    pub(super) fn feed(&mut self, octets: &[u8]) -> Progress {
        let end = self.end.find(octets);
        let used = end.unwrap_or(octets.len());
        self.total = self.total.saturating_add(used);
        if self.total > HEADER_LIMIT {
            return Progress::TooLong;
        }
        self.octets
            .extend_from_slice(octets.get(..used).unwrap_or_default());
        end.map_or(Progress::Unfinished, |_| Progress::Ended { used })
    }

    /// What the header says that has ended, and makes room for the next one; `None` where it has no status.
    pub(super) fn take(&mut self) -> Option<Header> {
        let octets = std::mem::take(&mut self.octets);
        self.end = EmptyLine::default();
        let first = octets.iter().position(|&octet| octet == b'\n')? + 1;
        let (line, fields) = octets.split_at_checked(first)?;
        let status = status(line)?;
        let (content_length, is_chunked) = read_fields(fields);
        Some(Header {
            status,
            content_length,
            is_chunked,
        })
    }
}

/// The three digits behind the first blank, as keepalived finds them: whatever stands in front, and with or without a reason behind.
fn status(line: &[u8]) -> Option<u16> {
    let blank = line.iter().position(|&octet| octet == b' ')?;
    let (digits, behind) = line.get(blank + 1..)?.split_at_checked(3)?;
    if !matches!(behind.first(), None | Some(b' ' | b'\r' | b'\n')) {
        return None;
    }
    number(digits).and_then(|status| u16::try_from(status).ok())
}

/// What the lines behind the first one say of the body; lines that are no fields say nothing.
fn read_fields(octets: &[u8]) -> (Option<u64>, bool) {
    let mut text = Vec::with_capacity(FIRST_LINE.len() + octets.len());
    text.extend_from_slice(FIRST_LINE);
    text.extend_from_slice(octets);
    let mut fields = vec![EMPTY_HEADER; count_lines(octets)];
    let mut response = Response::new(&mut fields);
    let parsed = ParserConfig::default()
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .parse_response(&mut response, &text);
    match parsed {
        Ok(Status::Complete(_)) => (
            content_length(response.headers),
            is_chunked(response.headers),
        ),
        // Such a header says nothing that can be relied on: the body ends with the connection.
        Ok(Status::Partial) | Err(_) => (None, false),
    }
}

fn count_lines(octets: &[u8]) -> usize {
    octets.iter().filter(|&&octet| octet == b'\n').count()
}

fn values<'a>(fields: &'a [Field<'_>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let named = fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name));
    named.map(|field| field.value.trim_ascii())
}

/// The number that the first of these fields says, as keepalived takes it.
fn content_length(fields: &[Field<'_>]) -> Option<u64> {
    values(fields, "content-length").next().and_then(number)
}

fn is_chunked(fields: &[Field<'_>]) -> bool {
    let last = values(fields, "transfer-encoding").last();
    let coding = last.and_then(|value| value.rsplit(|&octet| octet == b',').next());
    coding.is_some_and(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

/// A number of digits alone, up to 19 of them.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0, |number, &octet| {
        octet
            .is_ascii_digit()
            .then(|| number * 10 + u64::from(octet - b'0'))
    })
}

/// Finds the empty line that ends a header or a trailer. Lines may end with a bare line feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum EmptyLine {
    /// At the start of a line.
    #[default]
    Start,
    /// Within a line.
    Inside,
    /// Behind a carriage return at the start of a line.
    Return,
}

impl EmptyLine {
    /// How many octets there are up to the end of the empty line, if it is among them.
    pub(super) fn find(&mut self, octets: &[u8]) -> Option<usize> {
        for (index, octet) in octets.iter().enumerate() {
            *self = match (*self, octet) {
                (Self::Start | Self::Return, b'\n') => return Some(index + 1),
                (Self::Inside, b'\n') => Self::Start,
                (Self::Start, b'\r') => Self::Return,
                _ => Self::Inside,
            };
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Option<Header> {
        let mut reader = HeaderReader::default();
        let used = text.len();
        assert_eq!(reader.feed(text.as_bytes()), Progress::Ended { used });
        reader.take()
    }

    fn status_of(line: &str) -> Option<u16> {
        header(&format!("{line}\r\n\r\n")).map(|header| header.status)
    }

    #[test]
    fn the_status_is_the_three_digits_behind_the_first_blank() {
        assert_eq!(status_of("HTTP/1.1 200 OK"), Some(200));
        assert_eq!(status_of("ICY 200 OK"), Some(200));
        assert_eq!(status_of("HTTP/2 503 "), Some(503));
        assert_eq!(status_of("HTTP/1.1 2000 OK"), None);
        assert_eq!(status_of("HTTP/1.1 20 OK"), None);
        assert_eq!(status_of("HTTP/1.1  200 OK"), None);
        assert_eq!(status_of("HTTP/1.1 2x0 OK"), None);
        assert_eq!(status_of("SSH-2.0-OpenSSH_9.2"), None);
    }

    #[test]
    fn a_status_without_a_reason_is_one() {
        assert_eq!(status_of("HTTP/1.1 204"), Some(204));
        assert_eq!(
            header("HTTP/1.1 204\n\n").map(|header| header.status),
            Some(204)
        );
    }

    #[test]
    fn the_length_is_found_in_any_case_and_behind_lines_that_are_no_fields() {
        let length = |fields: &str| {
            let text = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
            header(&text).unwrap().content_length
        };
        assert_eq!(length("Content-Length: 12"), Some(12));
        assert_eq!(length("content-length:12"), Some(12));
        assert_eq!(length("CONTENT-LENGTH :\t12 "), Some(12));
        assert_eq!(
            length("no field\r\n: none\r\nb d: x\r\nContent-Length: 12"),
            Some(12)
        );
        assert_eq!(length("X: a\0b\r\nContent-Length: 12"), None);
        assert_eq!(length("X: Content-Length: 12"), None);
        assert_eq!(length("Content-Length: -1"), None);
        assert_eq!(length("Content-Length: 99999999999999999999"), None);
        assert_eq!(length("Content-Length: 12\r\nContent-Length: 13"), Some(12));
    }

    #[test]
    fn the_last_transfer_coding_counts() {
        let chunked = |value: &str| {
            let text = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {value}\r\n\r\n");
            header(&text).unwrap().is_chunked
        };
        assert!(chunked("chunked"));
        assert!(chunked("gzip, Chunked"));
        assert!(!chunked("gzip"));
        assert!(!chunked("chunked, gzip"));
    }

    #[test]
    fn a_field_is_found_behind_thousands_of_others() {
        let fields = "X: y\r\n".repeat(5000);
        let text = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 12\r\n\r\n");
        let header = header(&text).unwrap();
        assert_eq!((header.status, header.content_length), (200, Some(12)));
    }

    #[test]
    fn a_header_may_come_octet_by_octet() {
        let mut reader = HeaderReader::default();
        let (last, others) = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n".split_last().unwrap();
        for octet in others {
            assert_eq!(reader.feed(&[*octet]), Progress::Unfinished);
        }
        assert_eq!(reader.feed(&[*last]), Progress::Ended { used: 1 });
        assert_eq!(reader.take().unwrap().status, 200);
    }

    #[test]
    fn an_endless_header_is_given_up_at_the_limit() {
        for line in ["X: y\r\n", "x", "\r"] {
            let mut reader = HeaderReader::default();
            let mut fed = 0;
            while reader.feed(line.as_bytes()) == Progress::Unfinished {
                fed += line.len();
            }
            assert!(fed <= HEADER_LIMIT && fed > HEADER_LIMIT - line.len());
            assert!(reader.octets.len() <= HEADER_LIMIT);
        }
    }
}
