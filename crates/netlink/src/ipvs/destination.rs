//! Destinations: the real servers of a service.

use std::fmt;
use std::net::IpAddr;

use ka_sys::IpFamily;
use serde::{Deserialize, Serialize};

use super::generic::attributes;
use super::service::{address_of, be16, family_of, number_of, padded};
use super::statistics::Statistics;
use super::{IPVS_CMD_ATTR_DEST, NLA_F_NESTED, command};
use crate::message::{AttributeWriter, Message};

const IPVS_DEST_ATTR_ADDR: u16 = 1;
const IPVS_DEST_ATTR_PORT: u16 = 2;
const IPVS_DEST_ATTR_FWD_METHOD: u16 = 3;
const IPVS_DEST_ATTR_WEIGHT: u16 = 4;
const IPVS_DEST_ATTR_U_THRESH: u16 = 5;
const IPVS_DEST_ATTR_L_THRESH: u16 = 6;
const IPVS_DEST_ATTR_ACTIVE_CONNS: u16 = 7;
const IPVS_DEST_ATTR_INACT_CONNS: u16 = 8;
const IPVS_DEST_ATTR_PERSIST_CONNS: u16 = 9;
const IPVS_DEST_ATTR_STATS: u16 = 10;
const IPVS_DEST_ATTR_ADDR_FAMILY: u16 = 11;
const IPVS_DEST_ATTR_STATS64: u16 = 12;
const IPVS_DEST_ATTR_TUN_TYPE: u16 = 13;
const IPVS_DEST_ATTR_TUN_PORT: u16 = 14;
const IPVS_DEST_ATTR_TUN_FLAGS: u16 = 15;

/// The bits of IPVS_DEST_ATTR_FWD_METHOD that say how packets are forwarded, and their values.
const IP_VS_CONN_F_FWD_MASK: u32 = 7;
const IP_VS_CONN_F_MASQ: u32 = 0;
const IP_VS_CONN_F_LOCALNODE: u32 = 1;
const IP_VS_CONN_F_TUNNEL: u32 = 2;
const IP_VS_CONN_F_DROUTE: u32 = 3;
const IP_VS_CONN_F_BYPASS: u32 = 4;

const IP_VS_CONN_F_TUNNEL_TYPE_IPIP: u8 = 0;
const IP_VS_CONN_F_TUNNEL_TYPE_GUE: u8 = 1;
const IP_VS_CONN_F_TUNNEL_TYPE_GRE: u8 = 2;

const IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM: u16 = 0;
const IP_VS_TUNNEL_ENCAP_FLAG_CSUM: u16 = 1;
const IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM: u16 = 2;

/// What the kernel tells the destinations of one service apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DestinationKey {
    /// Its address: of the service's family, but where packets are tunnelled.
    pub address: IpAddr,
    /// Its port. Where addresses are not translated, the service's own, or 0 with a firewall mark.
    pub port: u16,
}

/// As keepalived's log calls it when the kernel has refused something: `10.0.2.11:80`,
/// `2001:db8::1:80`.
impl fmt::Display for DestinationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.address, self.port)
    }
}

/// How packets reach a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Forwarding {
    /// With its address instead of the virtual one (NAT).
    Masquerade,
    /// In packets of another kind.
    Tunnel(Tunnel),
    /// In frames to it (DR).
    DirectRoute,
    /// Not at all: it is this host. Nobody asks for it, some kernels report it.
    LocalNode,
    /// Past the destination, to where they were sent. Nobody asks for it, connections have it.
    Bypass,
}

/// The packets in which packets are tunnelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tunnel {
    /// IP in IP.
    Ipip,
    /// Generic UDP encapsulation.
    Gue {
        /// The port that the destination receives them at.
        port: u16,
        /// How they are protected.
        checksum: Checksum,
    },
    /// Generic routing encapsulation.
    Gre {
        /// How they are protected.
        checksum: Checksum,
    },
}

/// The checksum of a tunnel's packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Checksum {
    /// None.
    None,
    /// Theirs.
    Own,
    /// That of the packet inside, which the receiver computes (GUE). What is reported with both is
    /// read as this.
    Remote,
}

/// A destination: as the kernel describes it, or as it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// Which destination.
    pub key: DestinationKey,
    /// How packets reach it.
    pub forwarding: Forwarding,
    /// Its share of the connections, at most 2147483647; with 0 it gets no new ones.
    pub weight: u32,
    /// With so many connections it gets no new ones; 0 is no limit.
    pub upper_threshold: u32,
    /// Below so many it gets them again, not above the upper one; 0 is three quarters of that.
    pub lower_threshold: u32,
}

impl Destination {
    /// A destination without limits.
    #[must_use]
    pub const fn new(key: DestinationKey, forwarding: Forwarding, weight: u32) -> Self {
        Self {
            key,
            forwarding,
            weight,
            upper_threshold: 0,
            lower_threshold: 0,
        }
    }

    /// Appends the whole of it.
    pub(super) fn encode(&self, attributes: &mut AttributeWriter<'_>) {
        let DestinationKey { address, port } = self.key;
        attributes.nested(IPVS_CMD_ATTR_DEST | NLA_F_NESTED, |inner| {
            let family = number_of(IpFamily::of(address));
            inner.u16(IPVS_DEST_ATTR_ADDR_FAMILY, family);
            inner.bytes(IPVS_DEST_ATTR_ADDR, &padded(address));
            inner.bytes(IPVS_DEST_ATTR_PORT, &port.to_be_bytes());
            inner.u32(IPVS_DEST_ATTR_FWD_METHOD, self.forwarding.to_number());
            inner.u32(IPVS_DEST_ATTR_WEIGHT, self.weight);
            if let Forwarding::Tunnel(tunnel) = self.forwarding {
                tunnel.encode(inner);
            }
            inner.u32(IPVS_DEST_ATTR_U_THRESH, self.upper_threshold);
            inner.u32(IPVS_DEST_ATTR_L_THRESH, self.lower_threshold);
        });
    }
}

impl Forwarding {
    const fn to_number(self) -> u32 {
        match self {
            Self::Masquerade => IP_VS_CONN_F_MASQ,
            Self::Tunnel(_) => IP_VS_CONN_F_TUNNEL,
            Self::DirectRoute => IP_VS_CONN_F_DROUTE,
            Self::LocalNode => IP_VS_CONN_F_LOCALNODE,
            Self::Bypass => IP_VS_CONN_F_BYPASS,
        }
    }
}

impl Tunnel {
    fn encode(self, attributes: &mut AttributeWriter<'_>) {
        let (number, port, checksum) = match self {
            Self::Ipip => (IP_VS_CONN_F_TUNNEL_TYPE_IPIP, None, None),
            Self::Gue { port, checksum } => {
                (IP_VS_CONN_F_TUNNEL_TYPE_GUE, Some(port), Some(checksum))
            }
            Self::Gre { checksum } => (IP_VS_CONN_F_TUNNEL_TYPE_GRE, None, Some(checksum)),
        };
        attributes.u8(IPVS_DEST_ATTR_TUN_TYPE, number);
        if let Some(port) = port {
            attributes.bytes(IPVS_DEST_ATTR_TUN_PORT, &port.to_be_bytes());
        }
        if let Some(checksum) = checksum {
            attributes.u16(IPVS_DEST_ATTR_TUN_FLAGS, checksum.to_flags());
        }
    }

    /// `None` for a type that is unknown here.
    const fn from_parts(number: u8, port: u16, flags: u16) -> Option<Self> {
        let checksum = Checksum::from_flags(flags);
        match number {
            IP_VS_CONN_F_TUNNEL_TYPE_IPIP => Some(Self::Ipip),
            IP_VS_CONN_F_TUNNEL_TYPE_GUE => Some(Self::Gue { port, checksum }),
            IP_VS_CONN_F_TUNNEL_TYPE_GRE => Some(Self::Gre { checksum }),
            _ => None,
        }
    }
}

impl Checksum {
    const fn to_flags(self) -> u16 {
        match self {
            Self::None => IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM,
            Self::Own => IP_VS_TUNNEL_ENCAP_FLAG_CSUM,
            Self::Remote => IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM,
        }
    }

    const fn from_flags(flags: u16) -> Self {
        if flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM != 0 {
            Self::Remote
        } else if flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM != 0 {
            Self::Own
        } else {
            Self::None
        }
    }
}

/// A destination of the kernel, its connections, and what has come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DestinationStatus {
    /// The destination.
    pub destination: Destination,
    /// Connections through which data flows.
    pub active: u32,
    /// Connections that begin, end or are silent.
    pub inactive: u32,
    /// Clients that are kept for it.
    pub persistent: u32,
    /// What has come to it since it was added, or since its counters were set to zero.
    pub statistics: Statistics,
}

impl DestinationStatus {
    /// Reads a message of a dump of the destinations of a service whose family is `family`, which
    /// old kernels do not repeat; `None` for other messages, and for a family, a method of
    /// forwarding or a tunnel that does not exist.
    #[must_use]
    pub fn parse(message: &Message<'_>, family: IpFamily) -> Option<Self> {
        let destination = attributes(message, command::NEW_DEST)?
            .find(|attribute| attribute.kind == IPVS_CMD_ATTR_DEST)?;
        let (mut family, mut address, mut port) = (Some(family), None, None);
        let (mut method, mut weight, mut upper_threshold, mut lower_threshold) = (None, 0, 0, 0);
        let (mut tunnel, mut tunnel_port, mut tunnel_flags) = (IP_VS_CONN_F_TUNNEL_TYPE_IPIP, 0, 0);
        let (mut active, mut inactive, mut persistent) = (0, 0, 0);
        let (mut narrow, mut wide) = (None, None);
        for attribute in destination.nested() {
            let number = attribute.u32();
            match attribute.kind {
                IPVS_DEST_ATTR_ADDR => address = attribute.value.first_chunk().copied(),
                IPVS_DEST_ATTR_PORT => port = be16(&attribute),
                IPVS_DEST_ATTR_FWD_METHOD => method = number,
                IPVS_DEST_ATTR_WEIGHT => weight = number.unwrap_or(0),
                IPVS_DEST_ATTR_U_THRESH => upper_threshold = number.unwrap_or(0),
                IPVS_DEST_ATTR_L_THRESH => lower_threshold = number.unwrap_or(0),
                IPVS_DEST_ATTR_ACTIVE_CONNS => active = number.unwrap_or(0),
                IPVS_DEST_ATTR_INACT_CONNS => inactive = number.unwrap_or(0),
                IPVS_DEST_ATTR_PERSIST_CONNS => persistent = number.unwrap_or(0),
                IPVS_DEST_ATTR_STATS => narrow = Some(Statistics::parse(&attribute)),
                IPVS_DEST_ATTR_ADDR_FAMILY => family = family_of(&attribute),
                IPVS_DEST_ATTR_STATS64 => wide = Some(Statistics::parse64(&attribute)),
                IPVS_DEST_ATTR_TUN_TYPE => tunnel = attribute.u8()?,
                IPVS_DEST_ATTR_TUN_PORT => tunnel_port = be16(&attribute).unwrap_or(0),
                IPVS_DEST_ATTR_TUN_FLAGS => tunnel_flags = attribute.u16().unwrap_or(0),
                _ => {}
            }
        }
        let forwarding = match method? & IP_VS_CONN_F_FWD_MASK {
            IP_VS_CONN_F_MASQ => Forwarding::Masquerade,
            IP_VS_CONN_F_LOCALNODE => Forwarding::LocalNode,
            IP_VS_CONN_F_TUNNEL => {
                Forwarding::Tunnel(Tunnel::from_parts(tunnel, tunnel_port, tunnel_flags)?)
            }
            IP_VS_CONN_F_DROUTE => Forwarding::DirectRoute,
            IP_VS_CONN_F_BYPASS => Forwarding::Bypass,
            _ => return None,
        };
        Some(Self {
            destination: Destination {
                key: DestinationKey {
                    address: address_of(family?, address?),
                    port: port?,
                },
                forwarding,
                weight,
                upper_threshold,
                lower_threshold,
            },
            active,
            inactive,
            persistent,
            statistics: wide.or(narrow).unwrap_or_default(),
        })
    }
}
