//! The receive checks (RFC 9568 §7.1) in keepalived's order.
//!
//! 1. IPv4: presence of an authentication header
//! 2. length, as the version received has it, with or without a trailer
//! 3. of multicast packets, TTL or hop limit
//! 4. version
//! 5. `auth_hmac`
//! 6. VRRPv2: authentication, then interval
//! 7. packet type
//! 8. IPv4 total length
//! 9. checksum
//! 10. destination
//! 11. `owner_ignore_adverts`
//! 12. `check_unicast_src`, after the packet was counted as received and its addresses were compared
//!
//! The first that fails decides.
//!
//! Not checked here: whether the packet is this router's at all (interface, VRID); that is the
//! driver's dispatch.

mod ah;
mod checksums;
mod rejection;
mod signatures;

pub use rejection::{AuthenticationFailure, RejectReason, Rejection};

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use ka_wire::ah::{self as wire_ah, AhView};
use ka_wire::ipv4::Ipv4View;
use ka_wire::trailer::{self, TrailerView};
use ka_wire::{
    AdvertisementView, Authentication, ChecksumRule, Family, IP_PROTOCOL_AH, KIND_ADVERTISEMENT,
    Password, TTL, Version,
};

use self::ah::AhSequence;
use self::checksums::Checksums;
use self::signatures::Signatures;
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
    /// All that follows the IP header and the authentication header: the VRRP header, and whatever trailer and
    /// padding came along.
    pub payload: &'a [u8],
    /// The authentication header, where the packet has one; only IPv4 packets can.
    pub header: Option<AhView<'a>>,
    /// When it arrived, by the clock that tells the date: signatures have one.
    pub at: SystemTime,
}

impl<'a> ReceivedPacket<'a> {
    /// The packet as a raw IPv4 socket of either protocol delivered it at `at`. `None` when it
    /// is of protocol 51 and has no advertisement behind its header.
    #[must_use]
    pub fn from_ipv4(view: Ipv4View<'a>, at: SystemTime) -> Option<Self> {
        let options = view.header_len() - Family::V4.ip_header_len();
        let total_len = view.total_len().saturating_sub(options);
        let header = match view.protocol() {
            IP_PROTOCOL_AH => Some(AhView::new(view).ok()?),
            _ => None,
        };
        Some(Self {
            source: view.source().into(),
            destination: view.destination().into(),
            ttl: view.ttl(),
            // The field has 16 bits.
            ip_total_len: u16::try_from(total_len).ok(),
            payload: header.map_or(view.payload(), |header| header.message()),
            header,
            at,
        })
    }
}

/// What the receive checks let through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted<'a> {
    pub(crate) source: IpAddr,
    pub(crate) priority: u8,
    pub(crate) interval: Duration,
    /// What its checksum covers, where that can be told.
    pub(crate) checksum: Option<ChecksumRule>,
    /// Seconds that the sender's clock is ahead of ours, where that is worth a word.
    pub(crate) skew: Option<i32>,
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

/// What the receive checks remember from packet to packet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receiver {
    pub(crate) ah: AhSequence,
    pub(crate) signatures: Signatures,
    pub(crate) checksums: Checksums,
}

impl Receiver {
    /// Takes up another configuration.
    pub(crate) fn reconfigure(&mut self, old: &RouterConfig, new: &RouterConfig) {
        let (before, after) = (old.auth_hmac.as_ref(), new.auth_hmac.as_ref());
        self.signatures
            .reconfigure(before, after, new.unicast.as_ref());
        self.checksums.reconfigure(old, new);
    }

    /// Applies the receive checks but the last. `owner_ignores` is whether the last of these holds now.
    pub(crate) fn check<'a>(
        &mut self,
        config: &RouterConfig,
        owner_ignores: bool,
        packet: &ReceivedPacket<'a>,
    ) -> Result<Accepted<'a>, Rejection> {
        let present = packet.header.is_some();
        if present != config.authentication.ah_key().is_some() {
            return Err(Rejection::AuthenticationHeader { present });
        }
        let header_len =
            config.family.ip_header_len() + if present { wire_ah::HEADER_LEN } else { 0 };
        let received = header_len + packet.payload.len();
        let Ok(view) = AdvertisementView::new(packet.payload) else {
            let expected = header_len + ka_wire::advertisement::HEADER_LEN;
            return Err(Rejection::Length { received, expected });
        };
        // What the packet itself says it is decides, so that one of the other version is told from
        // one of another length. All versions but VRRPv2 end with the addresses.
        let version = Version::from_number(view.version()).unwrap_or(Version::V3);
        let expected = header_len + view.expected_len(config.family, version);
        let signed = config.auth_hmac.is_some() && received == expected + trailer::LEN;
        if !signed && !fits(received, expected) {
            return Err(Rejection::Length { received, expected });
        }
        if config.unicast.is_none() && packet.ttl != TTL {
            let received = packet.ttl;
            return Err(Rejection::Ttl { received });
        }
        if view.version() != config.version.number() {
            return Err(Rejection::Version {
                received: view.version(),
                expected: config.version.number(),
            });
        }
        let skew = match &config.auth_hmac {
            Some(hmac) => {
                let trailer = signed.then(|| TrailerView::new(packet.payload)).flatten();
                let peers = config.unicast.as_ref();
                self.signatures
                    .check(hmac, peers, trailer, packet.source, packet.at)?
            }
            None => None,
        };
        let interval = view.max_advertise_interval(config.version);
        if config.version == Version::V2 {
            self.check_authentication(config, packet, &view)?;
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
        let checksum = self.checksums.check(config, packet, &view);
        let checksum = checksum.map_err(|()| Rejection::Checksum)?;
        if packet.destination.is_multicast() == config.unicast.is_some() {
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
            checksum,
            skew,
            view,
        })
    }

    fn check_authentication(
        &mut self,
        config: &RouterConfig,
        packet: &ReceivedPacket<'_>,
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
        match (&config.authentication, &packet.header) {
            (Authentication::None, _) => Ok(()),
            (Authentication::Pass(ours), _) => match view.auth_data().map(Password::from) {
                Some(theirs) if *ours == theirs => Ok(()),
                _ => Err(AuthenticationFailure::Password),
            },
            (Authentication::Ah(key), Some(header)) => self.ah.check(header, packet.source, key),
            // Refused before.
            (Authentication::Ah(_), None) => Err(AuthenticationFailure::IntegrityCheckValue),
        }
        .map_err(Rejection::AuthenticationFailed)
    }
}

/// The last check: with `check_unicast_src` a unicast packet comes from a peer, and within its limits.
pub(crate) fn check_peer(
    config: &RouterConfig,
    packet: &ReceivedPacket<'_>,
) -> Result<(), Rejection> {
    let Some(unicast) = config.unicast.as_ref().filter(|u| u.check_source) else {
        return Ok(());
    };
    let peer = unicast.peer(packet.source).ok_or(Rejection::UnknownPeer)?;
    let (received, min, max) = (packet.ttl, peer.min_ttl, peer.max_ttl);
    if (min..=max).contains(&received) {
        Ok(())
    } else {
        Err(Rejection::PeerTtl { received, min, max })
    }
}

/// Whether `received` octets are `expected` ones, or those and Ethernet padding.
///
/// keepalived's rule. Its remainder of 2 tells padding (to 46 octets, from a multiple of 4)
/// from addresses and trailers that the count does not mention. An IPv6 packet is never that short.
const fn fits(received: usize, expected: usize) -> bool {
    received == expected
        || expected < ETHERNET_MIN_PAYLOAD && received > expected && (received - expected) % 4 == 2
}

#[cfg(test)]
#[path = "receive/tests.rs"]
mod tests;

#[cfg(test)]
mod signed_tests;
