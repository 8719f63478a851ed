/** What stands in front of the options of a route: its type and its destination. */
import { parseAnyBase } from '../forms/numbers.ts'
import type { OptionRow } from '../tables/schema.ts'

/** Kinds of routes in the kernel's order, counted from 1. */
export const ROUTE_TYPES = [
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
  'xresolve',
] as const

/** A kind of route: numbers are of kinds that have no name here. */
export type RouteType = (typeof ROUTE_TYPES)[number] | number

const MAX_TYPE = 255

/** The kind of route that a word or a number says; `undefined` when it says none. */
export function parseRouteType(text: string): RouteType | undefined {
  const named = ROUTE_TYPES.find((type) => type === (text === 'brd' ? 'broadcast' : text))
  if (named !== undefined) return named
  const number = parseAnyBase(text)
  return number !== undefined && number >= 0 && number <= MAX_TYPE ? (ROUTE_TYPES[number - 1] ?? number) : undefined
}

function typeWord(keyword: string, meaning: string): OptionRow {
  return { keyword, syntax: keyword, default: 'unicast', range: 'route type word before DEST (a number 0..255 also works)', meaning }
}

/** Words that no option takes: they are here for the documentation. */
export const DESTINATION_OPTIONS: readonly OptionRow[] = [
  {
    keyword: 'inet',
    syntax: 'inet',
    default: 'from the addresses',
    range: 'before the destination; in 2.4.3 the word right after it is skipped',
    meaning: 'Forces IPv4.',
  },
  {
    keyword: 'inet6',
    syntax: 'inet6',
    default: 'from the addresses',
    range: 'before the destination; in 2.4.3 the word right after it is skipped',
    meaning: 'Forces IPv6.',
  },
  {
    keyword: 'to',
    syntax: 'to DEST',
    default: '-',
    range: 'optional word; in 2.4.3 it must be followed directly by DEST',
    meaning: 'Introduces the destination.',
  },
  {
    keyword: 'DEST',
    syntax: 'ADDRESS[/LEN]|default|any|all',
    default: 'none (mandatory)',
    range: 'LEN 0..32 or 0..128',
    meaning: 'Destination.',
    note: 'default6 is a deprecated form of inet6 default',
  },
  {
    keyword: 'default',
    syntax: 'default',
    default: '-',
    range: 'word (any and all mean the same)',
    meaning: 'Default route.',
  },
  {
    keyword: 'any',
    syntax: 'any',
    default: '-',
    range: 'word',
    meaning: 'Default route.',
  },
  {
    keyword: 'all',
    syntax: 'all',
    default: '-',
    range: 'word',
    meaning: 'Default route.',
  },
  {
    keyword: 'default6',
    syntax: 'default6',
    default: '-',
    range: 'word',
    meaning: 'IPv6 default route.',
    note: 'Deprecated; logs a notice',
  },
  typeWord('unicast', 'Ordinary route.'),
  typeWord('local', 'Delivered locally.'),
  typeWord('broadcast', 'Broadcast destination.'),
  typeWord('brd', 'Broadcast destination (short form).'),
  typeWord('anycast', 'Anycast destination.'),
  typeWord('multicast', 'Multicast destination.'),
  typeWord('nat', 'Old NAT route.'),
  typeWord('prohibit', 'Rejected with a prohibited error.'),
  typeWord('unreachable', 'Rejected as unreachable.'),
  typeWord('blackhole', 'Dropped silently.'),
  typeWord('throw', 'Ends the lookup in this table.'),
  typeWord('xresolve', 'External resolution.'),
]
