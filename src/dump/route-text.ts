import type { Encap, NextHop, Route } from '../config/model.ts'
import type { Realms, RouteMetric } from '../config/tables/values.ts'
import { US_PER_MS, US_PER_S } from '../config/forms/numbers.ts'

/** The kernel's main table. */
const MAIN = 254

const PREFERENCES: ReadonlyMap<number, string> = new Map([
  [0, 'medium'],
  [1, 'high'],
  [3, 'low'],
])

type Text = string | number | undefined

/** A route as keepalived's dumps have it, such as `prepend 198.51.100.0/24 via inet 192.0.2.2 dev eth0 proto 18 metric 7`. */
export function routeText(route: Route): string {
  return [
    route.placement,
    ...(route.type === 'unicast' ? [] : [String(route.type)]),
    route.destination === 'default' ? anywhere(route) : route.destination,
    ...word('from', route.from),
    ...word('src', route.src),
    ...word('tos', route.tos === 0 ? undefined : route.tos),
    ...encapWords(route.encap),
    ...viaWords(route.via),
    ...word('dev', route.dev),
    ...word('table', route.table === MAIN ? undefined : route.table),
    ...word('proto', route.protocol),
    ...word('scope', route.scope === 0 ? undefined : route.scope),
    ...word('metric', route.metric),
    ...(route.onlink ? ['onlink'] : []),
    ...word('realms', realmsText(route.realms)),
    ...metricWords(route),
    ...route.nexthops.flatMap((hop) => ['nexthop', ...hopWords(hop)]),
    ...(route.noTrack ? ['no_track'] : []),
    ...word('track_group', route.trackGroup),
  ].join(' ')
}

function anywhere({ family }: Route): string {
  return family === 4 ? '0.0.0.0/0' : '::/0'
}

function metricWords(route: Route): string[] {
  return [
    ...metric('congctl', route.congctl),
    ...metric('rtt', route.rttUs, timeText),
    ...metric('rttvar', route.rttvarUs, timeText),
    ...metric('rto_min', route.rtoMinUs, timeText),
    ...word('features', route.features),
    ...metric('mtu', route.mtu),
    ...word('window', route.window),
    ...metric('ssthresh', route.ssthresh),
    ...metric('cwnd', route.cwnd),
    ...metric('advmss', route.advmss),
    ...metric('reordering', route.reordering),
    ...word('hoplimit', route.hoplimit),
    ...word('initcwnd', route.initcwnd),
    ...word('initrwnd', route.initrwnd),
    ...word('quickack', route.quickack),
    ...word('fastopen_no_cookie', route.fastopenNoCookie),
    ...word('ttl-propagate', route.ttlPropagate),
    ...word('expires', route.expiresUs === undefined ? undefined : `${Math.trunc(route.expiresUs / US_PER_S)}sec`),
    ...word('pref', route.pref === undefined ? undefined : (PREFERENCES.get(route.pref) ?? route.pref)),
  ]
}

function hopWords(hop: NextHop): string[] {
  return [
    ...encapWords(hop.encap),
    ...viaWords(hop.via),
    ...word('dev', hop.dev),
    `weight ${hop.weight}`,
    ...(hop.onlink ? ['onlink'] : []),
    ...word('realm', realmsText(hop.realms)),
  ]
}

function viaWords(via: string | undefined): string[] {
  if (via === undefined) return []
  return [`via ${via.includes(':') ? 'inet6' : 'inet'} ${via}`]
}

function encapWords(encap: Encap | undefined): string[] {
  if (encap === undefined) return []
  return [
    `encap ${encap.type}`,
    ...(encap.labels === undefined ? [] : [encap.labels.join('/')]),
    ...(encap.locator === undefined ? [] : [encap.locator]),
    ...word('id', encap.id),
    ...word('dst', encap.dst),
    ...word('src', encap.src),
    ...word('tos', encap.tos),
    ...word('tc', encap.tc),
    ...word('ttl', encap.ttl),
    ...word('hoplimit', encap.hoplimit),
    ...word('flags', encap.flags === undefined ? undefined : `0x${encap.flags.toString(16)}`),
  ]
}

/** Realms as `[FROM/]TO`. */
export function realmsText(realms: Realms | undefined): string | undefined {
  if (realms === undefined) return undefined
  return realms.from === undefined ? String(realms.to) : `${realms.from}/${realms.to}`
}

function timeText(us: number): string {
  return us >= US_PER_S ? `${us / US_PER_S}s` : `${us / US_PER_MS}ms`
}

function metric<V extends string | number>(
  name: string,
  value: RouteMetric<V> | undefined,
  text: (value: V) => Text = (plain) => plain,
): string[] {
  return value === undefined ? [] : [`${name} ${value.lock ? 'lock ' : ''}${text(value.value)}`]
}

function word(name: string, value: Text): string[] {
  return value === undefined ? [] : [`${name} ${value}`]
}
