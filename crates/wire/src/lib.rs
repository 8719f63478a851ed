//! Bytes to values and back for what the VRRP engine puts on the wire:
//! VRRPv2 (RFC 3768) and VRRPv3 (RFC 9568) advertisements over IPv4 and IPv6,
//! the IP and authentication headers in front of them, the trailer behind, gratuitous ARP and
//! unsolicited neighbor advertisements.
//!
//! This crate does no I/O, keeps no state and takes no decision: which of the
//! receive checks apply, and in which order, is up to `ka-vrrp`; sockets are up to
//! `ka-engine`. No input makes it panic, and readers do not allocate.
//!
//! Writers fill a buffer of the caller's and return how many octets they wrote;
//! the octets after those are left alone.
//!
//! ```
//! use std::net::IpAddr;
//! use std::time::Duration;
//!
//! use ka_wire::{AdvertisementView, Authentication, ChecksumRule, Family, GROUP_V4};
//! use ka_wire::{Outgoing, Version, ipv4, set_priority};
//!
//! // One packet for all advertisements of a virtual router...
//! let (source, addresses) = ([192, 0, 2, 1], [IpAddr::from([192, 0, 2, 104])]);
//! let mut packet = [0; 64];
//! let payload_len = Outgoing {
//!     version: Version::V3,
//!     vrid: 13,
//!     priority: 130,
//!     max_advertise_interval: Duration::from_millis(500),
//!     authentication: &Authentication::None,
//!     signature: None,
//!     addresses: &addresses,
//!     checksum_rule: ChecksumRule::Standard,
//!     source: source.into(),
//!     destination: GROUP_V4.into(),
//! }
//! .emit(&mut packet[ipv4::HEADER_LEN..])?;
//! let header = ipv4::Header::vrrp(1, source.into(), GROUP_V4);
//! let header_len = header.emit(payload_len, &mut packet)?;
//! let packet = &mut packet[..header_len + payload_len];
//!
//! // ...then only what changes: the next one resigns.
//! ipv4::set_id(packet, 2)?;
//! set_priority(&mut packet[header_len..], 0)?;
//!
//! let ip = ipv4::Ipv4View::new(packet)?;
//! let advertisement = AdvertisementView::new(ip.payload())?;
//! assert_eq!((ip.ttl(), advertisement.vrid(), advertisement.priority()), (255, 13, 0));
//! assert!(advertisement.addresses(Family::V4).eq(addresses));
//! assert!(advertisement.verify_checksum(source.into(), GROUP_V4.into(), ChecksumRule::Standard));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// Nothing here may panic on input from the network. Tests may.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation
    )
)]

pub mod advertisement;
pub mod ah;
pub mod arp;
pub mod authentication;
pub mod checksum;
pub mod destination;
pub mod family;
pub mod ipv4;
pub mod ipv6;
pub mod ndisc;
pub mod trailer;

mod emit;

pub use advertisement::{
    Advertisement, AdvertisementError, AdvertisementView, Outgoing, set_priority,
};
pub use authentication::{Authentication, Password};
pub use checksum::ChecksumRule;
pub use destination::{DestinationError, set_destination};
pub use emit::EmitError;
pub use family::{Family, Version};

use std::net::{Ipv4Addr, Ipv6Addr};

/// IP protocol number of VRRP (RFC 9568 §5.1.1.4).
pub const IP_PROTOCOL_VRRP: u8 = 112;

/// IP protocol number of the authentication header (RFC 2402).
pub const IP_PROTOCOL_AH: u8 = 51;

/// IPv4 TTL and IPv6 hop limit of every multicast advertisement (RFC 9568 §5.1.1.3):
/// a received one with less has crossed a router.
pub const TTL: u8 = 255;

/// IPv4 TOS and IPv6 traffic class of every advertisement: DSCP CS6, internetwork control.
pub const TOS: u8 = 0xC0;

/// Multicast group of IPv4 advertisements (RFC 9568 §5.1.1.2).
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

/// Multicast group of IPv6 advertisements (RFC 9568 §5.1.2.2).
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);

/// Type of the one VRRP packet that exists, the advertisement (RFC 9568 §5.2.2).
pub const KIND_ADVERTISEMENT: u8 = 1;
