//! Routes as the kernel describes them.

use std::net::IpAddr;

use super::encode::{
    RTA_DST, RTA_ENCAP, RTA_ENCAP_TYPE, RTA_FLOW, RTA_GATEWAY, RTA_METRICS, RTA_MULTIPATH, RTA_OIF,
    RTA_PREF, RTA_PREFSRC, RTA_PRIORITY, RTA_SRC, RTA_TABLE, RTA_TTL_PROPAGATE, RTA_VIA, RTMSG,
    RTNEXTHOP, RTNH_F_ONLINK,
};
use super::{AF_INET, AF_INET6, Encap, NextHop, Placement, RTM_DELROUTE, RTM_NEWROUTE};
use super::{Realms, Route, RouteKind, RouteMetrics, RoutePath};
use crate::message::{Attribute, Message, u16_at, u32_at};
use crate::prefix::Prefix;

/// Not a route of a table, but what was found of late.
const RTM_F_CLONED: u32 = 0x200;

impl Route {
    /// Reads an RTM_NEWROUTE or RTM_DELROUTE message; `None` for other messages and other families,
    /// and for entries that are no routes of a table.
    ///
    /// How long an IPv6 route remains valid is not read.
    #[must_use]
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let [
            family,
            length,
            source_length,
            tos,
            table,
            protocol,
            scope,
            kind,
        ] = *message.payload.first_chunk()?;
        let flags = u32_at(message.payload, 8)?;
        let is_route = matches!(message.kind, RTM_NEWROUTE | RTM_DELROUTE);
        if !is_route || !matches!(family, AF_INET | AF_INET6) || flags & RTM_F_CLONED != 0 {
            return None;
        }
        let any: IpAddr = match family {
            AF_INET => [0; 4].into(),
            _ => [0; 16].into(),
        };
        let same_family = |address: IpAddr| address.is_ipv4() == any.is_ipv4();
        let prefix = |address: Option<IpAddr>, length| {
            Prefix::new(address.filter(|a| same_family(*a)).unwrap_or(any), length)
        };
        let mut route = Self {
            table: table.into(),
            tos,
            kind: RouteKind(kind),
            scope,
            protocol,
            placement: Placement::default(),
            ..Self::new(prefix(None, 0))
        };
        let (mut destination, mut source) = (None, None);
        for attribute in message.attributes(RTMSG) {
            match attribute.kind {
                RTA_DST => destination = attribute.address(),
                RTA_SRC => source = attribute.address(),
                RTA_TABLE => route.table = attribute.u32().unwrap_or(route.table),
                RTA_PRIORITY => route.metric = attribute.u32(),
                RTA_PREFSRC => route.preferred_source = attribute.address(),
                RTA_OIF => route.path.hop.interface = attribute.u32(),
                RTA_METRICS => route.metrics = RouteMetrics::parse(&attribute),
                RTA_PREF => route.preference = attribute.u8().filter(|value| *value != 0),
                RTA_TTL_PROPAGATE => route.ttl_propagate = attribute.u8().map(|value| value != 0),
                RTA_MULTIPATH => route.nexthops = parse_nexthops(attribute.value),
                _ => {}
            }
        }
        parse_path(message.attributes(RTMSG), &mut route.path);
        route.path.onlink = flags & u32::from(RTNH_F_ONLINK) != 0;
        if route.kind.rejects() {
            // IPv6 has the loopback interface here.
            route.path = RoutePath::default();
        }
        route.destination = prefix(destination, length);
        route.source = source
            .filter(|_| source_length > 0)
            .map(|source| prefix(Some(source), source_length));
        Some(route)
    }
}

/// What both a route and one of its paths may say of a path.
fn parse_path<'a>(attributes: impl Iterator<Item = Attribute<'a>>, path: &mut RoutePath) {
    let (mut encap_kind, mut encap) = (None, None);
    for attribute in attributes {
        match attribute.kind {
            RTA_GATEWAY => path.hop.gateway = attribute.address(),
            // `struct rtvia`: family (2), address.
            RTA_VIA => {
                let value = attribute.value.get(2..).unwrap_or_default();
                path.hop.gateway = Attribute { value, ..attribute }.address();
            }
            RTA_FLOW => path.realms = attribute.u32().and_then(Realms::from_number),
            RTA_ENCAP_TYPE => encap_kind = u16_at(attribute.value, 0),
            RTA_ENCAP => encap = Some(attribute),
            _ => {}
        }
    }
    path.encap = encap_kind
        .zip(encap)
        .and_then(|(kind, value)| Encap::parse(kind, &value));
}

/// The paths in RTA_MULTIPATH, up to the first that is damaged.
fn parse_nexthops(bytes: &[u8]) -> Vec<NextHop> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let flags = *rest.get(2)?;
        let weight = *rest.get(3)?;
        let interface = u32_at(rest, 4)?;
        let attributes = rest.get(RTNEXTHOP..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        let mut path = RoutePath {
            onlink: flags & RTNH_F_ONLINK != 0,
            ..RoutePath::default()
        };
        path.hop.interface = Some(interface).filter(|interface| *interface != 0);
        parse_path(Attribute::iter(attributes), &mut path);
        Some(NextHop {
            path,
            weight: u16::from(weight) + 1,
        })
    })
    .collect()
}
