/** `virtual_server`: how it spreads connections over its servers. */
import { FORWARDING_METHOD, METHOD_WORDS, storeMethod, TUNNEL_OPTIONS } from '../forms/forwarding.ts'
import { granularity } from '../forms/granularity.ts'
import { wholeSeconds } from '../forms/numbers.ts'
import { flag, oneOf, word } from '../forms/words.ts'
import { noEffect } from '../tables/keyword-status.ts'
import type { OptionRow, Row, SettingRow } from '../tables/schema.ts'
import { storeGranularity, storeHashFlag, storeIpFamily } from './virtual-server-store.ts'

/** IPVS schedulers and what they are. */
const SCHEDULERS = {
  rr: 'Round robin.',
  wrr: 'Weighted round robin.',
  lc: 'Least connections.',
  wlc: 'Weighted least connections.',
  lblc: 'Locality-based least connections.',
  sh: 'Source hash.',
  mh: 'Maglev hash.',
  dh: 'Destination hash.',
  fo: 'Weighted failover.',
  ovf: 'Weighted overflow.',
  lblcr: 'Locality-based least connections with replication.',
  sed: 'Shortest expected delay.',
  nq: 'Never queue.',
  twos: 'Random choice between two servers.',
} as const

const SCHEDULER_WORDS: readonly OptionRow[] = Object.entries(SCHEDULERS).map(([keyword, meaning]) => {
  return { keyword, syntax: keyword, default: '-', range: 'scheduler name', meaning }
})
const SCHEDULER = oneOf(Object.keys(SCHEDULERS) as (keyof typeof SCHEDULERS)[])

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const

/** The longest name of a persistence engine. */
const MAX_ENGINE_NAME = 16
const MAX_PERSISTENCE_S = 2_678_400
/** Of `persistence_timeout` without a number. */
const PERSISTENCE_S = 360

export const FAMILY_ROW: Row = {
  kind: 'setting',
  keyword: 'ip_family',
  field: 'ipFamily',
  syntax: 'ip_family inet|inet6',
  default: 'from the servers, else inet',
  range: 'must agree with a family already known',
  meaning: 'Family of a mark service.',
  form: oneOf(['inet', 'inet6']),
  isFilled: true,
  store: storeIpFamily,
  options: [
    { keyword: 'inet', syntax: 'inet', default: '-', range: 'word', meaning: 'IPv4.' },
    { keyword: 'inet6', syntax: 'inet6', default: '-', range: 'word', meaning: 'IPv6.' },
  ],
}

const SCHEDULER_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'lvs_sched',
    field: 'lvsSched',
    syntax: 'lvs_sched rr|wrr|lc|wlc|lblc|sh|mh|dh|fo|ovf|lblcr|sed|nq|twos',
    default: 'wlc, with an error when missing',
    range: 'listed names only',
    meaning: 'IPVS scheduler.',
    form: SCHEDULER,
    isFilled: true,
    options: SCHEDULER_WORDS,
  },
  {
    kind: 'setting',
    keyword: 'lb_algo',
    field: 'lvsSched',
    syntax: 'lb_algo rr|wrr|lc|wlc|lblc|sh|mh|dh|fo|ovf|lblcr|sed|nq|twos',
    default: '-',
    range: 'as lvs_sched',
    meaning: 'IPVS scheduler.',
    note: 'Same as lvs_sched',
    form: SCHEDULER,
  },
]

const FLAG_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'hashed',
    field: 'hashed',
    syntax: 'hashed',
    default: '-',
    range: 'flag',
    meaning: 'Accepted without effect beyond the flag-handling code.',
    note: 'Obsolete; outside the sh and mh schedulers an error is reported',
    form: flag(),
    store: storeHashFlag('hashed'),
    status: noEffect('the kernel sets it itself'),
  },
  {
    kind: 'setting',
    keyword: 'ops',
    field: 'ops',
    syntax: 'ops',
    default: 'off',
    range: 'flag; UDP or mark services only, else cleared with an error',
    meaning: 'One-packet scheduling.',
    form: flag(),
  },
  flagRow('flag-1', 'First scheduler-specific flag.'),
  flagRow('flag-2', 'Second scheduler-specific flag.'),
  flagRow('flag-3', 'Third scheduler-specific flag.'),
  hashRow('sh-port', 'flag-2', 'Adds the source port to the sh hash.'),
  hashRow('sh-fallback', 'flag-1', 'Falls back to another server when the hashed one is down.'),
  hashRow('mh-port', 'flag-2', 'Adds the source port to the mh hash.'),
  hashRow('mh-fallback', 'flag-1', 'Falls back to another server when the hashed one is down.'),
]

const METHOD_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'lvs_method',
    field: 'lvsMethod',
    syntax: 'lvs_method NAT|DR|TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]',
    default: 'NAT, with an error when missing',
    range: 'see rows below; a bad option leaves the tunnel settings unchanged',
    meaning: 'Default forwarding method.',
    form: FORWARDING_METHOD,
    isFilled: true,
    store: storeMethod('lvsMethod'),
    options: [...METHOD_WORDS, ...TUNNEL_OPTIONS],
  },
  {
    kind: 'setting',
    keyword: 'lb_kind',
    field: 'lvsMethod',
    syntax: 'lb_kind NAT|DR|TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]',
    default: '-',
    range: 'as lvs_method',
    meaning: 'Default forwarding method.',
    note: 'Same as lvs_method',
    form: FORWARDING_METHOD,
    options: [],
    store: storeMethod('lvsMethod'),
  },
]

const PERSISTENCE_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'persistence_engine',
    field: 'persistenceEngine',
    syntax: 'persistence_engine NAME',
    default: 'none',
    range: 'at most 16 characters, longer is cut with an error',
    meaning: 'IPVS persistence engine, such as sip.',
    form: word({ longest: MAX_ENGINE_NAME, tooLong: 'cut' }),
  },
  {
    kind: 'setting',
    keyword: 'persistence_timeout',
    field: 'persistenceTimeout',
    syntax: 'persistence_timeout [SECONDS]',
    default: 'off; bare means 360 s',
    range: '1..2678400 s',
    meaning: 'Client persistence.',
    note: 'Set to 360 s with an error for a service without port',
    form: wholeSeconds(1, MAX_PERSISTENCE_S, { bare: PERSISTENCE_S }),
  },
  {
    kind: 'setting',
    keyword: 'persistence_granularity',
    field: 'persistenceGranularity',
    syntax: 'persistence_granularity NETMASK|PREFIXLEN',
    default: '255.255.255.255 or 128',
    range: 'dotted mask for IPv4, 1..128 for IPv6; also turns persistence on (360 s)',
    meaning: 'Size of the client group sharing persistence.',
    form: granularity(),
    store: storeGranularity,
  },
]

const PROTOCOL_ROW: Row = {
  kind: 'setting',
  keyword: 'protocol',
  field: 'protocol',
  syntax: 'protocol TCP|UDP|SCTP',
  default: 'UDP with an error when missing',
  range: 'any letter case; ignored with a warning for mark services',
  meaning: 'Transport protocol.',
  form: oneOf(PROTOCOLS, { anyCase: true }),
  options: PROTOCOLS.map((keyword) => ({ keyword, syntax: keyword, default: '-', range: 'word, any case', meaning: `${keyword}.` })),
}

export const BALANCING_ROWS: readonly Row[] = [...SCHEDULER_ROWS, ...FLAG_ROWS, ...METHOD_ROWS, ...PERSISTENCE_ROWS, PROTOCOL_ROW]

function flagRow(keyword: string, meaning: string): SettingRow {
  const field = keyword.replace('-', '')
  return { kind: 'setting', keyword, field, syntax: keyword, default: 'off', range: 'flag', meaning, form: flag() }
}

/** A flag by the name that a scheduler has for it. */
function hashRow(keyword: string, bit: string, meaning: string): SettingRow {
  const field = bit.replace('-', '')
  const scheduler = keyword.slice(0, keyword.indexOf('-'))
  return {
    kind: 'setting',
    keyword,
    field,
    syntax: keyword,
    default: 'off',
    range: `flag; scheduler ${scheduler} must be set before it`,
    meaning,
    note: `Same bit as ${bit}`,
    form: flag(),
    store: storeHashFlag(field),
  }
}
