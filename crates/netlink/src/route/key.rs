//! What tells one route from another.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Hop, Route, RouteKind};
use crate::prefix::Prefix;

/// What the kernel tells routes apart by, so far as it can be asked for: what a removal names.
///
/// Two wishes of one key are one route of the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RouteKey<I = u32> {
    /// The place that it takes in the kernel's tables.
    pub slot: RouteSlot,
    /// What becomes of packets.
    pub kind: RouteKind,
    /// How far the destination is away (IPv4; else 0).
    pub scope: u8,
    /// Who made the route.
    pub protocol: u8,
    /// The source address of connections that begin here (IPv4).
    pub preferred_source: Option<IpAddr>,
    /// Where its path leads.
    pub hop: Hop<I>,
    /// Where its paths lead, where it has several.
    pub nexthops: Vec<Hop<I>>,
}

/// The place of a route in the kernel's tables. Several can have one, of which the first counts
/// (IPv4) or which share the packets (IPv6); but it needs no interface to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RouteSlot {
    /// The table that it is in.
    pub table: u32,
    /// Which packets it is for.
    pub destination: Prefix,
    /// Which sources of packets it is for; of all it is none.
    pub source: Option<Prefix>,
    /// Which type of service it is for.
    pub tos: u8,
    /// Its metric, as the kernel has it: never absent.
    pub metric: u32,
}

impl<I: Clone> RouteKey<I> {
    /// The same key with every interface called as `name` says; `None` where it says nothing for
    /// one of them.
    pub fn with_interfaces<J>(&self, mut name: impl FnMut(&I) -> Option<J>) -> Option<RouteKey<J>> {
        Some(RouteKey {
            slot: self.slot,
            kind: self.kind,
            scope: self.scope,
            protocol: self.protocol,
            preferred_source: self.preferred_source,
            hop: self.hop.with_interface(&mut name)?,
            nexthops: self
                .nexthops
                .iter()
                .map(|hop| hop.with_interface(&mut name))
                .collect::<Option<_>>()?,
        })
    }

    /// The interfaces that its paths name.
    pub fn interfaces(&self) -> impl Iterator<Item = &I> {
        let own = self.hop.interface.iter();
        own.chain(
            self.nexthops
                .iter()
                .filter_map(|hop| hop.interface.as_ref()),
        )
    }
}

impl RouteKey {
    /// Whether `route`, which the kernel describes, is a route of this key or one path of it: as
    /// several routes are kept those of IPv6 with several paths, and each is reported alone.
    ///
    /// What the key leaves to the kernel, such as the interface of a gateway, may be anything.
    #[must_use]
    pub fn covers(&self, route: &Route) -> bool {
        let same = |wanted: &Hop, found: &Hop| {
            let fits = |wanted: Option<u32>, found| wanted.is_none() || wanted == found;
            wanted.gateway == found.gateway && fits(wanted.interface, found.interface)
        };
        let key = route.key();
        let same_path = |found: &Hop| match self.nexthops.as_slice() {
            _ if self.kind.rejects() => true,
            [] => same(&self.hop, found),
            nexthops => nexthops.iter().any(|wanted| same(wanted, found)),
        };
        let same_source =
            self.preferred_source.is_none() || self.preferred_source == key.preferred_source;
        self.slot == key.slot
            && self.kind == key.kind
            && self.protocol == key.protocol
            && self.scope == key.scope
            && same_source
            && match key.nexthops.as_slice() {
                [] => same_path(&key.hop),
                paths => paths.iter().all(same_path),
            }
    }
}

/// Such as `198.51.100.0/24 table 100 metric 7`.
impl fmt::Display for RouteSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.destination)?;
        if let Some(source) = self.source {
            write!(f, " from {source}")?;
        }
        if self.tos != 0 {
            write!(f, " tos {:#x}", self.tos)?;
        }
        if self.table != Route::<u32>::MAIN_TABLE {
            write!(f, " table {}", self.table)?;
        }
        match self.metric {
            0 => Ok(()),
            metric => write!(f, " metric {metric}"),
        }
    }
}

/// Such as `198.51.100.0/24 via 192.0.2.2 dev eth0`.
impl<I: fmt::Display> fmt::Display for RouteKey<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.slot, self.hop)?;
        self.nexthops
            .iter()
            .try_for_each(|hop| write!(f, " nexthop{hop}"))
    }
}
