//! Routes.

use std::net::IpAddr;
use std::sync::Arc;

use ka_netlink::{
    Encap as KernelEncap, Hop, InterfaceName, IpFamily, IpTunnel, Metric, NextHop as KernelNextHop,
    Placement, Prefix, Realms as KernelRealms, Route, RouteKind, RouteMetrics,
    RoutePath as KernelPath,
};
use napi::bindgen_prelude::Unknown;

use super::{Parsed, integer, ip, object, optional_ip};
use crate::routing::{
    CongestionControl, Encap, NextHop, Realms, RouteMetric, RoutePath, VirtualRoute,
};

/// The greatest number of an MPLS label.
const MAX_LABEL: u32 = (1 << 20) - 1;
/// Labels that the kernel puts on a packet at most (MAX_NEW_LABELS).
const MAX_LABELS: usize = 30;
/// The longest name of an algorithm in octets: the kernel's TCP_CA_NAME_MAX less the final NUL.
const MAX_ALGORITHM_OCTETS: usize = 15;

/// Routes of an instance or of the host.
pub(super) fn virtual_routes(list: &[Unknown<'_>]) -> Parsed<Vec<ka_engine::VirtualRoute>> {
    list.iter()
        .map(|value| virtual_route(&object("routes", *value)?))
        .collect()
}

fn virtual_route(route: &VirtualRoute<'_>) -> Parsed<ka_engine::VirtualRoute> {
    let destination = prefix("destination", &route.destination)?;
    let parse = || {
        Ok(ka_engine::VirtualRoute {
            route: parsed(route, destination)?,
            no_track: route.no_track,
            track_group: route.track_group.as_deref().map(Arc::from),
        })
    };
    parse().map_err(|reason: String| format!("route {destination}: {reason}"))
}

fn parsed(route: &VirtualRoute<'_>, destination: Prefix) -> Parsed<Route<Arc<str>>> {
    let family = destination.family();
    let source = optional_prefix("source", route.source.as_deref())?;
    if source.is_some_and(|source| source.family() != family || family == IpFamily::V4) {
        return Err("only the source of an IPv6 route may select".to_owned());
    }
    let preferred = optional_ip("preferredSource", route.preferred_source.as_deref())?;
    let nexthops = route.nexthops.iter();
    Ok(Route {
        table: integer("table", route.table, 0..=u32::MAX)?,
        source,
        tos: integer("tos", route.tos, 0..=255)?,
        metric: optional_integer("metric", route.metric, u32::MAX)?,
        kind: RouteKind(integer("kind", route.kind, 0..=255)?),
        scope: integer("scope", route.scope, 0..=255)?,
        protocol: integer("protocol", route.protocol, 0..=255)?,
        preferred_source: of_family("preferredSource", preferred, family)?,
        path: path(&object("path", route.path)?, family)?,
        nexthops: nexthops
            .map(|value| nexthop(&object("nexthops", *value)?, family))
            .collect::<Result<_, _>>()?,
        metrics: metrics(&route.metrics, route.congestion_control)?,
        expires: optional_integer("expiresS", route.expires_s, u32::MAX)?,
        preference: optional_integer("preference", route.preference, 255)?,
        ttl_propagate: route.ttl_propagate,
        placement: match route.placement.as_str() {
            "add" => Placement::Add,
            "prepend" => Placement::Prepend,
            "append" => Placement::Append,
            other => {
                return Err(format!(
                    "placement '{other}' is none of add, prepend, append"
                ));
            }
        },
        ..Route::new(destination)
    })
}

fn nexthop(nexthop: &NextHop<'_>, family: IpFamily) -> Parsed<KernelNextHop<Arc<str>>> {
    Ok(KernelNextHop {
        path: path(&object("path", nexthop.path)?, family)?,
        weight: integer("weight", nexthop.weight, 1..=256)?,
    })
}

fn path(config: &RoutePath<'_>, family: IpFamily) -> Parsed<KernelPath<Arc<str>>> {
    let gateway = optional_ip("gateway", config.gateway.as_deref())?;
    Ok(KernelPath {
        hop: Hop {
            gateway: match family {
                IpFamily::V4 => gateway,
                IpFamily::V6 => of_family("gateway", gateway, family)?,
            },
            interface: config
                .interface
                .as_deref()
                .map(|name| interface("interface", name).map(|name| Arc::from(name.as_str())))
                .transpose()?,
        },
        onlink: config.onlink,
        realms: realms(config.realms)?,
        encap: config
            .encap
            .map(|value| encap(&object("encap", value)?))
            .transpose()?,
    })
}

fn metrics(list: &[Unknown<'_>], congestion: Option<Unknown<'_>>) -> Parsed<RouteMetrics> {
    let mut metrics = RouteMetrics::default();
    for value in list {
        let RouteMetric {
            metric,
            value,
            lock,
        } = object("metrics", *value)?;
        let known = metric_named(&metric).ok_or_else(|| format!("metric '{metric}' is unknown"))?;
        metrics.set(known, integer(&metric, value, 0..=u32::MAX)?, lock);
    }
    if let Some(value) = congestion {
        let CongestionControl { name, lock } = object("congestionControl", value)?;
        let length = name.len();
        if !(1..=MAX_ALGORITHM_OCTETS).contains(&length) || name.contains('\0') {
            return Err(format!(
                "congestionControl '{name}' is no name of an algorithm"
            ));
        }
        metrics.set_congestion_control(&name, lock);
    }
    Ok(metrics)
}

fn metric_named(name: &str) -> Option<Metric> {
    Some(match name {
        "mtu" => Metric::Mtu,
        "window" => Metric::Window,
        "rtt" => Metric::Rtt,
        "rttvar" => Metric::RttVar,
        "ssthresh" => Metric::SsThresh,
        "cwnd" => Metric::Cwnd,
        "advmss" => Metric::AdvMss,
        "reordering" => Metric::Reordering,
        "hoplimit" => Metric::HopLimit,
        "initcwnd" => Metric::InitCwnd,
        "features" => Metric::Features,
        "rto_min" => Metric::RtoMin,
        "initrwnd" => Metric::InitRwnd,
        "quickack" => Metric::QuickAck,
        "fastopen_no_cookie" => Metric::FastOpenNoCookie,
        _ => return None,
    })
}

fn encap(config: &Encap) -> Parsed<KernelEncap> {
    match config.kind.as_str() {
        "ip" => tunnel(config, IpFamily::V4),
        "ip6" => tunnel(config, IpFamily::V6),
        "mpls" => {
            let labels = config.labels.as_deref().unwrap_or_default();
            if !(1..=MAX_LABELS).contains(&labels.len()) {
                return Err(format!("encap mpls takes 1 to {MAX_LABELS} labels"));
            }
            let labels = labels.iter();
            let labels = labels.map(|label| integer("label", *label, 0..=MAX_LABEL));
            Ok(KernelEncap::Mpls(labels.collect::<Result<_, _>>()?))
        }
        "ila" => {
            let locator = config.locator.as_deref().unwrap_or_default();
            let parsed = parse_locator(locator);
            let parsed = parsed.ok_or_else(|| format!("'{locator}' is no locator"))?;
            Ok(KernelEncap::Ila(parsed))
        }
        other => Err(format!("encap '{other}' is none of ip, ip6, mpls, ila")),
    }
}

fn tunnel(config: &Encap, family: IpFamily) -> Parsed<KernelEncap> {
    let address =
        |name, text: &Option<String>| of_family(name, optional_ip(name, text.as_deref())?, family);
    let tunnel = IpTunnel {
        id: number("id", config.id.as_deref())?,
        destination: address("destination", &config.destination)?,
        source: address("source", &config.source)?,
        tos: optional_integer("tos", config.tos, 255)?,
        ttl: optional_integer("ttl", config.ttl, 255)?,
        flags: optional_integer("flags", config.flags, u16::MAX)?,
        ..IpTunnel::new(family)
    };
    match (tunnel.id, tunnel.destination) {
        (None, None) => Err(format!(
            "encap {} has neither id nor destination",
            config.kind
        )),
        _ => Ok(KernelEncap::Ip(tunnel)),
    }
}

/// Four groups of 16 bits.
fn parse_locator(text: &str) -> Option<u64> {
    let groups: Vec<u64> = text
        .split(':')
        .map(|group| u16::from_str_radix(group, 16).ok().map(u64::from))
        .collect::<Option<_>>()?;
    (groups.len() == 4).then(|| groups.iter().fold(0, |all, group| all << 16 | group))
}

pub(super) fn realms(value: Option<Unknown<'_>>) -> Parsed<Option<KernelRealms>> {
    let Some(value) = value else { return Ok(None) };
    let Realms { from, to } = object("realms", value)?;
    let realms = KernelRealms {
        from: integer("realms.from", from, 0..=u16::MAX)?,
        to: integer("realms.to", to, 0..=u16::MAX)?,
    };
    Ok(Some(realms).filter(|realms| *realms != KernelRealms::default()))
}

pub(super) fn interface(field: &str, name: &str) -> Parsed<InterfaceName> {
    InterfaceName::new(name).map_err(|error| format!("{field} '{name}': {error}"))
}

/// A number of 64 bits in decimal digits.
pub(super) fn number(field: &str, text: Option<&str>) -> Parsed<Option<u64>> {
    let parse = |text: &str| {
        let parsed = text.parse();
        parsed.map_err(|_| format!("{field} '{text}' is no number of 64 bits"))
    };
    text.map(parse).transpose()
}

pub(super) fn optional_integer<T>(field: &str, value: Option<f64>, max: T) -> Parsed<Option<T>>
where
    T: Copy + std::fmt::Display + Into<f64> + TryFrom<u32> + Default,
{
    value
        .map(|value| integer(field, value, T::default()..=max))
        .transpose()
}

pub(super) fn optional_prefix(field: &str, text: Option<&str>) -> Parsed<Option<Prefix>> {
    text.map(|text| prefix(field, text)).transpose()
}

/// `ADDRESS/LENGTH`.
fn prefix(field: &str, text: &str) -> Parsed<Prefix> {
    let (address, length) = text
        .split_once('/')
        .ok_or_else(|| format!("{field} '{text}' has no length"))?;
    let address = ip(field, address)?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    match length.parse() {
        Ok(length) if length <= longest => Ok(Prefix::new(address, length)),
        _ => Err(format!(
            "{field} '{text}': the length is not 0 to {longest}"
        )),
    }
}

fn of_family(field: &str, address: Option<IpAddr>, family: IpFamily) -> Parsed<Option<IpAddr>> {
    match address {
        Some(address) if IpFamily::of(address) != family => {
            Err(format!("{field} {address} is no {family} address"))
        }
        address => Ok(address),
    }
}
