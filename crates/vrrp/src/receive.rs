//! The receive checks (RFC 9568 §7.1) in keepalived's order.
//!
//! 1. length, as the version received has it
//! 2. TTL or hop limit
//! 3. version
//! 4. VRRPv2: authentication, then interval
//! 5. packet type
//! 6. IPv4 total length
//! 7. checksum
//! 8. destination
//! 9. `owner_ignore_adverts`
//!
//! The first that fails decides.
//!
//! Not checked here: whether the packet is this router's at all (interface, VRID); that is the
//! driver's dispatch.

use std::net::IpAddr;
use std::time::Duration;

use ka_wire::ipv4::Ipv4View;
use ka_wire::{
    AdvertisementView, Authentication, ChecksumRule, Family, KIND_ADVERTISEMENT, Password, TTL,
    Version,
};

use crate::config::RouterConfig;

/// Octets of payload below which an Ethernet frame is padded.
const ETHERNET_MIN_PAYLOAD: usize = 46;

/// Highest authentication type ever defined: none, PASS, AH.
const AUTH_TYPE_MAX: u8 = 2;

/// A VRRP packet as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedPacket<'a> {
    /// Source address of the IP header.
    pub source: IpAddr,
    /// Destination address of the IP header.
    pub destination: IpAddr,
    /// IPv4 TTL or IPv6 hop limit.
    pub ttl: u8,
    /// IPv4: total length as the header says it, less the octets of IP options.
    pub ip_total_len: Option<u16>,
    /// All that follows the IP header: the VRRP header, and whatever padding came along.
    pub payload: &'a [u8],
}

impl<'a> From<Ipv4View<'a>> for ReceivedPacket<'a> {
    /// The packet as a raw IPv4 socket delivered it.
    fn from(view: Ipv4View<'a>) -> Self {
        let options = view.header_len() - Family::V4.ip_header_len();
        let total_len = view.total_len().saturating_sub(options);
        Self {
            source: view.source().into(),
            destination: view.destination().into(),
            ttl: view.ttl(),
            // The field has 16 bits.
            ip_total_len: u16::try_from(total_len).ok(),
            payload: view.payload(),
        }
    }
}

/// What the receive checks let through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted<'a> {
    pub(crate) source: IpAddr,
    pub(crate) priority: u8,
    pub(crate) interval: Duration,
    view: AdvertisementView<'a>,
}

impl Accepted<'_> {
    /// Number of addresses advertised.
    pub(crate) const fn address_count(&self) -> u8 {
        self.view.address_count()
    }

    /// The first of `ours` that is not advertised, in whatever order they are.
    pub(crate) fn missing_address(&self, ours: &[IpAddr]) -> Option<IpAddr> {
        let family = Family::from(self.source);
        // Nearly always both lists are the same, which costs one pass.
        if self.view.addresses(family).eq(ours.iter().copied()) {
            return None;
        }
        let advertised = |wanted: &&IpAddr| self.view.addresses(family).any(|a| a == **wanted);
        ours.iter().find(|address| !advertised(address)).copied()
    }
}

/// Why an advertisement is ignored. Each has its counter in [`Statistics`](crate::Statistics);
/// in parentheses the key in keepalived's JSON dump where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// The length does not follow from the version and the address count received
    /// (`packet_len_err`).
    Length,
    /// It crossed a router (`ip_ttl_err`).
    Ttl,
    /// Another VRRP version.
    Version,
    /// VRRPv2: no known authentication type (`invalid_authtype`).
    AuthenticationTypeUnknown,
    /// VRRPv2: another authentication type than ours (`authtype_mismatch`).
    AuthenticationTypeMismatch,
    /// VRRPv2: another password than ours (`auth_failure`).
    AuthenticationFailed,
    /// VRRPv2: another advertisement interval than ours (`advert_interval_err`).
    AdvertisementInterval,
    /// Not an advertisement (`invalid_type_rcvd`).
    PacketType,
    /// The IPv4 header says another length than arrived (`packet_len_err` too).
    TotalLength,
    /// The checksum is wrong.
    Checksum,
    /// Sent to one host and not to the group.
    Destination,
    /// This router owns the addresses and does not listen (`owner_ignore_adverts`).
    OwnerIgnoresAdvertisements,
}

impl RejectReason {
    /// All reasons in the order of the checks.
    pub const ALL: [Self; 12] = [
        Self::Length,
        Self::Ttl,
        Self::Version,
        Self::AuthenticationTypeUnknown,
        Self::AuthenticationTypeMismatch,
        Self::AuthenticationFailed,
        Self::AdvertisementInterval,
        Self::PacketType,
        Self::TotalLength,
        Self::Checksum,
        Self::Destination,
        Self::OwnerIgnoresAdvertisements,
    ];

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// A [`RejectReason`] with what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// "vrrp packet from A too long, length N and expect M", or "too short". Octets of the IP
    /// packet, with a header that has no options.
    Length {
        /// Octets received.
        received: usize,
        /// Octets that the version and the address count received ask for.
        expected: usize,
    },
    /// "invalid TTL/HL from A. Received N and expect 255".
    Ttl {
        /// TTL or hop limit received.
        received: u8,
    },
    /// "wrong VRRP version from A. Received N and expect M".
    Version {
        /// Version received, 0 to 15.
        received: u8,
        /// Version configured here.
        expected: u8,
    },
    /// "Invalid auth type from A: N".
    AuthenticationTypeUnknown {
        /// Type received.
        received: u8,
    },
    /// "received a N auth from A, expecting M!".
    AuthenticationTypeMismatch {
        /// Type received.
        received: u8,
        /// Type configured here.
        expected: u8,
    },
    /// "received an invalid passwd from A!".
    AuthenticationFailed,
    /// "advertisement interval mismatch with A mine=N sec rcv'd=M sec".
    AdvertisementInterval {
        /// Interval received.
        received: Duration,
        /// Interval configured here.
        expected: Duration,
    },
    /// "Invalid packet type from A. N and expect 1".
    PacketType {
        /// Type received, 0 to 15.
        received: u8,
    },
    /// The IPv4 header says another length than arrived.
    TotalLength {
        /// Octets that the header says, less its options.
        stated: usize,
        /// Octets received, the header counted without options.
        received: usize,
    },
    /// "Invalid VRRPv2 checksum from A", or "VRRPv3".
    Checksum,
    /// Sent to one host and not to the group.
    Destination {
        /// Destination address.
        destination: IpAddr,
    },
    /// "Dropping packet(s) from A since we are address owner".
    OwnerIgnoresAdvertisements,
}

impl Rejection {
    /// The reason without the details.
    #[must_use]
    pub const fn reason(&self) -> RejectReason {
        match self {
            Self::Length { .. } => RejectReason::Length,
            Self::Ttl { .. } => RejectReason::Ttl,
            Self::Version { .. } => RejectReason::Version,
            Self::AuthenticationTypeUnknown { .. } => RejectReason::AuthenticationTypeUnknown,
            Self::AuthenticationTypeMismatch { .. } => RejectReason::AuthenticationTypeMismatch,
            Self::AuthenticationFailed => RejectReason::AuthenticationFailed,
            Self::AdvertisementInterval { .. } => RejectReason::AdvertisementInterval,
            Self::PacketType { .. } => RejectReason::PacketType,
            Self::TotalLength { .. } => RejectReason::TotalLength,
            Self::Checksum => RejectReason::Checksum,
            Self::Destination { .. } => RejectReason::Destination,
            Self::OwnerIgnoresAdvertisements => RejectReason::OwnerIgnoresAdvertisements,
        }
    }
}

/// Applies the receive checks. `owner_ignores` is whether the last one holds now.
pub(crate) fn check<'a>(
    config: &RouterConfig,
    owner_ignores: bool,
    packet: &ReceivedPacket<'a>,
) -> Result<Accepted<'a>, Rejection> {
    let header_len = config.family.ip_header_len();
    let received = header_len + packet.payload.len();
    let Ok(view) = AdvertisementView::new(packet.payload) else {
        let expected = header_len + ka_wire::advertisement::HEADER_LEN;
        return Err(Rejection::Length { received, expected });
    };
    // What the packet itself says it is decides, so that one of the other version is told from
    // one of another length. All versions but VRRPv2 end with the addresses.
    let version = Version::from_number(view.version()).unwrap_or(Version::V3);
    let expected = header_len + view.expected_len(config.family, version);
    if !fits(received, expected) {
        return Err(Rejection::Length { received, expected });
    }
    if packet.ttl != TTL {
        return Err(Rejection::Ttl {
            received: packet.ttl,
        });
    }
    if view.version() != config.version.number() {
        return Err(Rejection::Version {
            received: view.version(),
            expected: config.version.number(),
        });
    }
    let interval = view.max_advertise_interval(config.version);
    if config.version == Version::V2 {
        check_authentication(config, &view)?;
        if interval != config.advertisement_interval {
            return Err(Rejection::AdvertisementInterval {
                received: interval,
                expected: config.advertisement_interval,
            });
        }
    }
    if view.kind() != KIND_ADVERTISEMENT {
        return Err(Rejection::PacketType {
            received: view.kind(),
        });
    }
    if let Some(stated) = packet.ip_total_len.map(usize::from)
        && !fits(received, stated)
    {
        return Err(Rejection::TotalLength { stated, received });
    }
    if !checksum_holds(config, packet, &view) {
        return Err(Rejection::Checksum);
    }
    if !packet.destination.is_multicast() {
        return Err(Rejection::Destination {
            destination: packet.destination,
        });
    }
    if owner_ignores {
        return Err(Rejection::OwnerIgnoresAdvertisements);
    }
    Ok(Accepted {
        source: packet.source,
        priority: view.priority(),
        interval,
        view,
    })
}

/// Whether `received` octets are `expected` ones, or those and Ethernet padding.
///
/// keepalived's rule. Its remainder of 2 tells padding (to 46 octets, from a multiple of 4)
/// from addresses and trailers that the count does not mention. An IPv6 packet is never that short.
const fn fits(received: usize, expected: usize) -> bool {
    received == expected
        || expected < ETHERNET_MIN_PAYLOAD && received > expected && (received - expected) % 4 == 2
}

fn check_authentication(
    config: &RouterConfig,
    view: &AdvertisementView<'_>,
) -> Result<(), Rejection> {
    let received = view.auth_type();
    if received > AUTH_TYPE_MAX {
        return Err(Rejection::AuthenticationTypeUnknown { received });
    }
    let expected = config.authentication.kind();
    if received != expected {
        return Err(Rejection::AuthenticationTypeMismatch { received, expected });
    }
    match (&config.authentication, view.auth_data().map(Password::from)) {
        (Authentication::Pass(ours), Some(theirs)) if *ours != theirs => {
            Err(Rejection::AuthenticationFailed)
        }
        (Authentication::Pass(_), None) => Err(Rejection::AuthenticationFailed),
        (Authentication::Pass(_), Some(_)) | (Authentication::None, _) => Ok(()),
    }
}

/// With `v3_checksum_as_v2` keepalived accepts any checksum of VRRPv3 over IPv4.
fn checksum_holds(
    config: &RouterConfig,
    packet: &ReceivedPacket<'_>,
    view: &AdvertisementView<'_>,
) -> bool {
    let rule = config.checksum_rule;
    let any = (config.version, config.family, rule)
        == (Version::V3, Family::V4, ChecksumRule::NoPseudoHeader);
    any || view.verify_checksum(packet.source, packet.destination, rule)
}

#[cfg(test)]
#[path = "receive/tests.rs"]
mod tests;
