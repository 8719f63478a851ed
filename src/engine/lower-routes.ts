import type {
  Encap as NativeEncap,
  NextHop as NativeNextHop,
  Realms as NativeRealms,
  RouteMetric as NativeMetric,
  RoutePath,
  VirtualRoute,
} from '#native'
import { ROUTE_TYPES } from '../config/keywords/route-destination.ts'
import type { Encap, NextHop, Route } from '../config/model.ts'
import type { Realms, RouteMetric } from '../config/tables/values.ts'
import { asFirstSaid } from './first-said.ts'
import { optional } from './optional.ts'
import { prefixText } from './prefix.ts'
import { US_PER_S } from '../config/forms/numbers.ts'

/** The units in which the kernel has the times of a route. */
const RTT_UNIT_US = 125
const RTTVAR_UNIT_US = 250
const RTO_MIN_UNIT_US = 1_000
/** RTAX_FEATURE_ECN. */
const FEATURES = { ecn: 1 } as const

/** The kernel's main table, and the metric that it gives to an IPv6 route of none. */
const MAIN_TABLE = 254
const IPV6_METRIC = 1_024

/** Routes of an instance, or of the machine, as the engine takes them: of those that are one route of the kernel, what the first says. */
export function lowerRoutes(routes: readonly Route[]): VirtualRoute[] {
  // The table of a VRF is not known here.
  const known = routes.filter(({ vrf }) => vrf === undefined)
  return asFirstSaid(known.map(lowerRoute), keyOf)
}

/** What the engine, and the kernel so far as it can be asked, tells routes apart by. */
function keyOf(route: VirtualRoute): unknown {
  const { destination, table, tos, metric = 0, kind, scope, protocol, preferredSource } = route
  const isIpv6 = destination.includes(':')
  const place = [destination, route.source, table === 0 ? MAIN_TABLE : table, isIpv6 && metric === 0 ? IPV6_METRIC : metric]
  return [
    place,
    kind,
    protocol,
    isIpv6 ? [] : [tos, scope, preferredSource],
    hopOf(route.path),
    route.nexthops.map(({ path }) => hopOf(path)),
  ]
}

function hopOf({ gateway, interface: dev }: RoutePath): unknown {
  return [gateway, dev]
}

function lowerRoute(route: Route): VirtualRoute {
  const { type, destination, family, from, congctl } = route
  return {
    destination: prefixText(destination, family),
    ...optional('source', from === undefined ? undefined : prefixText(from, family)),
    kind: typeof type === 'number' ? type : ROUTE_TYPES.indexOf(type) + 1,
    table: route.table,
    tos: route.tos,
    ...optional('metric', route.metric),
    scope: route.scope,
    protocol: route.protocol,
    ...optional('preferredSource', route.src),
    path: lowerPath(route),
    nexthops: route.nexthops.map(lowerNextHop),
    metrics: lowerMetrics(route),
    ...optional('congestionControl', congctl === undefined ? undefined : { name: congctl.value, lock: congctl.lock }),
    ...optional('expiresS', route.expiresUs === undefined ? undefined : route.expiresUs / US_PER_S),
    ...optional('preference', route.pref),
    ...optional('ttlPropagate', route.ttlPropagate === undefined ? undefined : route.ttlPropagate === 'enabled'),
    placement: route.placement,
    noTrack: route.noTrack,
    ...optional('trackGroup', route.trackGroup),
  }
}

/** Realms, of which none is 0. */
export function lowerRealms({ from = 0, to }: Realms): NativeRealms {
  return { from, to }
}

function lowerNextHop(hop: NextHop): NativeNextHop {
  return { path: lowerPath(hop), weight: hop.weight }
}

function lowerPath({ via, dev, onlink, realms, encap }: Pick<Route, 'via' | 'dev' | 'onlink' | 'realms' | 'encap'>): RoutePath {
  return {
    ...optional('gateway', via),
    ...optional('interface', dev),
    onlink,
    ...optional('realms', realms === undefined ? undefined : lowerRealms(realms)),
    ...optional('encap', encap === undefined ? undefined : lowerEncap(encap)),
  }
}

function lowerEncap({ type, labels, locator, id, dst, src, tos, tc, ttl, hoplimit, flags }: Encap): NativeEncap {
  return {
    type,
    ...optional('labels', labels === undefined ? undefined : [...labels]),
    ...optional('locator', locator),
    ...optional('id', id),
    ...optional('destination', dst),
    ...optional('source', src),
    ...optional('tos', tos ?? tc),
    ...optional('ttl', ttl ?? hoplimit),
    ...optional('flags', flags),
  }
}

function lowerMetrics(route: Route): NativeMetric[] {
  return [
    ...metric('mtu', route.mtu),
    ...metric('window', unlocked(route.window)),
    ...metric('rtt', route.rttUs, RTT_UNIT_US),
    ...metric('rttvar', route.rttvarUs, RTTVAR_UNIT_US),
    ...metric('ssthresh', route.ssthresh),
    ...metric('cwnd', route.cwnd),
    ...metric('advmss', route.advmss),
    ...metric('reordering', route.reordering),
    ...metric('hoplimit', unlocked(route.hoplimit)),
    ...metric('initcwnd', unlocked(route.initcwnd)),
    ...metric('features', unlocked(route.features === undefined ? undefined : FEATURES[route.features])),
    ...metric('rto_min', route.rtoMinUs, RTO_MIN_UNIT_US),
    ...metric('initrwnd', unlocked(route.initrwnd)),
    ...metric('quickack', unlocked(route.quickack)),
    ...metric('fastopen_no_cookie', unlocked(route.fastopenNoCookie)),
  ]
}

function metric(name: NativeMetric['metric'], value: RouteMetric<number> | undefined, unit = 1): NativeMetric[] {
  return value === undefined ? [] : [{ metric: name, value: Math.trunc(value.value / unit), lock: value.lock }]
}

function unlocked(value: number | undefined): RouteMetric<number> | undefined {
  return value === undefined ? undefined : { value, lock: false }
}
