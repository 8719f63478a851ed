/** Options of a route: where it leads and where it is kept. */
import { address } from '../forms/addresses.ts'
import { iprouteNamed } from '../forms/iproute.ts'
import { UINT32_MAX, wholeSeconds } from '../forms/numbers.ts'
import { constant, flag, interfaceName } from '../forms/words.ts'
import { lacking } from '../tables/keyword-status.ts'
import type { OptionRow } from '../tables/schema.ts'
import { FROM, gateway, ROUTE_IGNORED, storeAddress, storeFrom, uint32 } from './route-addresses.ts'

/** RTPROT_KEEPALIVED. */
export const KEEPALIVED_PROTOCOL: number = 18
const MAIN_TABLE = 254

const TOS = iprouteNamed({ table: 'rt_dsfield', max: 255, what: 'a type of service', consequence: ROUTE_IGNORED })
const GATEWAY = gateway(ROUTE_IGNORED)
const METRIC = { form: uint32(), field: 'metric' }
const DEV = { form: interfaceName(), field: 'dev' }
const PLACEMENTS = ['add', 'prepend', 'append'] as const

export const ROUTE_OPTIONS: readonly OptionRow[] = [
  {
    keyword: 'src',
    syntax: 'src ADDRESS',
    default: 'none',
    range: 'same family',
    meaning: 'Preferred source address.',
    form: address({ isExact: true, consequence: ROUTE_IGNORED }),
    store: storeAddress('src'),
  },
  {
    keyword: 'from',
    syntax: 'from ADDRESS[/LEN]',
    default: 'none',
    range: 'IPv6 only',
    meaning: 'Source selector.',
    form: FROM,
    store: storeFrom,
  },
  {
    keyword: 'via',
    syntax: 'via [inet|inet6] ADDRESS',
    default: 'none',
    range: 'same family as the route',
    meaning: 'Gateway.',
    form: GATEWAY,
    store: storeAddress('via'),
  },
  {
    keyword: 'gw',
    syntax: 'gw [inet|inet6] ADDRESS',
    default: 'none',
    range: 'as via',
    meaning: 'Gateway.',
    note: 'Deprecated, an error is reported; use via',
    form: GATEWAY,
    field: 'via',
    store: storeAddress('via'),
    deprecated: { instead: 'via' },
  },
  {
    keyword: 'or',
    syntax: 'or ADDRESS',
    default: 'none',
    range: 'once; not with nexthop',
    meaning: 'Adds a second gateway making a two-hop route.',
    note: 'Deprecated, an error is reported; use nexthop',
  },
  {
    keyword: 'as',
    syntax: 'as [to] ADDRESS',
    default: '-',
    range: 'not supported: reported and ignored',
    meaning: 'NAT target (MPLS only).',
    note: 'Always reported',
  },
  {
    keyword: 'tos',
    syntax: 'tos VALUE',
    default: '0',
    range: 'number 0..255 or a name of the iproute2 dsfield table; IPv4',
    meaning: 'Type of service key.',
    form: TOS,
    standard: 0,
  },
  {
    keyword: 'dsfield',
    syntax: 'dsfield VALUE',
    default: '0',
    range: 'as tos',
    meaning: 'Type of service key.',
    note: 'Same as tos',
    form: TOS,
    field: 'tos',
  },
  {
    keyword: 'table',
    syntax: 'table TABLE',
    default: 'main',
    range: 'number 0..4294967295 or table name',
    meaning: 'Routing table.',
    form: iprouteNamed({ table: 'rt_tables', max: UINT32_MAX, what: 'a routing table', consequence: ROUTE_IGNORED }),
    standard: MAIN_TABLE,
  },
  {
    keyword: 'protocol',
    syntax: 'protocol PROTO',
    default: 'keepalived (18)',
    range: 'number 0..255 or name; anything but 18 is reset with an error unless no_track',
    meaning: 'Route origin.',
    form: iprouteNamed({ table: 'rt_protos', max: 255, what: 'a protocol', consequence: ROUTE_IGNORED }),
    standard: KEEPALIVED_PROTOCOL,
  },
  {
    keyword: 'scope',
    syntax: 'scope SCOPE',
    default: 'global',
    range: 'number 0..255 or name; IPv4',
    meaning: 'Route scope.',
    form: iprouteNamed({ table: 'rt_scopes', max: 255, what: 'a scope', consequence: ROUTE_IGNORED }),
    standard: 0,
  },
  {
    keyword: 'metric',
    syntax: 'metric NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Route metric.',
    ...METRIC,
  },
  {
    keyword: 'priority',
    syntax: 'priority NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Route metric.',
    note: 'Same as metric',
    ...METRIC,
  },
  {
    keyword: 'preference',
    syntax: 'preference NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Route metric.',
    note: 'Same as metric',
    ...METRIC,
  },
  {
    keyword: 'dev',
    syntax: 'dev IFNAME',
    default: 'none',
    range: 'must exist unless dynamic_interfaces',
    meaning: 'Output interface.',
    ...DEV,
  },
  {
    keyword: 'oif',
    syntax: 'oif IFNAME',
    default: 'none',
    range: 'as dev',
    meaning: 'Output interface.',
    note: 'Same as dev',
    ...DEV,
  },
  {
    keyword: 'onlink',
    syntax: 'onlink',
    default: 'off',
    range: 'flag; IPv4',
    meaning: 'Treats the gateway as directly attached.',
    form: flag(),
  },
  {
    keyword: 'expires',
    syntax: 'expires SECONDS',
    default: 'never',
    range: '0..4294967295; IPv6',
    meaning: 'Lifetime.',
    form: wholeSeconds(0, UINT32_MAX, { consequence: ROUTE_IGNORED }),
  },
]

/** The last ones, in front of the paths. */
export const ROUTE_END_OPTIONS: readonly OptionRow[] = [
  {
    keyword: 'add',
    syntax: 'add',
    default: 'prepend',
    range: 'flag',
    meaning: 'Adds only when no equal route exists.',
    form: constant('add', PLACEMENTS),
    field: 'placement',
    isFilled: true,
  },
  {
    keyword: 'prepend',
    syntax: 'prepend',
    default: 'default',
    range: 'flag',
    meaning: 'Puts the route before equal ones.',
    form: constant('prepend', PLACEMENTS),
    field: 'placement',
    isFilled: true,
  },
  {
    keyword: 'append',
    syntax: 'append',
    default: 'prepend',
    range: 'flag',
    meaning: 'Puts the route after equal ones.',
    form: constant('append', PLACEMENTS),
    field: 'placement',
    isFilled: true,
  },
  {
    keyword: 'no_track',
    syntax: 'no_track',
    default: 'off (tracked)',
    range: 'flag',
    meaning: 'Loss of the route does not fault the instance.',
    form: flag(),
  },
  {
    keyword: 'vrf',
    syntax: 'vrf IFNAME',
    default: 'none',
    range: 'existing VRF device',
    meaning: 'Uses the table of a VRF.',
    form: interfaceName('the name of a VRF'),
    status: lacking('the route is left out'),
  },
]
