//! Routes (rtnetlink(7), RTM_NEWROUTE; ip-route(8)).

mod encap;
mod encode;
mod key;
mod metrics;
mod parse;

use std::fmt;
use std::net::IpAddr;

use ka_sys::IpFamily;
use serde::{Deserialize, Serialize};

pub use encap::{Encap, IpTunnel};
pub use encode::RouteChange;
pub(crate) use encode::dump;
pub use key::{RouteKey, RouteSlot};
pub use metrics::{Metric, RouteMetrics};

use crate::prefix::Prefix;

pub(crate) const RTM_NEWROUTE: u16 = 24;
pub(crate) const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// The metric that the kernel gives to an IPv6 route of none (IP6_RT_PRIO_USER).
const IPV6_METRIC: u32 = 1024;

/// What becomes of packets: the kernel's RTN numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RouteKind(pub u8);

impl RouteKind {
    /// They go to a gateway or to a link.
    pub const UNICAST: Self = Self(1);
    /// They are for this host.
    pub const LOCAL: Self = Self(2);
    /// They are dropped.
    pub const BLACKHOLE: Self = Self(6);
    /// They are rejected as unreachable.
    pub const UNREACHABLE: Self = Self(7);
    /// They are rejected as prohibited.
    pub const PROHIBIT: Self = Self(8);
    /// The lookup in this table ends.
    pub const THROW: Self = Self(9);

    /// Whether packets go nowhere, so that the kernel gives the route no path of ours.
    pub(crate) const fn rejects(self) -> bool {
        matches!(
            self,
            Self::BLACKHOLE | Self::UNREACHABLE | Self::PROHIBIT | Self::THROW
        )
    }
}

/// Classes of traffic for statistics and tc(8). A number of 0 is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Realms {
    /// Of the sources.
    pub from: u16,
    /// Of the destinations.
    pub to: u16,
}

impl Realms {
    pub(crate) fn to_number(self) -> u32 {
        u32::from(self.from) << 16 | u32::from(self.to)
    }

    /// Reads the kernel's number; `None` where it says nothing.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        let [a, b, c, d] = number.to_be_bytes();
        let realms = Self {
            from: u16::from_be_bytes([a, b]),
            to: u16::from_be_bytes([c, d]),
        };
        (number != 0).then_some(realms)
    }
}

/// Where a path leads, without how. `I` is how interfaces are called: by their index, as the kernel
/// does it, or by whatever a configuration has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hop<I = u32> {
    /// The next router; of the other family only for an IPv4 route.
    pub gateway: Option<IpAddr>,
    /// The interface; the kernel's choice where there is none.
    pub interface: Option<I>,
}

impl<I> Default for Hop<I> {
    fn default() -> Self {
        Self {
            gateway: None,
            interface: None,
        }
    }
}

/// A path of packets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoutePath<I = u32> {
    /// Where it leads.
    pub hop: Hop<I>,
    /// The gateway is on the link, whatever the addresses of the interface say.
    pub onlink: bool,
    /// Classes of its traffic (IPv4).
    pub realms: Option<Realms>,
    /// What packets are put into.
    pub encap: Option<Encap>,
}

impl<I> Default for RoutePath<I> {
    fn default() -> Self {
        Self {
            hop: Hop::default(),
            onlink: false,
            realms: None,
            encap: None,
        }
    }
}

/// One of several paths.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NextHop<I = u32> {
    /// The path.
    pub path: RoutePath<I>,
    /// Its share of the packets, 1 to 256.
    pub weight: u16,
}

/// Where a route goes among those of the same destination, type of service and metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Placement {
    /// In front of them: it is the one that counts.
    #[default]
    Prepend,
    /// Behind them.
    Append,
    /// There must be none: `EEXIST` where there is one.
    Add,
}

/// A route: as the kernel describes it, or to be added.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route<I = u32> {
    /// The table that it is in, 254 being the main one.
    pub table: u32,
    /// Which packets it is for. Its family is that of the route.
    pub destination: Prefix,
    /// Which sources of packets it is for (IPv6).
    pub source: Option<Prefix>,
    /// Which type of service it is for (IPv4); 0 is any.
    pub tos: u8,
    /// Of several routes the one with the lowest metric counts.
    pub metric: Option<u32>,
    /// What becomes of packets.
    pub kind: RouteKind,
    /// How far the destination is away: 0 universe, 253 link, 254 host (IPv4).
    pub scope: u8,
    /// Who made the route; 0 does not say.
    pub protocol: u8,
    /// The source address of connections that begin here.
    pub preferred_source: Option<IpAddr>,
    /// The path; also of a route that has several, where it must agree with the first.
    pub path: RoutePath<I>,
    /// The paths where there are several.
    pub nexthops: Vec<NextHop<I>>,
    /// What TCP and others take for granted on these paths.
    pub metrics: RouteMetrics,
    /// For how many seconds from the addition it is valid (IPv6).
    pub expires: Option<u32>,
    /// Preference of the router (RFC 4191): 0 medium, 1 high, 3 low (IPv6).
    pub preference: Option<u8>,
    /// Whether the TTL goes from one label to the next; the kernel's setting where absent (MPLS).
    pub ttl_propagate: Option<bool>,
    /// Where it goes among its likes. Not a property of a route that is there.
    pub placement: Placement,
}

impl<I> Route<I> {
    /// A unicast route to `destination` in the main table, without a path or any option.
    #[must_use]
    pub fn new(destination: Prefix) -> Self {
        Self {
            table: Self::MAIN_TABLE,
            destination,
            source: None,
            tos: 0,
            metric: None,
            kind: RouteKind::UNICAST,
            scope: 0,
            protocol: 0,
            preferred_source: None,
            path: RoutePath::default(),
            nexthops: Vec::new(),
            metrics: RouteMetrics::default(),
            expires: None,
            preference: None,
            ttl_propagate: None,
            placement: Placement::Prepend,
        }
    }

    /// The number of the main table.
    pub const MAIN_TABLE: u32 = 254;

    /// The place of the route in the kernel's tables.
    #[must_use]
    pub fn slot(&self) -> RouteSlot {
        let is_ipv4 = self.destination.family() == IpFamily::V4;
        RouteSlot {
            table: match self.table {
                0 => Self::MAIN_TABLE,
                table => table,
            },
            destination: self.destination,
            source: self.source.filter(|source| source.length() > 0 && !is_ipv4),
            tos: if is_ipv4 { self.tos } else { 0 },
            metric: match self.metric {
                None | Some(0) if !is_ipv4 => IPV6_METRIC,
                metric => metric.unwrap_or(0),
            },
        }
    }

    /// The interfaces that its paths name.
    pub fn interfaces(&self) -> impl Iterator<Item = &I> {
        let own = self.path.hop.interface.iter();
        own.chain(
            self.nexthops
                .iter()
                .filter_map(|hop| hop.path.hop.interface.as_ref()),
        )
    }
}

impl<I: Clone> Route<I> {
    /// What the kernel tells the route apart by.
    #[must_use]
    pub fn key(&self) -> RouteKey<I> {
        let is_ipv4 = self.destination.family() == IpFamily::V4;
        RouteKey {
            slot: self.slot(),
            kind: self.kind,
            scope: if is_ipv4 { self.scope } else { 0 },
            protocol: self.protocol,
            preferred_source: self.preferred_source.filter(|_| is_ipv4),
            hop: self.path.hop.clone(),
            nexthops: self
                .nexthops
                .iter()
                .map(|hop| hop.path.hop.clone())
                .collect(),
        }
    }

    /// The same route with every interface called as `name` says; `None` where it says nothing for
    /// one of them.
    pub fn with_interfaces<J>(&self, mut name: impl FnMut(&I) -> Option<J>) -> Option<Route<J>> {
        let mut path = |path: &RoutePath<I>| {
            Some(RoutePath {
                hop: path.hop.with_interface(&mut name)?,
                onlink: path.onlink,
                realms: path.realms,
                encap: path.encap.clone(),
            })
        };
        Some(Route {
            path: path(&self.path)?,
            nexthops: self
                .nexthops
                .iter()
                .map(|hop| {
                    Some(NextHop {
                        path: path(&hop.path)?,
                        weight: hop.weight,
                    })
                })
                .collect::<Option<_>>()?,
            table: self.table,
            destination: self.destination,
            source: self.source,
            tos: self.tos,
            metric: self.metric,
            kind: self.kind,
            scope: self.scope,
            protocol: self.protocol,
            preferred_source: self.preferred_source,
            metrics: self.metrics.clone(),
            expires: self.expires,
            preference: self.preference,
            ttl_propagate: self.ttl_propagate,
            placement: self.placement,
        })
    }
}

impl<I: Clone> Hop<I> {
    fn with_interface<J>(&self, name: &mut impl FnMut(&I) -> Option<J>) -> Option<Hop<J>> {
        Some(Hop {
            gateway: self.gateway,
            interface: match &self.interface {
                Some(interface) => Some(name(interface)?),
                None => None,
            },
        })
    }
}

impl<I: fmt::Display> fmt::Display for Hop<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(gateway) = self.gateway {
            write!(f, " via {gateway}")?;
        }
        match &self.interface {
            Some(interface) => write!(f, " dev {interface}"),
            None => Ok(()),
        }
    }
}
