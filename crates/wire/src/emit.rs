//! Writing into a caller's buffer.

use std::net::IpAddr;

/// Why a packet could not be written. Nothing usable is in the buffer then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// The buffer is shorter than the packet.
    #[error("write packet: needs {needed} octets, buffer has {available}")]
    BufferTooSmall {
        /// Octets the packet takes.
        needed: usize,
        /// Octets the buffer has.
        available: usize,
    },
    /// More octets follow the IP header than its 16-bit length field can say.
    #[error("write packet: payload of {length} octets is too long")]
    PayloadTooLong {
        /// Octets of payload.
        length: usize,
    },
    /// Source, destination and advertised addresses are not of one family.
    #[error("write advertisement: {address} is not of the source address's family")]
    MixedFamilies {
        /// The first address that differs from the source address.
        address: IpAddr,
    },
    /// More addresses than the 8-bit count can say.
    #[error("write advertisement: {count} addresses, at most 255 fit")]
    TooManyAddresses {
        /// Number of addresses asked for.
        count: usize,
    },
    /// VRID 0 does not exist (RFC 9568 §5.2.3).
    #[error("write advertisement: virtual router identifier 0")]
    VirtualRouterId,
    /// The interval is 0, too long, or not a whole number of the version's unit:
    /// 1 to 255 seconds in VRRPv2, 1 to 4095 centiseconds in VRRPv3.
    #[error("write advertisement: interval {interval:?} cannot be expressed")]
    Interval {
        /// The interval asked for.
        interval: std::time::Duration,
    },
    /// Only VRRPv2 over IPv4 can be authenticated by PASS or AH.
    #[error("write advertisement: password outside of VRRPv2 over IPv4")]
    Authentication,
}

/// Fills a buffer from front to back.
pub(crate) struct Writer<'a> {
    rest: &'a mut [u8],
}

impl<'a> Writer<'a> {
    /// Takes the first `needed` octets of `buffer`.
    pub(crate) fn new(buffer: &'a mut [u8], needed: usize) -> Result<Self, EmitError> {
        let available = buffer.len();
        let rest = buffer
            .get_mut(..needed)
            .ok_or(EmitError::BufferTooSmall { needed, available })?;
        Ok(Self { rest })
    }

    /// Appends `octets`.
    pub(crate) fn put(&mut self, octets: &[u8]) -> Result<(), EmitError> {
        let available = self.rest.len();
        let needed = octets.len();
        let (slot, rest) = std::mem::take(&mut self.rest)
            .split_at_mut_checked(needed)
            .ok_or(EmitError::BufferTooSmall { needed, available })?;
        slot.copy_from_slice(octets);
        self.rest = rest;
        Ok(())
    }

    /// Appends an address: 4 or 16 octets.
    pub(crate) fn put_address(&mut self, address: &IpAddr) -> Result<(), EmitError> {
        match address {
            IpAddr::V4(address) => self.put(&address.octets()),
            IpAddr::V6(address) => self.put(&address.octets()),
        }
    }
}
