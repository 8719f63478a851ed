//! The authentication header of VRRPv2 over IPv4 (RFC 2402 §2, RFC 2338 §5.3.6), as keepalived
//! makes it.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  Next Header  |  Payload Len  |           RESERVED            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                 Security Parameters Index (SPI)               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                        Sequence Number                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                 Integrity Check Value (12 octets)             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! The SPI is the source address. The integrity check value is the first 12 octets of HMAC-MD5
//! (RFC 2403) with the eight octets of the password, over the packet with type of service, fragment
//! offset, header checksum and the value itself zeroed. RFC 2402 §3.3.3.1.1.1 zeroes the time to
//! live too; keepalived does so in unicast packets and covers the 255 of multicast ones.

use std::net::Ipv4Addr;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use subtle::ConstantTimeEq;

use crate::ipv4::{self, Ipv4View};
use crate::{EmitError, IP_PROTOCOL_VRRP, Password};

/// Octets of the header.
pub const HEADER_LEN: usize = 24;

/// Its length in words of 32 bits, less 2 (RFC 2402 §2.2).
const PAYLOAD_LEN: u8 = 4;

const ICV_LEN: usize = 12;

/// Fills in the header of a packet: IPv4 header without options, 24 octets of room, advertisement.
///
/// The IPv4 header must be the one that is sent, except for its checksum: addresses and identification are covered.
///
/// # Errors
///
/// [`EmitError::BufferTooSmall`], and nothing changes, when there is no room for both headers.
pub fn seal(packet: &mut [u8], key: &Password, sequence: u32) -> Result<(), EmitError> {
    let too_small = EmitError::BufferTooSmall {
        needed: ipv4::HEADER_LEN + HEADER_LEN,
        available: packet.len(),
    };
    let (ip, rest) = packet
        .split_first_chunk_mut::<{ ipv4::HEADER_LEN }>()
        .ok_or(too_small)?;
    let (header, message) = rest
        .split_first_chunk_mut::<HEADER_LEN>()
        .ok_or(too_small)?;
    let [.., s0, s1, s2, s3, _, _, _, _] = *ip;
    let [q0, q1, q2, q3] = sequence.to_be_bytes();
    let start = [
        IP_PROTOCOL_VRRP,
        PAYLOAD_LEN,
        0,
        0,
        s0,
        s1,
        s2,
        s3,
        q0,
        q1,
        q2,
        q3,
    ];
    let value = integrity_check_value(key, ip, &start, message);
    for (octet, new) in header.iter_mut().zip(start.iter().chain(&value)) {
        *octet = *new;
    }
    Ok(())
}

/// Why the payload of an IPv4 packet is no authentication header with an advertisement behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AhError {
    /// The packet's protocol is another one.
    #[error("read authentication header: IP protocol {protocol}")]
    Protocol {
        /// Protocol of the IP header.
        protocol: u8,
    },
    /// The header is not all there.
    #[error("read authentication header: only {length} octets")]
    Truncated {
        /// Octets received.
        length: usize,
    },
    /// What follows is no advertisement.
    #[error("read authentication header: next header {next}")]
    NextHeader {
        /// Protocol number of what follows.
        next: u8,
    },
    /// A header of another length.
    #[error("read authentication header: payload length {words}")]
    PayloadLength {
        /// Length received, in words of 32 bits less 2.
        words: u8,
    },
}

/// A reader over a packet with an authentication header.
#[derive(Clone, Copy, Debug)]
pub struct AhView<'a> {
    ip: Ipv4View<'a>,
    header: &'a [u8; HEADER_LEN],
}

impl<'a> AhView<'a> {
    /// Looks at a packet of protocol 51.
    ///
    /// # Errors
    ///
    /// The first [`AhError`] that holds.
    pub fn new(ip: Ipv4View<'a>) -> Result<Self, AhError> {
        if ip.protocol() != crate::IP_PROTOCOL_AH {
            let protocol = ip.protocol();
            return Err(AhError::Protocol { protocol });
        }
        let length = ip.payload().len();
        let header = ip
            .payload()
            .first_chunk::<HEADER_LEN>()
            .ok_or(AhError::Truncated { length })?;
        let [next, words, ..] = *header;
        if next != IP_PROTOCOL_VRRP {
            return Err(AhError::NextHeader { next });
        }
        if words != PAYLOAD_LEN {
            return Err(AhError::PayloadLength { words });
        }
        Ok(Self { ip, header })
    }

    /// Security parameters index: the source address as the sender knows it.
    #[must_use]
    pub const fn spi(&self) -> Ipv4Addr {
        let [_, _, _, _, a, b, c, d, ..] = *self.header;
        Ipv4Addr::new(a, b, c, d)
    }

    /// Sequence number.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = *self.header;
        u32::from_be_bytes([a, b, c, d])
    }

    /// All octets after the header: the advertisement.
    #[must_use]
    pub fn message(&self) -> &'a [u8] {
        self.ip.payload().get(HEADER_LEN..).unwrap_or_default()
    }

    /// Whether the integrity check value is that of `key`. Takes the same time wherever
    /// two values differ. IP options are not covered: their length is.
    #[must_use]
    pub fn verify(&self, key: &Password) -> bool {
        let Some((start, received)) = self.header.split_last_chunk::<ICV_LEN>() else {
            return false;
        };
        let value = integrity_check_value(key, self.ip.header(), start, self.message());
        value.ct_eq(received).into()
    }
}

fn integrity_check_value(
    key: &Password,
    ip: &[u8; ipv4::HEADER_LEN],
    start: &[u8],
    message: &[u8],
) -> [u8; ICV_LEN] {
    let mut ip = *ip;
    let [
        _,
        tos,
        _,
        _,
        _,
        _,
        flags,
        offset,
        ttl,
        _,
        high,
        low,
        ..,
        destination,
        _,
        _,
        _,
    ] = &mut ip;
    for mutable in [tos, flags, offset, high, low] {
        *mutable = 0;
    }
    if !(224..240).contains(destination) {
        *ttl = 0;
    }
    let mut value = [0; ICV_LEN];
    // HMAC takes keys of any length.
    if let Ok(mac) = Hmac::<Md5>::new_from_slice(&zeroize::Zeroizing::new(key.octets())[..]) {
        let full = mac
            .chain_update(ip)
            .chain_update(start)
            .chain_update([0; ICV_LEN])
            .chain_update(message)
            .finalize()
            .into_bytes();
        for (octet, computed) in value.iter_mut().zip(full) {
            *octet = computed;
        }
    }
    value
}
