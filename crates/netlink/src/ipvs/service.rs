//! Services: virtual servers as the kernel knows them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ka_sys::IpFamily;
use serde::{Deserialize, Serialize};

use super::generic::attributes;
use super::name::IpvsName;
use super::statistics::Statistics;
use super::{AF_INET, AF_INET6, IPVS_CMD_ATTR_SERVICE, NLA_F_NESTED, command};
use crate::message::{Attribute, AttributeWriter, Message, u32_at};

const IPVS_SVC_ATTR_AF: u16 = 1;
const IPVS_SVC_ATTR_PROTOCOL: u16 = 2;
const IPVS_SVC_ATTR_ADDR: u16 = 3;
const IPVS_SVC_ATTR_PORT: u16 = 4;
const IPVS_SVC_ATTR_FWMARK: u16 = 5;
const IPVS_SVC_ATTR_SCHED_NAME: u16 = 6;
const IPVS_SVC_ATTR_FLAGS: u16 = 7;
const IPVS_SVC_ATTR_TIMEOUT: u16 = 8;
const IPVS_SVC_ATTR_NETMASK: u16 = 9;
const IPVS_SVC_ATTR_STATS: u16 = 10;
const IPVS_SVC_ATTR_PE_NAME: u16 = 11;
const IPVS_SVC_ATTR_STATS64: u16 = 12;

const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;
const IPPROTO_SCTP: u8 = 132;

/// What the kernel tells services apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ServiceKey {
    /// What is sent to an address and a port.
    Address {
        /// TCP 6, UDP 17 or SCTP 132.
        protocol: u8,
        /// The virtual address.
        address: IpAddr,
        /// The port; 0 is any, which needs persistence.
        port: u16,
    },
    /// What the firewall has marked.
    Mark {
        /// Of which family.
        family: IpFamily,
        /// The mark, not 0.
        mark: u32,
    },
}

impl ServiceKey {
    /// The family of what the service receives.
    #[must_use]
    pub const fn family(&self) -> IpFamily {
        match self {
            Self::Address { address, .. } => IpFamily::of(*address),
            Self::Mark { family, .. } => *family,
        }
    }

    /// The netmask of persistence that tells every client from the others.
    #[must_use]
    pub const fn full_netmask(&self) -> u32 {
        match self.family() {
            IpFamily::V4 => u32::MAX,
            IpFamily::V6 => 128,
        }
    }

    /// Appends a service of which nothing but this is said.
    pub(super) fn encode_nested(&self, attributes: &mut AttributeWriter<'_>) {
        attributes.nested(IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED, |inner| {
            self.encode(inner)
        });
    }

    /// Appends what the kernel needs to find the service.
    fn encode(&self, attributes: &mut AttributeWriter<'_>) {
        attributes.u16(IPVS_SVC_ATTR_AF, number_of(self.family()));
        match *self {
            Self::Mark { mark, .. } => attributes.u32(IPVS_SVC_ATTR_FWMARK, mark),
            Self::Address {
                protocol,
                address,
                port,
            } => {
                attributes.u16(IPVS_SVC_ATTR_PROTOCOL, protocol.into());
                attributes.bytes(IPVS_SVC_ATTR_ADDR, &padded(address));
                attributes.bytes(IPVS_SVC_ATTR_PORT, &port.to_be_bytes());
            }
        }
    }
}

/// As keepalived's log calls it when the kernel has refused something: `10.0.1.1:tcp:80`,
/// `2001:db8::1:udp:53`, `Fwm 9`, `Fwm 9 inet6`.
impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (protocol, address, port) = match *self {
            Self::Mark { family, mark } => {
                write!(f, "Fwm {mark}")?;
                return match family {
                    IpFamily::V4 => Ok(()),
                    IpFamily::V6 => f.write_str(" inet6"),
                };
            }
            Self::Address {
                protocol,
                address,
                port,
            } => (protocol, address, port),
        };
        match protocol {
            IPPROTO_TCP => write!(f, "{address}:tcp:{port}"),
            IPPROTO_UDP => write!(f, "{address}:udp:{port}"),
            IPPROTO_SCTP => write!(f, "{address}:sctp:{port}"),
            other => write!(f, "{address}:{other}:{port}"),
        }
    }
}

/// A service: as the kernel describes it, or as it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Service {
    /// Which service.
    pub key: ServiceKey,
    /// Chooses the destination of a connection: `wlc`, `rr`, ...
    pub scheduler: IpvsName,
    /// IP_VS_SVC_F bits, such as [`Service::PERSISTENT`].
    pub flags: u32,
    /// How long a client without connections keeps its destination, in whole seconds.
    pub timeout: Duration,
    /// Which clients persistence takes for one: of IPv4 a mask whose octets are in network order
    /// ([`Service::netmask`]), of IPv6 the length of a prefix, 1 to 128.
    pub netmask: u32,
    /// Tells clients apart by more than their address, where there is one.
    pub persistence_engine: Option<IpvsName>,
}

impl Service {
    /// A client keeps its destination.
    pub const PERSISTENT: u32 = 0x01;
    /// The service is in the kernel's table: every one that it describes has this flag, and in
    /// requests it has no effect.
    pub const HASHED: u32 = 0x02;
    /// Each packet is a connection of its own (UDP).
    pub const ONEPACKET: u32 = 0x04;
    /// The first flag of the scheduler: `sh-fallback`, `mh-fallback`.
    pub const SCHED1: u32 = 0x08;
    /// The second flag of the scheduler: `sh-port`, `mh-port`.
    pub const SCHED2: u32 = 0x10;
    /// The third flag of the scheduler.
    pub const SCHED3: u32 = 0x20;

    /// A service without persistence and without flags.
    #[must_use]
    pub const fn new(key: ServiceKey, scheduler: IpvsName) -> Self {
        Self {
            key,
            scheduler,
            flags: 0,
            timeout: Duration::ZERO,
            netmask: key.full_netmask(),
            persistence_engine: None,
        }
    }

    /// The number that stands for `mask` in [`Service::netmask`](Self#structfield.netmask).
    #[must_use]
    pub const fn netmask(mask: Ipv4Addr) -> u32 {
        u32::from_ne_bytes(mask.octets())
    }

    /// Whether `self`, as the kernel describes it, is what `wanted` asks for: all is equal, but
    /// for the flag that the kernel sets itself.
    #[must_use]
    pub fn is_as_wanted(&self, wanted: &Self) -> bool {
        let with_own = |service: &Self| Self {
            flags: service.flags | Self::HASHED,
            ..*service
        };
        with_own(self) == with_own(wanted)
    }

    /// Appends the whole of it.
    pub(super) fn encode(&self, attributes: &mut AttributeWriter<'_>) {
        attributes.nested(IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED, |inner| {
            self.key.encode(inner);
            inner.text(IPVS_SVC_ATTR_SCHED_NAME, &self.scheduler);
            if let Some(name) = self.persistence_engine {
                inner.text(IPVS_SVC_ATTR_PE_NAME, &name);
            }
            // `struct ip_vs_flags`: the flags, and which of them are given.
            let flags = [self.flags.to_ne_bytes(), u32::MAX.to_ne_bytes()];
            inner.bytes(IPVS_SVC_ATTR_FLAGS, flags.as_flattened());
            let seconds = u32::try_from(self.timeout.as_secs()).unwrap_or(u32::MAX);
            inner.u32(IPVS_SVC_ATTR_TIMEOUT, seconds);
            inner.u32(IPVS_SVC_ATTR_NETMASK, self.netmask);
        });
    }

    /// Appends it as keepalived names the service of a destination: without its persistence.
    pub(super) fn encode_of_destination(&self, attributes: &mut AttributeWriter<'_>) {
        let plain = Self {
            flags: self.flags & !Self::PERSISTENT,
            ..Self::new(self.key, self.scheduler)
        };
        plain.encode(attributes);
    }
}

/// A service of the kernel, and what has come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceStatus {
    /// The service.
    pub service: Service,
    /// What has come to it since it was added, or since its counters were set to zero.
    pub statistics: Statistics,
}

impl ServiceStatus {
    /// Reads a message of a dump of services; `None` for other messages, and for a family or a
    /// protocol that does not exist.
    #[must_use]
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let service = attributes(message, command::NEW_SERVICE)?
            .find(|attribute| attribute.kind == IPVS_CMD_ATTR_SERVICE)?;
        let (mut family, mut protocol, mut address, mut port, mut mark) = (None, None, None, 0, 0);
        let (mut scheduler, mut persistence_engine) = (None, None);
        let (mut flags, mut timeout, mut netmask) = (0, 0, None);
        let (mut narrow, mut wide) = (None, None);
        for attribute in service.nested() {
            match attribute.kind {
                IPVS_SVC_ATTR_AF => family = family_of(&attribute),
                IPVS_SVC_ATTR_PROTOCOL => protocol = attribute.u16(),
                IPVS_SVC_ATTR_ADDR => address = attribute.value.first_chunk().copied(),
                IPVS_SVC_ATTR_PORT => port = be16(&attribute).unwrap_or(0),
                IPVS_SVC_ATTR_FWMARK => mark = attribute.u32().unwrap_or(0),
                IPVS_SVC_ATTR_SCHED_NAME => scheduler = IpvsName::from_kernel(attribute.value),
                IPVS_SVC_ATTR_PE_NAME => {
                    persistence_engine = IpvsName::from_kernel(attribute.value);
                }
                IPVS_SVC_ATTR_FLAGS => flags = u32_at(attribute.value, 0).unwrap_or(0),
                IPVS_SVC_ATTR_TIMEOUT => timeout = attribute.u32().unwrap_or(0),
                IPVS_SVC_ATTR_NETMASK => netmask = attribute.u32(),
                IPVS_SVC_ATTR_STATS => narrow = Some(Statistics::parse(&attribute)),
                IPVS_SVC_ATTR_STATS64 => wide = Some(Statistics::parse64(&attribute)),
                _ => {}
            }
        }
        let family = family?;
        let key = match mark {
            0 => ServiceKey::Address {
                protocol: u8::try_from(protocol?).ok()?,
                address: address_of(family, address?),
                port,
            },
            _ => ServiceKey::Mark { family, mark },
        };
        Some(Self {
            service: Service {
                key,
                scheduler: scheduler?,
                flags,
                timeout: Duration::from_secs(timeout.into()),
                netmask: netmask.unwrap_or(key.full_netmask()),
                persistence_engine,
            },
            statistics: wide.or(narrow).unwrap_or_default(),
        })
    }
}

/// The address of `family` that 16 octets hold: one of IPv4 is in the first 4.
pub(super) fn address_of(family: IpFamily, octets: [u8; 16]) -> IpAddr {
    let [a, b, c, d, ..] = octets;
    match family {
        IpFamily::V4 => Ipv4Addr::new(a, b, c, d).into(),
        IpFamily::V6 => octets.into(),
    }
}

/// `address` in the 16 octets of `union nf_inet_addr`.
pub(super) fn padded(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V6(address) => address.octets(),
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
    }
}

pub(super) const fn number_of(family: IpFamily) -> u16 {
    match family {
        IpFamily::V4 => AF_INET,
        IpFamily::V6 => AF_INET6,
    }
}

pub(super) fn family_of(attribute: &Attribute<'_>) -> Option<IpFamily> {
    match attribute.u16()? {
        AF_INET => Some(IpFamily::V4),
        AF_INET6 => Some(IpFamily::V6),
        _ => None,
    }
}

/// The first 2 octets as a number in network order.
pub(super) fn be16(attribute: &Attribute<'_>) -> Option<u16> {
    attribute.u16().map(u16::from_be)
}
