//! The IPv4 header (RFC 791 §3.1).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Version|  IHL  |Type of Service|          Total Length         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |         Identification        |Flags|      Fragment Offset    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  Time to Live |    Protocol   |         Header Checksum       |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                       Source Address                          |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                    Destination Address                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use std::fmt;
use std::net::Ipv4Addr;

use crate::emit::Writer;
use crate::{EmitError, IP_PROTOCOL_VRRP, TOS, TTL};

/// Octets of a header without options.
pub const HEADER_LEN: usize = 20;

/// A header to write in front of a payload, for a socket with `IP_HDRINCL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Type of service; the upper six bits are the DSCP.
    pub tos: u8,
    /// Identification. 0 asks the kernel to choose one.
    pub id: u16,
    /// Time to live.
    pub ttl: u8,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Source address. 0.0.0.0 asks the kernel to choose one.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
}

impl Header {
    /// The header of an advertisement: TOS 0xC0, TTL 255, protocol 112.
    #[must_use]
    pub const fn vrrp(id: u16, source: Ipv4Addr, destination: Ipv4Addr) -> Self {
        Self {
            tos: TOS,
            id,
            ttl: TTL,
            protocol: IP_PROTOCOL_VRRP,
            source,
            destination,
        }
    }

    /// Writes the header for `payload_len` octets to the front of `buffer` and returns
    /// its length, 20.
    ///
    /// No options, no fragment, Don't Fragment clear. The header checksum is left
    /// 0: with `IP_HDRINCL` the kernel always fills it in (raw(7)).
    ///
    /// # Errors
    ///
    /// [`EmitError::PayloadTooLong`] when the total exceeds 65,535 octets,
    /// [`EmitError::BufferTooSmall`] when `buffer` has fewer than 20.
    pub fn emit(&self, payload_len: usize, buffer: &mut [u8]) -> Result<usize, EmitError> {
        let total_len = payload_len
            .checked_add(HEADER_LEN)
            .and_then(|length| u16::try_from(length).ok())
            .ok_or(EmitError::PayloadTooLong {
                length: payload_len,
            })?;
        let mut writer = Writer::new(buffer, HEADER_LEN)?;
        writer.put(&[0x45, self.tos])?;
        writer.put(&total_len.to_be_bytes())?;
        writer.put(&self.id.to_be_bytes())?;
        writer.put(&[0, 0, self.ttl, self.protocol, 0, 0])?;
        writer.put(&self.source.octets())?;
        writer.put(&self.destination.octets())?;
        Ok(HEADER_LEN)
    }
}

/// Changes the identification of an encoded header whose checksum is still 0.
///
/// # Errors
///
/// [`Ipv4Error::Truncated`], and nothing changes, when the header is incomplete.
pub fn set_id(packet: &mut [u8], id: u16) -> Result<(), Ipv4Error> {
    let length = packet.len();
    let header = packet
        .first_chunk_mut::<HEADER_LEN>()
        .ok_or(Ipv4Error::Truncated { length })?;
    [header[4], header[5]] = id.to_be_bytes();
    Ok(())
}

/// Why octets do not start with an IPv4 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ipv4Error {
    /// The header is not all there.
    #[error("read IPv4 header: only {length} octets")]
    Truncated {
        /// Octets received.
        length: usize,
    },
    /// Not IP version 4.
    #[error("read IPv4 header: IP version {version}")]
    Version {
        /// Version received.
        version: u8,
    },
    /// A header length of less than 20 octets.
    #[error("read IPv4 header: header length {length}")]
    HeaderLength {
        /// Header length received, in octets.
        length: usize,
    },
}

/// A reader over a packet as a raw IPv4 socket delivers it.
///
/// Only the header's place is checked; total length, checksum and
/// fragmentation are as received. `Debug` leaves out the payload.
#[derive(Clone, Copy)]
pub struct Ipv4View<'a> {
    header: &'a [u8; HEADER_LEN],
    payload: &'a [u8],
}

impl<'a> Ipv4View<'a> {
    /// Looks at `packet`, which starts with the IPv4 header.
    ///
    /// # Errors
    ///
    /// [`Ipv4Error::Version`] or [`Ipv4Error::HeaderLength`] when the first octet is not
    /// that of an IPv4 header, [`Ipv4Error::Truncated`] when the header,
    /// with its options, is incomplete.
    pub fn new(packet: &'a [u8]) -> Result<Self, Ipv4Error> {
        let truncated = Ipv4Error::Truncated {
            length: packet.len(),
        };
        let header = packet.first_chunk::<HEADER_LEN>().ok_or(truncated)?;
        let version = header[0] >> 4;
        if version != 4 {
            return Err(Ipv4Error::Version { version });
        }
        let length = header_len(header);
        if length < HEADER_LEN {
            return Err(Ipv4Error::HeaderLength { length });
        }
        let payload = packet.get(length..).ok_or(truncated)?;
        Ok(Self { header, payload })
    }

    /// Octets of the header with its options, 20 to 60.
    #[must_use]
    pub const fn header_len(&self) -> usize {
        header_len(self.header)
    }

    /// The header without options, as received.
    #[must_use]
    pub const fn header(&self) -> &'a [u8; HEADER_LEN] {
        self.header
    }

    /// Type of service.
    #[must_use]
    pub const fn tos(&self) -> u8 {
        self.header[1]
    }

    /// Total length as the header says it, which need not be that of the packet.
    #[must_use]
    pub const fn total_len(&self) -> usize {
        u16::from_be_bytes([self.header[2], self.header[3]]) as usize
    }

    /// Identification.
    #[must_use]
    pub const fn id(&self) -> u16 {
        u16::from_be_bytes([self.header[4], self.header[5]])
    }

    /// Time to live.
    #[must_use]
    pub const fn ttl(&self) -> u8 {
        self.header[8]
    }

    /// Protocol of the payload.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        self.header[9]
    }

    /// Source address.
    #[must_use]
    pub const fn source(&self) -> Ipv4Addr {
        let [.., a, b, c, d, _, _, _, _] = *self.header;
        Ipv4Addr::new(a, b, c, d)
    }

    /// Destination address.
    #[must_use]
    pub const fn destination(&self) -> Ipv4Addr {
        let [.., a, b, c, d] = *self.header;
        Ipv4Addr::new(a, b, c, d)
    }

    /// All octets after the header and its options, also those beyond [`Self::total_len`].
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl fmt::Debug for Ipv4View<'_> {
    // Without the payload, which may hold a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Ipv4View")
            .field("header", self.header)
            .field("payload_len", &self.payload.len())
            .finish_non_exhaustive()
    }
}

const fn header_len(header: &[u8; HEADER_LEN]) -> usize {
    (header[0] & 0x0f) as usize * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header::vrrp(7, Ipv4Addr::new(192, 0, 2, 1), crate::GROUP_V4);

    #[test]
    fn total_length_has_16_bits() {
        let mut buffer = [0xa5; HEADER_LEN];
        assert_eq!(HEADER.emit(65_515, &mut buffer), Ok(20));
        assert_eq!(buffer[2..4], [0xff, 0xff]);
        for length in [65_516, usize::MAX] {
            let mut buffer = [0xa5; HEADER_LEN];
            let written = HEADER.emit(length, &mut buffer);
            assert_eq!(written, Err(EmitError::PayloadTooLong { length }));
            assert_eq!(buffer, [0xa5; HEADER_LEN]);
        }
    }

    #[test]
    fn a_short_buffer_is_an_error_and_stays_untouched() {
        let mut buffer = [0xa5; 19];
        let (needed, available) = (20, 19);
        let error = EmitError::BufferTooSmall { needed, available };
        assert_eq!(HEADER.emit(20, &mut buffer), Err(error));
        let error = Ipv4Error::Truncated { length: 19 };
        assert_eq!(set_id(&mut buffer, 1), Err(error));
        assert_eq!(buffer, [0xa5; 19]);
    }

    #[test]
    fn options_belong_to_the_header() {
        let mut packet = [0xa5; 64];
        HEADER.emit(44, &mut packet).unwrap();
        for (first, header_len) in [(0x45, 20), (0x46, 24), (0x4f, 60)] {
            packet[0] = first;
            let view = Ipv4View::new(&packet).unwrap();
            assert_eq!(view.header_len(), header_len);
            assert_eq!(view.payload().len(), 64 - header_len);
            assert_eq!(view.destination(), crate::GROUP_V4);
        }
        let error = Ipv4Error::Truncated { length: 59 };
        assert_eq!(Ipv4View::new(&packet[..59]).unwrap_err(), error);
    }

    #[test]
    fn what_is_no_ipv4_header_is_rejected() {
        let mut packet = [0; HEADER_LEN];
        let version = |version| Ipv4Error::Version { version };
        assert_eq!(Ipv4View::new(&packet).unwrap_err(), version(0));
        packet[0] = 0x65;
        assert_eq!(Ipv4View::new(&packet).unwrap_err(), version(6));
        packet[0] = 0x44;
        let error = Ipv4Error::HeaderLength { length: 16 };
        assert_eq!(Ipv4View::new(&packet).unwrap_err(), error);
        let error = Ipv4Error::Truncated { length: 19 };
        assert_eq!(Ipv4View::new(&packet[1..]).unwrap_err(), error);
    }

    #[test]
    fn total_length_is_told_as_received() {
        let mut packet = [0; 64];
        HEADER.emit(1000, &mut packet).unwrap();
        let view = Ipv4View::new(&packet).unwrap();
        assert_eq!((view.total_len(), view.payload().len()), (1020, 44));
    }

    #[test]
    fn debug_leaves_out_the_payload() {
        let mut packet = [0xa5; 64];
        HEADER.emit(44, &mut packet).unwrap();
        let shown = format!("{:?}", Ipv4View::new(&packet).unwrap());
        assert!(!shown.contains("165"), "{shown}");
        assert!(shown.contains("payload_len: 44"), "{shown}");
    }
}
