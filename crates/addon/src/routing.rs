//! Routes and rules as JavaScript hands them over, before anything of them is parsed.

use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

/// A route and how the kernel shall have it.
#[napi(object, object_to_js = false)]
pub struct VirtualRoute<'env> {
    /// Which packets it is for: `ADDRESS/LENGTH`.
    pub destination: String,
    /// Which sources of packets it is for: `ADDRESS/LENGTH` (IPv6).
    pub source: Option<String>,
    /// What becomes of packets: the kernel's RTN number, 0 to 255; 1 = unicast.
    pub kind: f64,
    /// Number of its table; 254 = main.
    pub table: f64,
    /// Type of service, 0 to 255; 0 = any.
    pub tos: f64,
    /// Metric; absent = the kernel's choice.
    pub metric: Option<f64>,
    /// Scope number of rtnetlink(7), 0 to 255; 0 = global.
    pub scope: f64,
    /// Who made it: the kernel's RTPROT number, 0 to 255.
    pub protocol: f64,
    /// Source address of connections that begin here.
    pub preferred_source: Option<String>,
    /// The path; also of a route that has several, where it agrees with the first.
    #[napi(ts_type = "RoutePath")]
    pub path: Unknown<'env>,
    /// The paths where there are several.
    #[napi(ts_type = "Array<NextHop>")]
    pub nexthops: Vec<Unknown<'env>>,
    /// What TCP and others take for granted.
    #[napi(ts_type = "Array<RouteMetric>")]
    pub metrics: Vec<Unknown<'env>>,
    /// Algorithm of congestion control.
    #[napi(ts_type = "CongestionControl")]
    pub congestion_control: Option<Unknown<'env>>,
    /// For how many seconds it is valid (IPv6); absent = forever.
    pub expires_s: Option<f64>,
    /// Preference of the router (RFC 4191): 0 medium, 1 high, 3 low (IPv6).
    pub preference: Option<f64>,
    /// Whether the TTL goes from one MPLS label to the next; absent = the kernel's setting.
    pub ttl_propagate: Option<bool>,
    /// Where it goes among routes of the same destination, type of service and metric.
    #[napi(ts_type = "'add' | 'prepend' | 'append'")]
    pub placement: String,
    /// Its removal by others is neither noticed nor made good.
    pub no_track: bool,
    /// Name of the group of instances that its loss concerns; only of a static route.
    pub track_group: Option<String>,
}

/// A path of packets.
#[napi(object, object_to_js = false)]
pub struct RoutePath<'env> {
    /// The next router; of the other family only for an IPv4 route.
    pub gateway: Option<String>,
    /// The interface; absent = the kernel's choice.
    pub interface: Option<String>,
    /// The gateway is on the link, whatever the addresses of the interface say.
    pub onlink: bool,
    /// Classes of its traffic (IPv4).
    #[napi(ts_type = "Realms")]
    pub realms: Option<Unknown<'env>>,
    /// What packets are put into.
    #[napi(ts_type = "Encap")]
    pub encap: Option<Unknown<'env>>,
}

/// One of several paths.
#[napi(object, object_to_js = false)]
pub struct NextHop<'env> {
    /// The path.
    #[napi(ts_type = "RoutePath")]
    pub path: Unknown<'env>,
    /// Its share of the packets, 1 to 256.
    pub weight: f64,
}

/// Classes of traffic, 0 to 65,535 each; 0 = none.
#[napi(object, object_to_js = false)]
pub struct Realms {
    /// Of the sources.
    pub from: f64,
    /// Of the destinations.
    pub to: f64,
}

/// A metric that is a number, by the name that ip-route(8) has for it.
#[napi(object, object_to_js = false)]
pub struct RouteMetric {
    /// Which one. Times are in the kernel's units: `rtt` in eighths and `rttvar` in fourths of a millisecond, `rto_min`
    /// in milliseconds; `features` is the kernel's bit mask.
    #[napi(
        ts_type = "'mtu' | 'window' | 'rtt' | 'rttvar' | 'ssthresh' | 'cwnd' | 'advmss' | 'reordering' | 'hoplimit' | 'initcwnd' | 'features' | 'rto_min' | 'initrwnd' | 'quickack' | 'fastopen_no_cookie'"
    )]
    pub metric: String,
    /// Its value.
    pub value: f64,
    /// The kernel must leave it alone.
    pub lock: bool,
}

/// An algorithm of congestion control.
#[napi(object, object_to_js = false)]
pub struct CongestionControl {
    /// Its name, at most 15 octets.
    pub name: String,
    /// The kernel must leave it alone.
    pub lock: bool,
}

/// What packets are put into.
#[napi(object, object_to_js = false)]
pub struct Encap {
    /// How.
    #[napi(js_name = "type", ts_type = "'ip' | 'ip6' | 'mpls' | 'ila'")]
    pub kind: String,
    /// MPLS labels, 0 to 1,048,575, the outermost first.
    pub labels: Option<Vec<f64>>,
    /// ILA locator: four groups of hexadecimal digits, joined by colons.
    pub locator: Option<String>,
    /// Number of the tunnel, in decimal digits.
    pub id: Option<String>,
    /// Destination of the outer packets.
    pub destination: Option<String>,
    /// Source of the outer packets.
    pub source: Option<String>,
    /// Type of service or traffic class of the outer packets, 0 to 255.
    pub tos: Option<f64>,
    /// Time to live or hop limit of the outer packets, 0 to 255.
    pub ttl: Option<f64>,
    /// Flags of the tunnel, 0 to 65,535, as keepalived writes them: in host byte order.
    pub flags: Option<f64>,
}

/// A rule of policy routing and how the kernel shall have it.
#[napi(object, object_to_js = false)]
pub struct VirtualRule<'env> {
    /// 4 or 6.
    pub family: f64,
    /// Its place among the rules, from the lowest to the highest.
    pub preference: f64,
    /// What it does.
    #[napi(
        ts_type = "'table' | 'goto' | 'l3mdev' | 'nop' | 'blackhole' | 'unreachable' | 'prohibit'"
    )]
    pub action: String,
    /// Of `table`: its number, not 0.
    pub table: Option<f64>,
    /// Of `goto`: the preference of the rule to go on at.
    pub goto: Option<f64>,
    /// It is for the packets that its selectors do not fit.
    pub inverted: bool,
    /// Sources of packets: `ADDRESS/LENGTH`; absent = any.
    pub from: Option<String>,
    /// Destinations of packets: `ADDRESS/LENGTH`; absent = any.
    pub to: Option<String>,
    /// Type of service, 0 to 255; 0 = any.
    pub tos: f64,
    /// Firewall mark.
    #[napi(ts_type = "FirewallMark")]
    pub fwmark: Option<Unknown<'env>>,
    /// Interface that packets came by.
    pub iif: Option<String>,
    /// Interface that the socket of packets is bound to.
    pub oif: Option<String>,
    /// Number of the tunnel that packets came by, in decimal digits.
    pub tunnel_id: Option<String>,
    /// Users of packets that begin here.
    #[napi(ts_type = "NumberRange")]
    pub uidrange: Option<Unknown<'env>>,
    /// Protocol above IP, 0 to 255.
    pub ipproto: Option<f64>,
    /// Source ports.
    #[napi(ts_type = "NumberRange")]
    pub sport: Option<Unknown<'env>>,
    /// Destination ports.
    #[napi(ts_type = "NumberRange")]
    pub dport: Option<Unknown<'env>>,
    /// Classes of traffic (IPv4).
    #[napi(ts_type = "Realms")]
    pub realms: Option<Unknown<'env>>,
    /// Results with a prefix of at most so many bits do not count.
    pub suppress_prefixlength: Option<f64>,
    /// Results through interfaces of this group do not count.
    pub suppress_ifgroup: Option<f64>,
    /// Who made it: the kernel's RTPROT number, 0 to 255; 0 does not say.
    pub protocol: f64,
    /// Its removal by others is neither noticed nor made good.
    pub no_track: bool,
    /// Name of the group of instances that its loss concerns; only of a static rule.
    pub track_group: Option<String>,
}

/// Bits of a firewall mark.
#[napi(object, object_to_js = false)]
pub struct FirewallMark {
    /// What they are.
    pub mark: f64,
    /// Which count.
    pub mask: f64,
}

/// Numbers from the first to the last.
#[napi(object, object_to_js = false)]
pub struct NumberRange {
    /// The first.
    pub first: f64,
    /// The last.
    pub last: f64,
}
