//! Reading an advertisement that may be anything.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::{AdvertisementError, HEADER_LEN, trailer_len};
use crate::authentication::DATA_LEN;
use crate::checksum::Checksum;
use crate::{ChecksumRule, Family, IP_PROTOCOL_VRRP, Version};

/// A reader over any eight octets or more that arrived as a VRRP payload.
///
/// The values are what the octets say, whether that makes sense or not; nothing
/// is checked beyond what keeps the reader inside its octets. Layouts are
/// in the [module's documentation](super). `Debug` leaves out the
/// authentication data.
#[derive(Clone, Copy)]
pub struct AdvertisementView<'a> {
    header: &'a [u8; HEADER_LEN],
    payload: &'a [u8],
}

impl<'a> AdvertisementView<'a> {
    /// Looks at `payload`: all that followed the IP header, Ethernet padding included.
    ///
    /// # Errors
    ///
    /// [`AdvertisementError::Truncated`] when there are fewer than eight octets.
    pub fn new(payload: &'a [u8]) -> Result<Self, AdvertisementError> {
        let header = payload.first_chunk().ok_or(AdvertisementError::Truncated {
            length: payload.len(),
        })?;
        Ok(Self { header, payload })
    }

    /// The octets looked at.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// VRRP version, 0 to 15.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.header[0] >> 4
    }

    /// Packet type, 0 to 15; an advertisement is 1.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        self.header[0] & 0x0f
    }

    /// Virtual router identifier.
    #[must_use]
    pub const fn vrid(&self) -> u8 {
        self.header[1]
    }

    /// Priority; 0 means that the Master resigned.
    #[must_use]
    pub const fn priority(&self) -> u8 {
        self.header[2]
    }

    /// How many addresses the sender says there are.
    #[must_use]
    pub const fn address_count(&self) -> u8 {
        self.header[3]
    }

    /// VRRPv2: authentication type, 0 none, 1 PASS, 2 AH.
    #[must_use]
    pub const fn auth_type(&self) -> u8 {
        self.header[4]
    }

    /// VRRPv2: Advertisement_Interval in seconds. May be 0.
    #[must_use]
    pub const fn interval_seconds(&self) -> u8 {
        self.header[5]
    }

    /// VRRPv3: Max_Advertise_Interval in centiseconds, 12 bits. May be 0.
    #[must_use]
    pub const fn interval_centiseconds(&self) -> u16 {
        u16::from_be_bytes([self.header[4] & 0x0f, self.header[5]])
    }

    /// The interval as a packet of `version` says it. May be 0, which no sender should say
    /// and no receiver should learn.
    #[must_use]
    pub const fn max_advertise_interval(&self, version: Version) -> Duration {
        match version {
            Version::V2 => Duration::from_secs(self.interval_seconds() as u64),
            Version::V3 => Duration::from_millis(self.interval_centiseconds() as u64 * 10),
        }
    }

    /// The checksum received.
    #[must_use]
    pub const fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.header[6], self.header[7]])
    }

    /// Octets that a packet of `version` with this address count has: header,
    /// addresses and, in VRRPv2 over IPv4, eight octets of authentication data.
    #[must_use]
    pub const fn expected_len(&self, family: Family, version: Version) -> usize {
        self.addresses_end(family) + trailer_len(family, version)
    }

    /// The addresses that are really there: never more than
    /// [`Self::address_count`] says nor than the octets hold.
    ///
    /// The last eight octets of VRRPv2 over IPv4 are never taken for addresses,
    /// so that a password does not end up in a log of them.
    pub fn addresses(&self, family: Family) -> impl Iterator<Item = IpAddr> + use<'a> {
        let trailer = match Version::from_number(self.version()) {
            Some(version) => trailer_len(family, version),
            None => 0,
        };
        let end = self
            .payload
            .len()
            .saturating_sub(trailer)
            .min(self.addresses_end(family));
        let octets = self.payload.get(HEADER_LEN..end).unwrap_or_default();
        octets
            .chunks_exact(family.address_len())
            .filter_map(read_address)
    }

    /// The authentication data of VRRPv2 over IPv4: the eight octets after the
    /// addresses. `None` when the version is not 2 or the octets are not there.
    ///
    /// Over IPv6, where there is none, the result means nothing.
    #[must_use]
    pub fn auth_data(&self) -> Option<[u8; DATA_LEN]> {
        if self.version() != Version::V2.number() {
            return None;
        }
        let trailer = self.payload.get(self.addresses_end(Family::V4)..)?;
        trailer.first_chunk().copied()
    }

    /// Whether the checksum is right for a packet from `source` to `destination`.
    ///
    /// What is covered is taken from the packet's own version and address count (table
    /// in the [module's documentation](super)); Ethernet padding after it is
    /// not. False also when octets are missing, the version is neither 2 nor 3,
    /// or the addresses are of two families. `rule` matters to VRRPv3 over IPv4 only.
    ///
    /// This is stricter than keepalived with `v3_checksum_as_v2`, which does not look at
    /// the checksum of what it receives.
    #[must_use]
    pub fn verify_checksum(&self, source: IpAddr, destination: IpAddr, rule: ChecksumRule) -> bool {
        let Some(version) = Version::from_number(self.version()) else {
            return false;
        };
        let expected = self.expected_len(Family::from(source), version);
        let Some(expected) = self.payload.get(..expected) else {
            return false;
        };
        // Over IPv6 keepalived leaves the checksum to the kernel, which covers the
        // payload to its end: also the trailer of keepalived's `auth_hmac`.
        let covered = match source {
            IpAddr::V4(_) => expected,
            IpAddr::V6(_) => self.payload,
        };
        pseudo_header(version, source, destination, rule, covered.len())
            .is_some_and(|sum| sum.cover(covered).finish() == 0)
    }

    const fn addresses_end(&self, family: Family) -> usize {
        HEADER_LEN + self.address_count() as usize * family.address_len()
    }
}

impl fmt::Debug for AdvertisementView<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AdvertisementView")
            .field("header", self.header)
            .field("length", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// The sum that the checksum of an advertisement of `length` octets starts from.
///
/// `None` when the addresses are of two families or the length fits no length field.
pub(super) fn pseudo_header(
    version: Version,
    source: IpAddr,
    destination: IpAddr,
    rule: ChecksumRule,
    length: usize,
) -> Option<Checksum> {
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => match (version, rule) {
            (Version::V2, _) | (Version::V3, ChecksumRule::NoPseudoHeader) => Some(Checksum::new()),
            // RFC 9568 §5.2.8 has no pseudo-header over IPv4; keepalived has.
            (Version::V3, rule) => Some(Checksum::pseudo_header_v4(
                source,
                match rule {
                    ChecksumRule::Towards(group) => group,
                    ChecksumRule::Standard | ChecksumRule::NoPseudoHeader => destination,
                },
                IP_PROTOCOL_VRRP,
                u16::try_from(length).ok()?,
            )),
        },
        (IpAddr::V6(source), IpAddr::V6(destination)) => Some(Checksum::pseudo_header_v6(
            source,
            destination,
            IP_PROTOCOL_VRRP,
            u32::try_from(length).ok()?,
        )),
        _ => None,
    }
}

fn read_address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(Ipv4Addr::from(octets).into());
    }
    let octets = <[u8; 16]>::try_from(octets).ok()?;
    Some(Ipv6Addr::from(octets).into())
}
