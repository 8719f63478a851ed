//! What packets of a route are put into (lightweight tunnels; ip-route(8), `encap`).

use std::net::IpAddr;

use ka_sys::IpFamily;

use crate::message::{Attribute, AttributeWriter, u16_at};

const LWTUNNEL_ENCAP_MPLS: u16 = 1;
const LWTUNNEL_ENCAP_IP: u16 = 2;
const LWTUNNEL_ENCAP_ILA: u16 = 3;
const LWTUNNEL_ENCAP_IP6: u16 = 4;

const MPLS_IPTUNNEL_DST: u16 = 1;
const ILA_ATTR_LOCATOR: u16 = 1;

// The same numbers for both families, but for what is called TTL and TOS in IPv4.
const LWTUNNEL_ID: u16 = 1;
const LWTUNNEL_DST: u16 = 2;
const LWTUNNEL_SRC: u16 = 3;
const LWTUNNEL_IP_TTL: u16 = 4;
const LWTUNNEL_IP_TOS: u16 = 5;
const LWTUNNEL_IP6_HOPLIMIT: u16 = 4;
const LWTUNNEL_IP6_TC: u16 = 5;
const LWTUNNEL_FLAGS: u16 = 6;

/// The bit of an MPLS label that ends the stack (RFC 3032 §2.1).
const BOTTOM: u32 = 0x100;

/// An encapsulation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Encap {
    /// Under MPLS labels of 20 bits each, the outermost first.
    Mpls(Vec<u32>),
    /// Into packets of an IPv4 or IPv6 tunnel.
    Ip(IpTunnel),
    /// By another locator in front of the address (identifier locator addressing, IPv6).
    Ila(u64),
}

/// The outer packets of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpTunnel {
    /// Their family.
    pub family: IpFamily,
    /// The number of the tunnel.
    pub id: Option<u64>,
    /// Their destination.
    pub destination: Option<IpAddr>,
    /// Their source.
    pub source: Option<IpAddr>,
    /// Their type of service or traffic class.
    pub tos: Option<u8>,
    /// Their time to live or hop limit.
    pub ttl: Option<u8>,
    /// The kernel's TUNNEL flags, which it has in network order, as a number of this host.
    pub flags: Option<u16>,
}

impl IpTunnel {
    /// A tunnel of `family` without options, which the kernel does not take: it wants the number or
    /// the destination.
    #[must_use]
    pub const fn new(family: IpFamily) -> Self {
        Self {
            family,
            id: None,
            destination: None,
            source: None,
            tos: None,
            ttl: None,
            flags: None,
        }
    }
}

impl Encap {
    /// The number of the type, for RTA_ENCAP_TYPE.
    pub(super) const fn kind(&self) -> u16 {
        match self {
            Self::Mpls(_) => LWTUNNEL_ENCAP_MPLS,
            Self::Ip(tunnel) => match tunnel.family {
                IpFamily::V4 => LWTUNNEL_ENCAP_IP,
                IpFamily::V6 => LWTUNNEL_ENCAP_IP6,
            },
            Self::Ila(_) => LWTUNNEL_ENCAP_ILA,
        }
    }

    /// Appends what RTA_ENCAP holds.
    pub(super) fn encode(&self, attributes: &mut AttributeWriter<'_>) {
        match self {
            Self::Mpls(labels) => {
                let last = labels.len().saturating_sub(1);
                let stack: Vec<u8> = labels
                    .iter()
                    .enumerate()
                    .flat_map(|(at, label)| {
                        let bottom = if at == last { BOTTOM } else { 0 };
                        (label << 12 | bottom).to_be_bytes()
                    })
                    .collect();
                attributes.bytes(MPLS_IPTUNNEL_DST, &stack);
            }
            Self::Ip(tunnel) => tunnel.encode(attributes),
            Self::Ila(locator) => attributes.bytes(ILA_ATTR_LOCATOR, &locator.to_be_bytes()),
        }
    }

    /// Reads RTA_ENCAP of a type; `None` for other types and where something is missing.
    pub(super) fn parse(kind: u16, value: &Attribute<'_>) -> Option<Self> {
        match kind {
            LWTUNNEL_ENCAP_MPLS => {
                let stack = value.nested().find(|a| a.kind == MPLS_IPTUNNEL_DST)?;
                let (entries, _) = stack.value.as_chunks();
                let labels = entries.iter().map(|entry| u32::from_be_bytes(*entry) >> 12);
                Some(Self::Mpls(labels.collect()))
            }
            LWTUNNEL_ENCAP_IP => Some(Self::Ip(IpTunnel::parse(IpFamily::V4, value))),
            LWTUNNEL_ENCAP_IP6 => Some(Self::Ip(IpTunnel::parse(IpFamily::V6, value))),
            LWTUNNEL_ENCAP_ILA => {
                let locator = value.nested().find(|a| a.kind == ILA_ATTR_LOCATOR)?;
                Some(Self::Ila(u64::from_be_bytes(*locator.value.first_chunk()?)))
            }
            _ => None,
        }
    }
}

impl IpTunnel {
    fn encode(&self, attributes: &mut AttributeWriter<'_>) {
        let (ttl, tos) = match self.family {
            IpFamily::V4 => (LWTUNNEL_IP_TTL, LWTUNNEL_IP_TOS),
            IpFamily::V6 => (LWTUNNEL_IP6_HOPLIMIT, LWTUNNEL_IP6_TC),
        };
        if let Some(id) = self.id {
            attributes.bytes(LWTUNNEL_ID, &id.to_be_bytes());
        }
        if let Some(destination) = self.destination {
            attributes.address(LWTUNNEL_DST, destination);
        }
        if let Some(source) = self.source {
            attributes.address(LWTUNNEL_SRC, source);
        }
        if let Some(value) = self.tos {
            attributes.u8(tos, value);
        }
        if let Some(value) = self.ttl {
            attributes.u8(ttl, value);
        }
        if let Some(flags) = self.flags {
            // The kernel takes network order, keepalived writes the host's, and its files say what
            // works with that.
            attributes.u16(LWTUNNEL_FLAGS, flags);
        }
    }

    fn parse(family: IpFamily, value: &Attribute<'_>) -> Self {
        let mut tunnel = Self::new(family);
        let (ttl, tos) = match family {
            IpFamily::V4 => (LWTUNNEL_IP_TTL, LWTUNNEL_IP_TOS),
            IpFamily::V6 => (LWTUNNEL_IP6_HOPLIMIT, LWTUNNEL_IP6_TC),
        };
        // The kernel reports what was left out as zero.
        let address = |attribute: Attribute<'_>| {
            attribute
                .address()
                .filter(|address| !address.is_unspecified())
        };
        let octet = |attribute: Attribute<'_>| attribute.u8().filter(|value| *value != 0);
        for attribute in value.nested() {
            match attribute.kind {
                LWTUNNEL_ID => {
                    let id = attribute.value.first_chunk().copied();
                    tunnel.id = id.map(u64::from_be_bytes).filter(|id| *id != 0);
                }
                LWTUNNEL_DST => tunnel.destination = address(attribute),
                LWTUNNEL_SRC => tunnel.source = address(attribute),
                LWTUNNEL_FLAGS => {
                    tunnel.flags = u16_at(attribute.value, 0).filter(|flags| *flags != 0);
                }
                kind if kind == tos => tunnel.tos = octet(attribute),
                kind if kind == ttl => tunnel.ttl = octet(attribute),
                _ => {}
            }
        }
        tunnel
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Batch;

    /// What `encap` holds, as octets.
    fn octets(encap: &Encap) -> Vec<u8> {
        let mut batch = Batch::new();
        batch.message(24, 0, 0, &[], |attributes| encap.encode(attributes));
        batch.as_bytes()[16..].to_vec()
    }

    /// keepalived 2.2.7's RTA_ENCAP for the words in front of it, x86_64.
    #[test]
    #[cfg(target_endian = "little")]
    fn an_encapsulation_is_laid_out_as_keepalived_does_it() {
        let tunnel = Encap::Ip(IpTunnel {
            id: Some(77),
            destination: Some([192, 0, 2, 9].into()),
            source: Some([192, 0, 2, 101].into()),
            tos: Some(0x10),
            ttl: Some(9),
            flags: Some(1),
            ..IpTunnel::new(IpFamily::V4)
        });
        for (encap, expected) in [
            // ip id 77 dst 192.0.2.9 src 192.0.2.101 tos 0x10 ttl 9 flags 1
            (
                tunnel,
                "0c000100000000000000004d08000200c000020908000300c0000265\
                 050005001000000005000400090000000600060001000000",
            ),
            // mpls 100/200
            (Encap::Mpls(vec![100, 200]), "0c00010000064000000c8100"),
            // mpls 300
            (Encap::Mpls(vec![300]), "080001000012c100"),
            // ila 1:2:3:4
            (Encap::Ila(0x1_0002_0003_0004), "0c0001000001000200030004"),
        ] {
            let hex: String = octets(&encap)
                .iter()
                .map(|octet| format!("{octet:02x}"))
                .collect();
            assert_eq!(hex, expected, "{encap:?}");
            let value = octets(&encap);
            let value = Attribute {
                kind: 0,
                value: &value,
            };
            assert_eq!(Encap::parse(encap.kind(), &value), Some(encap));
        }
        assert_eq!(
            Encap::parse(
                99,
                &Attribute {
                    kind: 0,
                    value: &[]
                }
            ),
            None
        );
    }
}
