//! Counters of services and destinations.

use crate::message::Attribute;

const IPVS_STATS_ATTR_CONNS: u16 = 1;
const IPVS_STATS_ATTR_INPKTS: u16 = 2;
const IPVS_STATS_ATTR_OUTPKTS: u16 = 3;
const IPVS_STATS_ATTR_INBYTES: u16 = 4;
const IPVS_STATS_ATTR_OUTBYTES: u16 = 5;
const IPVS_STATS_ATTR_CPS: u16 = 6;
const IPVS_STATS_ATTR_INPPS: u16 = 7;
const IPVS_STATS_ATTR_OUTPPS: u16 = 8;
const IPVS_STATS_ATTR_INBPS: u16 = 9;
const IPVS_STATS_ATTR_OUTBPS: u16 = 10;

/// What has come to a service or to a destination, and how fast it came lately.
///
/// Of a kernel before Linux 4.1 the numbers wrap at 32 bits, but for those of octets. They lag
/// by up to two seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Connections.
    pub conns: u64,
    /// Packets of clients.
    pub inpkts: u64,
    /// Packets to clients, where they pass this host.
    pub outpkts: u64,
    /// Octets of clients.
    pub inbytes: u64,
    /// Octets to clients, where they pass this host.
    pub outbytes: u64,
    /// Connections a second.
    pub cps: u64,
    /// Packets of clients a second.
    pub inpps: u64,
    /// Packets to clients a second.
    pub outpps: u64,
    /// Octets of clients a second.
    pub inbps: u64,
    /// Octets to clients a second.
    pub outbps: u64,
}

impl Statistics {
    /// Reads IPVS_SVC_ATTR_STATS and IPVS_DEST_ATTR_STATS: 8 octets for octets, 4 for the rest.
    pub(super) fn parse(nest: &Attribute<'_>) -> Self {
        Self::read(nest, |attribute| match attribute.kind {
            IPVS_STATS_ATTR_INBYTES | IPVS_STATS_ATTR_OUTBYTES => attribute.u64(),
            _ => attribute.u32().map(u64::from),
        })
    }

    /// Reads IPVS_SVC_ATTR_STATS64 and IPVS_DEST_ATTR_STATS64: 8 octets for everything.
    pub(super) fn parse64(nest: &Attribute<'_>) -> Self {
        Self::read(nest, |attribute| attribute.u64())
    }

    fn read(nest: &Attribute<'_>, number: impl Fn(&Attribute<'_>) -> Option<u64>) -> Self {
        let mut statistics = Self::default();
        for attribute in nest.nested() {
            let place = match attribute.kind {
                IPVS_STATS_ATTR_CONNS => &mut statistics.conns,
                IPVS_STATS_ATTR_INPKTS => &mut statistics.inpkts,
                IPVS_STATS_ATTR_OUTPKTS => &mut statistics.outpkts,
                IPVS_STATS_ATTR_INBYTES => &mut statistics.inbytes,
                IPVS_STATS_ATTR_OUTBYTES => &mut statistics.outbytes,
                IPVS_STATS_ATTR_CPS => &mut statistics.cps,
                IPVS_STATS_ATTR_INPPS => &mut statistics.inpps,
                IPVS_STATS_ATTR_OUTPPS => &mut statistics.outpps,
                IPVS_STATS_ATTR_INBPS => &mut statistics.inbps,
                IPVS_STATS_ATTR_OUTBPS => &mut statistics.outbps,
                _ => continue,
            };
            *place = number(&attribute).unwrap_or(0);
        }
        statistics
    }
}
