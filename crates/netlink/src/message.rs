//! Netlink messages and their attributes: bytes to values and back.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                     length, with this header                  |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |             type              |             flags             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                            sequence                           |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                              port                             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! All numbers in host byte order (netlink(7)). An attribute is a length (with
//! these 4 octets), a type, and a value; both are padded to 4 octets.

use std::net::IpAddr;

/// The header in front of every message.
const HEADER: usize = 16;
/// The header in front of every attribute.
const ATTRIBUTE_HEADER: usize = 4;
/// The bits of an attribute's type that hold flags.
const ATTRIBUTE_FLAGS: u16 = 0xc000;

/// This is a request.
pub const NLM_F_REQUEST: u16 = 0x001;
/// One message of several.
pub const NLM_F_MULTI: u16 = 0x002;
/// Answer with an acknowledgement.
pub const NLM_F_ACK: u16 = 0x004;
/// The table changed while it was being dumped.
pub const NLM_F_DUMP_INTR: u16 = 0x010;
/// Return the whole table.
pub const NLM_F_DUMP: u16 = 0x300;
/// Fail where the object exists.
pub const NLM_F_EXCL: u16 = 0x200;
/// Make the object where it does not exist.
pub const NLM_F_CREATE: u16 = 0x400;
/// Put the object behind its likes.
pub const NLM_F_APPEND: u16 = 0x800;
/// Of an acknowledgement: the request is not repeated in it.
const NLM_F_CAPPED: u16 = 0x100;
/// Of an acknowledgement: attributes follow.
const NLM_F_ACK_TLVS: u16 = 0x200;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSGERR_ATTR_MSG: u16 = 1;

/// Messages to send in one datagram. Reused, it allocates nothing.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Drops the messages, keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The messages as they go to the kernel.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends a message of type `kind`: `header` is the fixed part of its family
    /// (`ifaddrmsg`, ...), `body` appends its attributes.
    pub fn message(
        &mut self,
        kind: u16,
        flags: u16,
        sequence: u32,
        header: &[u8],
        body: impl FnOnce(&mut AttributeWriter<'_>),
    ) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&flags.to_ne_bytes());
        self.bytes.extend_from_slice(&sequence.to_ne_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(header);
        pad(&mut self.bytes);
        body(&mut AttributeWriter {
            bytes: &mut self.bytes,
        });
        let length = u32::try_from(self.bytes.len() - start).unwrap_or(u32::MAX);
        patch(&mut self.bytes, start, &length.to_ne_bytes());
    }
}

/// Appends attributes to a message under construction.
#[derive(Debug)]
pub struct AttributeWriter<'a> {
    bytes: &'a mut Vec<u8>,
}

impl AttributeWriter<'_> {
    /// Appends an attribute with `value` as it is.
    pub fn bytes(&mut self, kind: u16, value: &[u8]) {
        self.nested(kind, |inner| inner.bytes.extend_from_slice(value));
    }

    /// Appends an attribute with one octet.
    pub fn u8(&mut self, kind: u16, value: u8) {
        self.bytes(kind, &[value]);
    }

    /// Appends an attribute with a number of 2 octets.
    pub fn u16(&mut self, kind: u16, value: u16) {
        self.bytes(kind, &value.to_ne_bytes());
    }

    /// Appends an attribute with a number of 4 octets.
    pub fn u32(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_ne_bytes());
    }

    /// Appends an attribute with an address of 4 or 16 octets.
    pub fn address(&mut self, kind: u16, value: IpAddr) {
        match value {
            IpAddr::V4(value) => self.bytes(kind, &value.octets()),
            IpAddr::V6(value) => self.bytes(kind, &value.octets()),
        }
    }

    /// Appends an attribute with a text and its final NUL.
    pub fn text(&mut self, kind: u16, value: &str) {
        self.nested(kind, |inner| {
            inner.bytes.extend_from_slice(value.as_bytes());
            inner.bytes.push(0);
        });
    }

    /// Appends a structure that begins with its own length of 2 octets, which is filled in, and
    /// the attributes behind it that `body` appends.
    pub fn measured(&mut self, header: &[u8], body: impl FnOnce(&mut AttributeWriter<'_>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(header);
        body(&mut AttributeWriter { bytes: self.bytes });
        let length = u16::try_from(self.bytes.len() - start).unwrap_or(u16::MAX);
        patch(self.bytes, start, &length.to_ne_bytes());
        pad(self.bytes);
    }

    /// Appends an attribute whose value is what `body` appends.
    pub fn nested(&mut self, kind: u16, body: impl FnOnce(&mut AttributeWriter<'_>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 2]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        body(&mut AttributeWriter { bytes: self.bytes });
        let length = u16::try_from(self.bytes.len() - start).unwrap_or(u16::MAX);
        patch(self.bytes, start, &length.to_ne_bytes());
        pad(self.bytes);
    }
}

fn patch(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

/// A message of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is: RTM_NEWLINK, ...
    pub kind: u16,
    /// The NLM_F flags.
    pub flags: u16,
    /// The number of the request it answers, 0 in notifications.
    pub sequence: u32,
    /// The socket that the message is for, or that asked for what it reports; 0 for the kernel.
    pub port: u32,
    /// What follows the header.
    pub payload: &'a [u8],
}

/// What a message means to the one who sent the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// Part of the content.
    Content,
    /// The end of a dump.
    Done,
    /// The request was carried out.
    Acknowledged,
    /// The request was refused.
    Refused {
        /// The error number, positive.
        errno: i32,
        /// The kernel's own explanation (`NETLINK_EXT_ACK`).
        message: Option<&'a str>,
    },
}

impl<'a> Message<'a> {
    /// The messages of a datagram, up to the first that is damaged.
    pub fn iter(datagram: &'a [u8]) -> impl Iterator<Item = Message<'a>> {
        let mut rest = datagram;
        std::iter::from_fn(move || {
            let (message, behind) = Self::split(rest)?;
            rest = behind;
            Some(message)
        })
    }

    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
        let message = Self {
            kind: u16_at(bytes, 4)?,
            flags: u16_at(bytes, 6)?,
            sequence: u32_at(bytes, 8)?,
            port: u32_at(bytes, 12)?,
            payload: bytes.get(HEADER..length)?,
        };
        // The last message may lack its padding.
        let behind = bytes.get(length.checked_next_multiple_of(4)?..);
        Some((message, behind.unwrap_or_default()))
    }

    /// What this message says about the request it answers.
    #[must_use]
    pub fn answer(&self) -> Answer<'a> {
        match self.kind {
            NLMSG_DONE => match i32_at(self.payload, 0) {
                Some(code) if code < 0 => Answer::Refused {
                    errno: code.saturating_neg(),
                    message: self.explanation(4),
                },
                _ => Answer::Done,
            },
            NLMSG_ERROR => match i32_at(self.payload, 0) {
                Some(0) => Answer::Acknowledged,
                code => Answer::Refused {
                    errno: code.unwrap_or(i32::MIN).saturating_neg(),
                    message: self.error_explanation(),
                },
            },
            _ => Answer::Content,
        }
    }

    /// The explanation behind an error: its number, the header of the request, and
    /// the rest of the request unless it was left out.
    fn error_explanation(&self) -> Option<&'a str> {
        let request = match self.flags & NLM_F_CAPPED {
            0 => usize::try_from(u32_at(self.payload, 4)?).ok()?,
            _ => HEADER,
        };
        self.explanation(request.checked_next_multiple_of(4)?.checked_add(4)?)
    }

    fn explanation(&self, offset: usize) -> Option<&'a str> {
        if self.flags & NLM_F_ACK_TLVS == 0 {
            return None;
        }
        Attribute::iter(self.payload.get(offset..)?)
            .find(|attribute| attribute.kind == NLMSGERR_ATTR_MSG)
            .and_then(|attribute| str::from_utf8(attribute.text()).ok())
    }

    /// The attributes behind the first `header` octets of the payload.
    pub fn attributes(&self, header: usize) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let start = header.checked_next_multiple_of(4);
        let bytes = start.and_then(|start| self.payload.get(start..));
        Attribute::iter(bytes.unwrap_or_default())
    }
}

/// An attribute of a message.
///
/// Its value is read from the front; a kernel that appends to it is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Which attribute, without the flags in its type.
    pub kind: u16,
    /// Its value, without padding.
    pub value: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// The attributes in `bytes`, up to the first that is damaged.
    pub fn iter(bytes: &'a [u8]) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let mut rest = bytes;
        std::iter::from_fn(move || {
            let length = usize::from(u16_at(rest, 0)?);
            let kind = u16_at(rest, 2)? & !ATTRIBUTE_FLAGS;
            let value = rest.get(ATTRIBUTE_HEADER..length)?;
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            Some(Attribute { kind, value })
        })
    }

    /// The attributes nested in this one.
    pub fn nested(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        Self::iter(self.value)
    }

    /// The first octet.
    #[must_use]
    pub fn u8(&self) -> Option<u8> {
        self.value.first().copied()
    }

    /// The first 2 octets as a number.
    #[must_use]
    pub fn u16(&self) -> Option<u16> {
        u16_at(self.value, 0)
    }

    /// The first 8 octets as a number.
    #[must_use]
    pub fn u64(&self) -> Option<u64> {
        self.value.first_chunk().copied().map(u64::from_ne_bytes)
    }

    /// The first 4 octets as a number.
    #[must_use]
    pub fn u32(&self) -> Option<u32> {
        u32_at(self.value, 0)
    }

    /// The octets before the first NUL.
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        self.value
            .split(|octet| *octet == 0)
            .next()
            .unwrap_or_default()
    }

    /// An address, IPv4 from 4 octets or IPv6 from 16.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.value.len() {
            4 => self
                .value
                .first_chunk::<4>()
                .map(|octets| IpAddr::from(*octets)),
            _ => self
                .value
                .first_chunk::<16>()
                .map(|octets| IpAddr::from(*octets)),
        }
    }
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let octets = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_ne_bytes(*octets))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let octets = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*octets))
}

fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    u32_at(bytes, at).map(u32::cast_signed)
}

#[cfg(test)]
mod tests;
