//! The IPv6 header (RFC 8200 §3).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Version| Traffic Class |           Flow Label                  |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |         Payload Length        |  Next Header  |   Hop Limit   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                       Source Address (16)                     |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                    Destination Address (16)                   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! There is no reader: a raw IPv6 socket delivers the payload alone (RFC 3542 §3).

use std::net::Ipv6Addr;

use crate::emit::Writer;
use crate::{EmitError, IP_PROTOCOL_VRRP, TOS, TTL};

/// Octets of the header.
pub const HEADER_LEN: usize = 40;

/// A header to write in front of a payload, for an `IPPROTO_RAW` socket. The
/// payload then needs its checksum, which the kernel does not add there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Traffic class; the upper six bits are the DSCP.
    pub traffic_class: u8,
    /// Protocol of the payload.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
}

impl Header {
    /// The header of an advertisement: traffic class 0xC0, next header 112, hop limit 255.
    #[must_use]
    pub const fn vrrp(source: Ipv6Addr, destination: Ipv6Addr) -> Self {
        Self {
            traffic_class: TOS,
            next_header: IP_PROTOCOL_VRRP,
            hop_limit: TTL,
            source,
            destination,
        }
    }

    /// Writes the header for `payload_len` octets to the front of `buffer` and returns
    /// its length, 40.
    ///
    /// The flow label is 0. (keepalived's is chosen by the kernel.)
    ///
    /// # Errors
    ///
    /// [`EmitError::PayloadTooLong`] when the payload exceeds 65,535 octets,
    /// [`EmitError::BufferTooSmall`] when `buffer` has fewer than 40.
    pub fn emit(&self, payload_len: usize, buffer: &mut [u8]) -> Result<usize, EmitError> {
        let length = u16::try_from(payload_len).map_err(|_| EmitError::PayloadTooLong {
            length: payload_len,
        })?;
        let mut writer = Writer::new(buffer, HEADER_LEN)?;
        let version_class_label = 6 << 28 | u32::from(self.traffic_class) << 20;
        writer.put(&version_class_label.to_be_bytes())?;
        writer.put(&length.to_be_bytes())?;
        writer.put(&[self.next_header, self.hop_limit])?;
        writer.put(&self.source.octets())?;
        writer.put(&self.destination.octets())?;
        Ok(HEADER_LEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_an_error_and_the_buffer_stays_untouched() {
        let header = Header::vrrp(Ipv6Addr::LOCALHOST, crate::GROUP_V6);
        let mut buffer = [0xa5; 39];
        let (needed, available) = (40, 39);
        let error = EmitError::BufferTooSmall { needed, available };
        assert_eq!(header.emit(40, &mut buffer), Err(error));
        let length = 65_536;
        let error = EmitError::PayloadTooLong { length };
        assert_eq!(header.emit(length, &mut buffer), Err(error));
        assert_eq!(buffer, [0xa5; 39]);
    }
}
