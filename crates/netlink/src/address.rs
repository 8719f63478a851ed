//! Addresses of interfaces (rtnetlink(7), RTM_NEWADDR).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::BitOr;
use std::time::Duration;

use ka_sys::IpFamily;

use crate::message::{
    Batch, Message, NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST, u32_at,
};
use crate::name::InterfaceName;

pub(crate) const RTM_NEWADDR: u16 = 20;
pub(crate) const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;

/// `struct ifaddrmsg`: family, prefix length, flags, scope (1 each), index (4).
const IFADDRMSG: usize = 8;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_BROADCAST: u16 = 4;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;
const IFA_PROTO: u16 = 11;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const FOREVER: u32 = u32::MAX;

/// Properties of an address, the kernel's IFA_F bits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AddressFlags(u32);

impl AddressFlags {
    /// IPv4: another address of the same subnet is the primary one. IPv6: temporary.
    pub const SECONDARY: Self = Self(0x01);
    /// No duplicate address detection (IPv6).
    pub const NODAD: Self = Self(0x02);
    /// Usable while duplicate address detection runs (IPv6).
    pub const OPTIMISTIC: Self = Self(0x04);
    /// Duplicate address detection found another holder (IPv6).
    pub const DADFAILED: Self = Self(0x08);
    /// A mobile node's home address (IPv6).
    pub const HOMEADDRESS: Self = Self(0x10);
    /// Not to be the source of new connections.
    pub const DEPRECATED: Self = Self(0x20);
    /// Duplicate address detection is not finished (IPv6).
    pub const TENTATIVE: Self = Self(0x40);
    /// Does not expire.
    pub const PERMANENT: Self = Self(0x80);
    /// Temporary addresses are derived from it (IPv6).
    pub const MANAGETEMPADDR: Self = Self(0x100);
    /// Its prefix gets no route.
    pub const NOPREFIXROUTE: Self = Self(0x200);
    /// Its group is joined, so that a switch forwards it.
    pub const MCAUTOJOIN: Self = Self(0x400);

    /// The flags of the kernel's number.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The kernel's number.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These flags without `flags`.
    #[must_use]
    pub const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }
}

impl BitOr for AddressFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for AddressFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AddressFlags({:#x})", self.0)
    }
}

/// What the kernel tells addresses apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressKey {
    /// The interface that holds it.
    pub ifindex: u32,
    /// The address of this host.
    pub address: IpAddr,
    /// The length of the prefix in bits (of the peer's, where there is one).
    pub prefix_len: u8,
    /// The address at the other end of a point-to-point link.
    pub peer: Option<IpAddr>,
}

impl fmt::Display for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.peer {
            Some(peer) => write!(f, "{} peer {peer}/{}", self.address, self.prefix_len),
            None => write!(f, "{}/{}", self.address, self.prefix_len),
        }
    }
}

/// An address as the kernel describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// Interface, address, prefix and peer.
    pub key: AddressKey,
    /// Its broadcast address.
    pub broadcast: Option<Ipv4Addr>,
    /// Its label; the name of the interface where none was given. IPv4 only.
    pub label: Option<InterfaceName>,
    /// How far it is valid: 0 universe, 253 link, 254 host.
    pub scope: u8,
    /// Its properties.
    pub flags: AddressFlags,
    /// Who added it (IFA_PROTO, since Linux 5.18).
    pub protocol: Option<u8>,
}

impl Address {
    /// Reads an RTM_NEWADDR or RTM_DELADDR message; `None` for other messages,
    /// other families, and where the address is missing.
    #[must_use]
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let [family, prefix_len, flags, scope] = *message.payload.first_chunk()?;
        let is_address = matches!(message.kind, RTM_NEWADDR | RTM_DELADDR);
        if !is_address || !matches!(family, AF_INET | AF_INET6) {
            return None;
        }
        let (mut local, mut prefix) = (None, None);
        let (mut broadcast, mut label, mut protocol) = (None, None, None);
        let mut flags = u32::from(flags);
        for attribute in message.attributes(IFADDRMSG) {
            match attribute.kind {
                IFA_ADDRESS => prefix = attribute.address(),
                IFA_LOCAL => local = attribute.address(),
                IFA_LABEL => label = InterfaceName::from_kernel(attribute.value),
                IFA_BROADCAST => broadcast = attribute.address(),
                IFA_FLAGS => flags = attribute.u32().unwrap_or(flags),
                IFA_PROTO => protocol = attribute.u8(),
                _ => {}
            }
        }
        // IPv4 always has both; IPv6 has the local one only where a peer differs.
        let address = local.or(prefix)?;
        Some(Self {
            key: AddressKey {
                ifindex: u32_at(message.payload, 4)?,
                address,
                prefix_len,
                peer: prefix.filter(|prefix| *prefix != address),
            },
            broadcast: match broadcast {
                Some(IpAddr::V4(broadcast)) => Some(broadcast),
                _ => None,
            },
            label,
            scope,
            flags: AddressFlags(flags),
            protocol: protocol.filter(|protocol| *protocol != 0),
        })
    }
}

/// An address to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VirtualAddress {
    /// Interface, address, prefix and peer.
    pub key: AddressKey,
    /// Its broadcast address. IPv4 only.
    pub broadcast: Option<Ipv4Addr>,
    /// Its label. IPv4 only.
    pub label: Option<InterfaceName>,
    /// How far it is valid: 0 universe, 253 link, 254 host. IPv4 only.
    pub scope: u8,
    /// Its properties.
    pub flags: AddressFlags,
    /// For how long it is a source of new connections, in whole seconds; `None` is
    /// for ever, zero makes it deprecated from the start.
    pub preferred_lifetime: Option<Duration>,
    /// The number that marks it as ours (IFA_PROTO); kernels before 5.18 drop it.
    pub protocol: Option<u8>,
}

impl VirtualAddress {
    /// The address of `key`, preferred for ever and unmarked. An IPv6 one skips
    /// duplicate address detection: the Master before us may still hold it, and
    /// waiting a second for the answer would be a second without service.
    #[must_use]
    pub const fn new(key: AddressKey) -> Self {
        Self {
            key,
            broadcast: None,
            label: None,
            scope: 0,
            flags: match key.address {
                IpAddr::V4(_) => AddressFlags(0),
                IpAddr::V6(_) => AddressFlags::NODAD,
            },
            preferred_lifetime: None,
            protocol: None,
        }
    }
}

/// A change to the addresses of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressChange {
    /// Adds the address; `EEXIST` where the interface has it already.
    Add(VirtualAddress),
    /// Removes the address; `EADDRNOTAVAIL` where the interface does not have it.
    Remove(AddressKey),
}

impl AddressChange {
    /// The address that is changed.
    #[must_use]
    pub const fn key(&self) -> &AddressKey {
        match self {
            Self::Add(address) => &address.key,
            Self::Remove(key) => key,
        }
    }

    /// Appends the request, to be acknowledged under `sequence`.
    pub fn encode(&self, batch: &mut Batch, sequence: u32) {
        let acknowledged = NLM_F_REQUEST | NLM_F_ACK;
        match self {
            Self::Add(address) => {
                let flags = acknowledged | NLM_F_CREATE | NLM_F_EXCL;
                encode_add(batch, flags, sequence, address);
            }
            Self::Remove(key) => {
                let header = header(key, 0);
                batch.message(RTM_DELADDR, acknowledged, sequence, &header, |attributes| {
                    attributes.address(IFA_LOCAL, key.address);
                    // Without it IPv4 takes the first of several prefix lengths.
                    attributes.address(IFA_ADDRESS, key.peer.unwrap_or(key.address));
                });
            }
        }
    }
}

fn encode_add(batch: &mut Batch, flags: u16, sequence: u32, address: &VirtualAddress) {
    let key = &address.key;
    let header = header(key, address.scope);
    batch.message(RTM_NEWADDR, flags, sequence, &header, |attributes| {
        attributes.address(IFA_LOCAL, key.address);
        attributes.address(IFA_ADDRESS, key.peer.unwrap_or(key.address));
        if let Some(broadcast) = address.broadcast {
            attributes.address(IFA_BROADCAST, broadcast.into());
        }
        if let Some(label) = address.label {
            attributes.text(IFA_LABEL, &label);
        }
        attributes.u32(IFA_FLAGS, address.flags.bits());
        if let Some(lifetime) = address.preferred_lifetime {
            // `struct ifa_cacheinfo`: preferred, valid, created, changed.
            let preferred = u32::try_from(lifetime.as_secs()).unwrap_or(FOREVER);
            let mut info = [0; 16];
            for (to, from) in info
                .iter_mut()
                .zip([preferred, FOREVER].into_iter().flat_map(u32::to_ne_bytes))
            {
                *to = from;
            }
            attributes.bytes(IFA_CACHEINFO, &info);
        }
        if let Some(protocol) = address.protocol {
            attributes.u8(IFA_PROTO, protocol);
        }
    });
}

fn header(key: &AddressKey, scope: u8) -> [u8; IFADDRMSG] {
    let family = match IpFamily::of(key.address) {
        IpFamily::V4 => AF_INET,
        IpFamily::V6 => AF_INET6,
    };
    let [a, b, c, d] = key.ifindex.to_ne_bytes();
    [family, key.prefix_len, 0, scope, a, b, c, d]
}

/// Appends the request for a dump of the addresses of both families.
pub(crate) fn dump(batch: &mut Batch, sequence: u32) {
    let flags = NLM_F_REQUEST | NLM_F_DUMP;
    batch.message(RTM_GETADDR, flags, sequence, &[0; IFADDRMSG], |_| {});
}
