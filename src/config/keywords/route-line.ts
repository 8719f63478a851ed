/** Lines of `virtual_routes` and `static_routes`: one route each. */
import { TEXT_TYPES } from '../tables/form.ts'
import type { RouteDraft } from '../drafts.ts'
import { decodeNetwork, networkText } from '../forms/networks.ts'
import { requiredWord } from '../forms/words.ts'
import { grammar } from '../tables/grammar.ts'
import type { Item } from '../tables/grammar.ts'
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import type { LineGrammar, OptionRow, ReadContext } from '../tables/schema.ts'
import { decodeText } from '../text/source.ts'
import { reportDeprecated } from '../blocks/status.ts'
import { encapForm, encapGrammar } from './encap.ts'
import { NEXTHOP_FORM, nexthopGrammar } from './nexthop.ts'
import { ANY_WORDS, claimFamily, FAMILY_WORDS, noteFamilyWord, readFamilyWord, ROUTE_IGNORED } from './route-addresses.ts'
import { DESTINATION_OPTIONS, parseRouteType, ROUTE_TYPES } from './route-destination.ts'
import { finishRoute, placementOf } from './route-finish.ts'
import { ROUTE_METRICS } from './route-metrics.ts'
import { ROUTE_END_OPTIONS, ROUTE_OPTIONS } from './route-options.ts'
import { TRACK_GROUP_OPTION } from './track-group-option.ts'

const TYPE = `${ROUTE_TYPES.map((type) => `'${type}'`).join(' | ')} | number`

/** Its words are listed as a grammar of their own. */
const ELSEWHERE: readonly OptionRow[] = []

/** Last, because words after them could be theirs. */
const PATH_OPTIONS: readonly OptionRow[] = [
  {
    keyword: 'encap',
    syntax: 'encap TYPE ...',
    default: 'none',
    range: 'TYPE is ip, ip6, mpls or ila',
    meaning: 'Lightweight tunnel encapsulation.',
    form: encapForm(ROUTE_IGNORED),
    options: ELSEWHERE,
  },
  {
    keyword: 'nexthop',
    field: 'nexthops',
    syntax: 'nexthop ...',
    default: 'none',
    range: 'repeatable, must come last',
    meaning: 'Adds one path of a multipath route.',
    form: NEXTHOP_FORM,
    options: ELSEWHERE,
    use: 'list',
    onBadValue: 'ignore',
  },
]

/** What `nexthop` takes. */
export const NEXTHOP: LineGrammar = nexthopGrammar('static_routes')
/** What `encap` takes. */
export const ENCAP: LineGrammar = encapGrammar('static_routes')
/** Lines of `virtual_routes`. */
export const VIRTUAL_ROUTES: LineGrammar = routeGrammar('vrrp_instance/virtual_routes', [])
/** Lines of `static_routes`. */
export const STATIC_ROUTES: LineGrammar = routeGrammar('static_routes', [TRACK_GROUP_OPTION.route])

function routeGrammar(path: string, more: readonly OptionRow[]): LineGrammar {
  return grammar({
    path,
    type: 'Route',
    line: {
      keyword: '',
      syntax: '[inet|inet6] [TYPE] DEST[/LEN] [option...] [nexthop ...]...',
      default: 'main table, universe scope, unicast type, IPv4 when undetermined',
      range:
        'one route per line; a destination is mandatory; any option error drops the line; a word that is no option is taken as TYPE or DEST',
      meaning: 'One route.',
      note: 'A missing option value aborts the whole parse',
    },
    head: [
      {
        field: 'type',
        model: TYPE,
        input: TYPE,
        schema: { anyOf: [{ enum: ROUTE_TYPES }, { type: 'integer', minimum: 0, maximum: 255 }] },
        meaning: 'What becomes of packets; `unicast` unless given. A number is a type that has no name here.',
        isOptional: true,
        isFilled: true,
      },
      {
        field: 'destination',
        ...TEXT_TYPES,
        meaning: '`ADDRESS`, `ADDRESS/LEN` or `default`; in a configuration to be read, `::/0` is the default of IPv6.',
      },
    ],
    options: [...DESTINATION_OPTIONS, ...ROUTE_OPTIONS, ...ROUTE_METRICS, ...ROUTE_END_OPTIONS, ...more, ...PATH_OPTIONS],
    inner: [nexthopGrammar(path), encapGrammar(path)],
    derived: [{ field: 'family', model: '4 | 6', meaning: 'IP version.' }],
    what: 'the route',
    onUnknown: 'drop',
    onMissing: 'end',
    onBadValue: 'drop',
    readHead: () => true,
    readOther,
    finish: finishRoute,
    isImplied: (field, item) => field === 'placement' && item[field] === placementOf(item as RouteDraft),
    headInput,
    headWords({ type, destination }) {
      if (typeof destination !== 'string') return undefined
      if (type === undefined || type === 'unicast') return [destination]
      return typeof type === 'string' || typeof type === 'number' ? [String(type), destination] : undefined
    },
  })
}

/** The default route of IPv6 needs an address to be told from that of IPv4. */
function headInput(item: Item): Readonly<Record<string, unknown>> {
  const route = item as RouteDraft
  const { type, destination, family, via, src, from, nexthops = [] } = route
  const saysFamily = [via, src, from, ...nexthops.map((path) => path.via)].some((address) => address !== undefined)
  const written = destination === 'default' && family === 6 && !saysFamily ? '::/0' : destination
  return { ...(type === 'unicast' ? {} : { type }), destination: written }
}

/** What is no option: the family, the destination, its type, and old words. */
function readOther(text: string, line: Line, item: Item, context: ReadContext): 'read' | 'drop' | undefined {
  const family = readFamilyWord(text, item, 'route', line, context)
  if (family !== undefined) return family
  if (text === 'or') return readSecondGateway(line, item, context)
  if (text === 'as') return readNatTarget(line, context)
  const type = parseRouteType(text)
  if (type !== undefined) item['type'] = type
  else if (text !== 'to') return readDestination(text, line, item, context)
  else noteFamilyBefore(line, context)
  const destination = requiredWord(line, text, 'a destination', context.diagnostics)
  return destination === undefined
    ? 'drop'
    : (readDestination(destination, line, item, context) ?? reportDestination(destination, line, context))
}

/** `inet to ADDRESS` is the same to keepalived, and `inet to default` is not. */
function noteFamilyBefore(line: Line, context: ReadContext): void {
  const { tokens } = context
  const before = decodeText(tokens.text(line.wordAt - 1))
  if (line.wordAt > line.at && FAMILY_WORDS.has(before) && ANY_WORDS.has(line.peek() ?? '')) {
    noteFamilyWord(before, tokens.span(line.wordAt - 1), context)
  }
}

function reportDestination(text: string, line: Line, { diagnostics }: ReadContext): 'drop' {
  diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not a destination; ${ROUTE_IGNORED}`)
  return 'drop'
}

/** @returns `undefined` when the word is no destination */
function readDestination(text: string, line: Line, item: Item, context: ReadContext): 'read' | 'drop' | undefined {
  if (text === 'default6') {
    reportDeprecated(text, { instead: '::/0', silent: true }, line, context)
    if (!claimFamily(item, 6, 'route', line, context)) return 'drop'
  } else if (!ANY_WORDS.has(text)) {
    const network = decodeNetwork(text, line, context)
    // Something like an address is no misspelt option.
    if (network === undefined) return /[.:/]/.test(text) ? reportDestination(text, line, context) : undefined
    if (!claimFamily(item, network.family, 'route', line, context)) return 'drop'
    if (network.prefixLength > 0) return storeDestination(networkText(network), line, item, context)
  }
  return storeDestination('default', line, item, context)
}

function storeDestination(destination: string, line: Line, item: Item, { diagnostics }: ReadContext): 'read' {
  const { destination: before } = item as RouteDraft
  if (before !== undefined) {
    const message = `a route has one destination: ${destination} replaces ${before}`
    diagnostics.info('no-effect', line.wordSpan, message, 'each route has a line of its own')
  }
  item['destination'] = destination
  return 'read'
}

/** `or ADDRESS`, the old way to say that there are two paths; finishing the route makes them. */
function readSecondGateway(line: Line, item: Item, context: ReadContext): 'read' | 'drop' {
  const { diagnostics } = context
  reportDeprecated('or', { instead: 'nexthop', differs: true }, line, context)
  const text = requiredWord(line, 'or', 'an address', diagnostics)
  if (text === undefined) return 'drop'
  const network = text.includes('/') ? undefined : decodeNetwork(text, line, context)
  if (network === undefined) return reportAddress(text, line, context)
  if (!claimFamily(item, network.family, 'route', line, context)) return 'drop'
  if (item['or'] === undefined) item['or'] = network.address
  else diagnostics.error('duplicate-setting', line.wordSpan, "a second 'or' is ignored")
  return 'read'
}

function reportAddress(text: string, line: Line, { diagnostics }: ReadContext): 'drop' {
  diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not an address; ${ROUTE_IGNORED}`)
  return 'drop'
}

/** `as [to] ADDRESS`. */
function readNatTarget(line: Line, { diagnostics }: ReadContext): 'read' | 'drop' {
  const { wordSpan } = line
  const first = requiredWord(line, 'as', 'an address', diagnostics)
  if (first === undefined) return 'drop'
  diagnostics.error('invalid-option', wordSpan, "'as' is not supported by kernels; it is ignored")
  if (first === 'to') line.next()
  return 'read'
}
