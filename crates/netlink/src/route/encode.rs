//! Requests to add and to remove routes.

use std::net::IpAddr;

use ka_sys::IpFamily;

use super::{Encap, Hop, NextHop, Placement, RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE};
use super::{Route, RouteKey, RoutePath, RouteSlot};
use crate::message::{
    AttributeWriter, Batch, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL,
    NLM_F_REQUEST,
};
use crate::prefix::Prefix;

/// `struct rtmsg`: family, lengths of destination and source, type of service, table, protocol,
/// scope, type (1 each), flags (4).
pub(super) const RTMSG: usize = 12;
/// `struct rtnexthop`: length (2), flags (1), weight less one (1), interface (4).
pub(super) const RTNEXTHOP: usize = 8;

pub(super) const RTA_DST: u16 = 1;
pub(super) const RTA_SRC: u16 = 2;
pub(super) const RTA_OIF: u16 = 4;
pub(super) const RTA_GATEWAY: u16 = 5;
pub(super) const RTA_PRIORITY: u16 = 6;
pub(super) const RTA_PREFSRC: u16 = 7;
pub(super) const RTA_METRICS: u16 = 8;
pub(super) const RTA_MULTIPATH: u16 = 9;
pub(super) const RTA_FLOW: u16 = 11;
pub(super) const RTA_TABLE: u16 = 15;
pub(super) const RTA_VIA: u16 = 18;
pub(super) const RTA_PREF: u16 = 20;
pub(super) const RTA_ENCAP_TYPE: u16 = 21;
pub(super) const RTA_ENCAP: u16 = 22;
pub(super) const RTA_EXPIRES: u16 = 23;
pub(super) const RTA_TTL_PROPAGATE: u16 = 26;

pub(super) const RTNH_F_ONLINK: u8 = 4;

/// A change to the routes of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteChange {
    /// Adds the route. `EEXIST` where it is there already with the same options (IPv4) or the same
    /// path (IPv6), and of [`Placement::Add`] where any other takes its place.
    Add(Box<Route>),
    /// Removes the route; `ESRCH` where it is not there.
    Remove(Box<RouteKey>),
}

impl RouteChange {
    /// Appends the request, to be acknowledged under `sequence`.
    pub fn encode(&self, batch: &mut Batch, sequence: u32) {
        let acknowledged = NLM_F_REQUEST | NLM_F_ACK;
        match self {
            Self::Add(route) => {
                let placement = match route.placement {
                    Placement::Prepend => 0,
                    Placement::Append => NLM_F_APPEND,
                    Placement::Add => NLM_F_EXCL,
                };
                let flags = acknowledged | NLM_F_CREATE | placement;
                encode_add(batch, flags, sequence, route);
            }
            Self::Remove(key) => encode_remove(batch, acknowledged, sequence, key),
        }
    }
}

fn encode_add(batch: &mut Batch, flags: u16, sequence: u32, route: &Route) {
    let onlink = if route.path.onlink { RTNH_F_ONLINK } else { 0 };
    let fixed = [route.protocol, route.scope, route.kind.0];
    let header = header(&route.slot(), fixed, onlink);
    batch.message(RTM_NEWROUTE, flags, sequence, &header, |attributes| {
        encode_place(attributes, &route.slot(), route.metric);
        if let Some(source) = route.preferred_source {
            attributes.address(RTA_PREFSRC, source);
        }
        if let Some(interface) = route.path.hop.interface {
            attributes.u32(RTA_OIF, interface);
        }
        encode_path(attributes, route.destination, &route.path);
        if !route.metrics.is_empty() {
            attributes.nested(RTA_METRICS, |inner| route.metrics.encode(inner));
        }
        if let Some(preference) = route.preference {
            attributes.u8(RTA_PREF, preference);
        }
        if let Some(expires) = route.expires {
            attributes.u32(RTA_EXPIRES, expires);
        }
        if let Some(propagates) = route.ttl_propagate {
            attributes.u8(RTA_TTL_PROPAGATE, propagates.into());
        }
        encode_nexthops(attributes, route.destination, route.nexthops.iter());
    });
}

fn encode_remove(batch: &mut Batch, flags: u16, sequence: u32, key: &RouteKey) {
    let header = header(&key.slot, [key.protocol, key.scope, key.kind.0], 0);
    batch.message(RTM_DELROUTE, flags, sequence, &header, |attributes| {
        let metric = Some(key.slot.metric).filter(|metric| *metric != 0);
        encode_place(attributes, &key.slot, metric);
        if let Some(source) = key.preferred_source {
            attributes.address(RTA_PREFSRC, source);
        }
        if let Some(interface) = key.hop.interface {
            attributes.u32(RTA_OIF, interface);
        }
        encode_gateway(attributes, key.slot.destination, key.hop.gateway);
        let nexthops: Vec<NextHop> = key.nexthops.iter().map(|hop| of_hop(*hop)).collect();
        encode_nexthops(attributes, key.slot.destination, nexthops.iter());
    });
}

/// Of a removal the kernel compares no more of a path than where it leads.
fn of_hop(hop: Hop) -> NextHop {
    NextHop {
        path: RoutePath {
            hop,
            ..RoutePath::default()
        },
        weight: 1,
    }
}

fn header(slot: &RouteSlot, [protocol, scope, kind]: [u8; 3], flags: u8) -> [u8; RTMSG] {
    let family = match slot.destination.family() {
        IpFamily::V4 => super::AF_INET,
        IpFamily::V6 => super::AF_INET6,
    };
    let source_length = slot.source.map_or(0, |source| source.length());
    // A larger number stands in RTA_TABLE alone.
    let table = u8::try_from(slot.table).unwrap_or(0);
    let length = slot.destination.length();
    let [a, b, c, d] = u32::from(flags).to_ne_bytes();
    let tos = slot.tos;
    [
        family,
        length,
        source_length,
        tos,
        table,
        protocol,
        scope,
        kind,
        a,
        b,
        c,
        d,
    ]
}

fn encode_place(attributes: &mut AttributeWriter<'_>, slot: &RouteSlot, metric: Option<u32>) {
    if slot.destination.length() > 0 {
        attributes.address(RTA_DST, slot.destination.address());
    }
    if let Some(source) = slot.source {
        attributes.address(RTA_SRC, source.address());
    }
    attributes.u32(RTA_TABLE, slot.table);
    if let Some(metric) = metric {
        attributes.u32(RTA_PRIORITY, metric);
    }
}

/// All of a path but the interface and `onlink`, which have other places.
fn encode_path(attributes: &mut AttributeWriter<'_>, destination: Prefix, path: &RoutePath) {
    encode_gateway(attributes, destination, path.hop.gateway);
    if let Some(realms) = path.realms {
        attributes.u32(RTA_FLOW, realms.to_number());
    }
    if let Some(encap) = &path.encap {
        attributes.u16(RTA_ENCAP_TYPE, encap.kind());
        attributes.nested(RTA_ENCAP, |inner| Encap::encode(encap, inner));
    }
}

fn encode_gateway(
    attributes: &mut AttributeWriter<'_>,
    destination: Prefix,
    gateway: Option<IpAddr>,
) {
    match gateway {
        None => {}
        Some(gateway) if IpFamily::of(gateway) == destination.family() => {
            attributes.address(RTA_GATEWAY, gateway);
        }
        // `struct rtvia`: family (2), address.
        Some(IpAddr::V4(gateway)) => {
            let family = u16::from(super::AF_INET).to_ne_bytes();
            attributes.bytes(RTA_VIA, &[family.as_slice(), &gateway.octets()].concat());
        }
        Some(IpAddr::V6(gateway)) => {
            let family = u16::from(super::AF_INET6).to_ne_bytes();
            attributes.bytes(RTA_VIA, &[family.as_slice(), &gateway.octets()].concat());
        }
    }
}

fn encode_nexthops<'a>(
    attributes: &mut AttributeWriter<'_>,
    destination: Prefix,
    nexthops: impl ExactSizeIterator<Item = &'a NextHop>,
) {
    if nexthops.len() == 0 {
        return;
    }
    attributes.nested(RTA_MULTIPATH, |paths| {
        for NextHop { path, weight } in nexthops {
            let flags = if path.onlink { RTNH_F_ONLINK } else { 0 };
            let weight = u8::try_from(weight.saturating_sub(1)).unwrap_or(u8::MAX);
            let [a, b, c, d] = path.hop.interface.unwrap_or(0).to_ne_bytes();
            let header: [u8; RTNEXTHOP] = [0, 0, flags, weight, a, b, c, d];
            paths.measured(&header, |inner| encode_path(inner, destination, path));
        }
    });
}

/// Appends the request for a dump of the routes of both families and all tables, if the kernel can
/// filter only those of `protocol`.
pub(crate) fn dump(batch: &mut Batch, sequence: u32, protocol: u8) {
    let flags = NLM_F_REQUEST | NLM_F_DUMP;
    let header: [u8; RTMSG] = [0, 0, 0, 0, 0, protocol, 0, 0, 0, 0, 0, 0];
    batch.message(RTM_GETROUTE, flags, sequence, &header, |_| {});
}
