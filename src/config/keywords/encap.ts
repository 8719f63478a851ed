/** Encapsulation of a route or of a path: `encap ip|ip6|mpls|ila ...`. */
import type { EncapDraft } from '../drafts.ts'
import { address, familyOf } from '../forms/addresses.ts'
import { iprouteNamed } from '../forms/iproute.ts'
import { integer, parseAnyBase } from '../forms/numbers.ts'
import { uint64 } from '../forms/uint64.ts'
import { grammar, grammarForm } from '../tables/grammar.ts'
import type { GrammarRules, Item } from '../tables/grammar.ts'
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import type { LineGrammar, OptionRow, ReadContext } from '../tables/schema.ts'
import { ROUTE_IGNORED } from './route-addresses.ts'

/** What each type of encapsulation takes: a word that is not here is for the route. */
const OPTIONS_OF: Readonly<Record<string, ReadonlySet<string>>> = {
  ip: new Set(['id', 'dst', 'src', 'tos', 'ttl', 'flags']),
  ip6: new Set(['id', 'dst', 'src', 'tc', 'hoplimit', 'flags']),
  mpls: new Set(),
  ila: new Set(),
}
const MAX_LABEL = 1_048_575
const MAX_LABELS = 2

/** @param consequence what comes of a mistake, for the message */
function encapOptions(consequence: string): readonly OptionRow[] {
  const tunnelAddress = address({ isExact: true, consequence })
  const field = iprouteNamed({ table: 'rt_dsfield', max: 255, what: 'a traffic class', consequence })
  const octet = integer(0, 255, { consequence })
  return [
    {
      keyword: 'ip',
      syntax: 'ip [id N] [dst ADDR] [src ADDR] [tos V] [ttl N] [flags N]',
      default: '-',
      range: 'id or dst mandatory',
      meaning: 'IPv4 tunnel.',
    },
    {
      keyword: 'ip6',
      syntax: 'ip6 [id N] [dst ADDR] [src ADDR] [tc V] [hoplimit N] [flags N]',
      default: '-',
      range: 'id or dst mandatory',
      meaning: 'IPv6 tunnel.',
    },
    {
      keyword: 'mpls',
      syntax: 'mpls LABEL[/LABEL]',
      default: '-',
      range: 'one or two labels 0..1048575 joined by /',
      meaning: 'MPLS label stack.',
    },
    {
      keyword: 'ila',
      syntax: 'ila LOCATOR',
      default: '-',
      range: 'four hex groups of 16 bits joined by colons',
      meaning: 'ILA locator.',
    },
    {
      keyword: 'id',
      syntax: 'id NUMBER',
      default: 'none',
      range: '0..18446744073709551615; ip and ip6',
      meaning: 'Tunnel identifier.',
      form: uint64(consequence),
    },
    {
      keyword: 'dst',
      syntax: 'dst ADDRESS',
      default: 'none',
      range: 'family of the type',
      meaning: 'Tunnel destination.',
      form: tunnelAddress,
      store: storeOfType('dst', consequence),
    },
    {
      keyword: 'src',
      syntax: 'src ADDRESS',
      default: 'none',
      range: 'family of the type',
      meaning: 'Tunnel source.',
      form: tunnelAddress,
      store: storeOfType('src', consequence),
    },
    {
      keyword: 'tos',
      syntax: 'tos VALUE',
      default: 'none',
      range: 'number 0..255 or dsfield name; ip only',
      meaning: 'Outer type of service.',
      form: field,
    },
    {
      keyword: 'ttl',
      syntax: 'ttl NUMBER',
      default: 'none',
      range: '0..255; ip only',
      meaning: 'Outer TTL.',
      form: octet,
    },
    {
      keyword: 'tc',
      syntax: 'tc VALUE',
      default: 'none',
      range: 'number 0..255 or dsfield name; ip6 only',
      meaning: 'Outer traffic class.',
      form: field,
    },
    {
      keyword: 'hoplimit',
      syntax: 'hoplimit NUMBER',
      default: 'none',
      range: '0..255; ip6 only',
      meaning: 'Outer hop limit.',
      form: octet,
    },
    {
      keyword: 'flags',
      syntax: 'flags NUMBER',
      default: 'none',
      range: '0..65535; ip and ip6',
      meaning: 'Tunnel flags.',
      form: integer(0, 65_535, { consequence }),
    },
  ]
}

function encapRules(path: string, consequence: string): GrammarRules {
  return {
    path,
    type: 'Encap',
    line: {
      keyword: '',
      syntax: 'encap ip|ip6|mpls|ila ...',
      default: '-',
      range: 'pairs after ip and ip6, one word after mpls and ila',
      meaning: 'Encapsulation grammar, also inside nexthop.',
    },
    head: [
      {
        field: 'type',
        model: "'ip' | 'ip6' | 'mpls' | 'ila'",
        input: "'ip' | 'ip6' | 'mpls' | 'ila'",
        schema: { enum: ['ip', 'ip6', 'mpls', 'ila'] },
        meaning: 'What packets are put into.',
      },
      {
        field: 'labels',
        model: 'readonly number[]',
        input: 'readonly number[]',
        schema: { type: 'array', items: { type: 'integer', minimum: 0, maximum: MAX_LABEL }, minItems: 1, maxItems: MAX_LABELS },
        meaning: 'MPLS labels, 0..1048575, the outermost first.',
        isOptional: true,
      },
      {
        field: 'locator',
        ...TEXT_TYPES,
        meaning: 'ILA locator: four groups of hexadecimal digits.',
        isOptional: true,
      },
    ],
    options: encapOptions(consequence),
    what: consequence.replace(' is ignored', ''),
    onUnknown: 'drop',
    onMissing: 'drop',
    onBadValue: 'drop',
    readHead: (line, item, context) => readHead(line, item, consequence, context),
    isEnd: (text, item, line) => line.left < 2 || OPTIONS_OF[String(item['type'])]?.has(text) !== true,
    finish(item, _, { diagnostics, tokens }) {
      const { type, id, dst } = item as EncapDraft
      if ((type !== 'ip' && type !== 'ip6') || id !== undefined || dst !== undefined) return item
      return diagnostics.error('invalid-option', tokens.span(item.at), `'encap ${type}' needs 'id' or 'dst'; ${consequence}`)
    },
    headInput: ({ type, labels, locator }) => ({
      type,
      ...(labels === undefined ? {} : { labels }),
      ...(locator === undefined ? {} : { locator }),
    }),
    headWords({ type, labels, locator }) {
      if (type === 'mpls') return Array.isArray(labels) ? [type, labels.join('/')] : undefined
      if (type === 'ila') return typeof locator === 'string' ? [type, locator] : undefined
      return typeof type === 'string' && Object.hasOwn(OPTIONS_OF, type) ? [type] : undefined
    },
  }
}

/** The option `encap`. @param consequence what comes of a mistake, for the message: "the route is ignored" */
export function encapForm(consequence: string): Form<object> {
  return grammarForm(encapRules('encap', consequence))
}

/** What `encap` takes, in the routes of a block. */
export function encapGrammar(block: string): LineGrammar {
  return grammar(encapRules(`${block}/encap`, ROUTE_IGNORED))
}

function readHead(line: Line, item: Item, consequence: string, { diagnostics }: ReadContext): boolean {
  const type = line.next()
  const help = 'possible are ip, ip6, mpls and ila'
  if (type === undefined || !Object.hasOwn(OPTIONS_OF, type)) {
    const problem = type === undefined ? "'encap' has no type" : `${shown(type)} is no type of 'encap'`
    diagnostics.error('invalid-option', line.wordSpan, `${problem}; ${consequence}`, help)
    return false
  }
  item['type'] = type
  if (type === 'ip' || type === 'ip6') return true
  const text = line.next()
  const what = type === 'mpls' ? 'one or two labels' : 'a locator'
  const value = text === undefined ? undefined : type === 'mpls' ? parseLabels(text) : parseLocator(text)
  if (value === undefined) {
    const problem = text === undefined ? `'${type}' takes ${what}` : `${shown(text)} is not ${what}`
    const expected = type === 'mpls' ? `LABEL or LABEL/LABEL, each from 0 to ${MAX_LABEL}` : 'four groups of up to four hexadecimal digits'
    diagnostics.error('invalid-option', line.wordSpan, `${problem}; ${consequence}`, `expected ${expected}`)
    return false
  }
  item[type === 'mpls' ? 'labels' : 'locator'] = value
  return true
}

function parseLabels(text: string): readonly number[] | undefined {
  const labels = text.split('/').map((part) => parseAnyBase(part) ?? -1)
  return labels.length <= MAX_LABELS && labels.every((label) => label >= 0 && label <= MAX_LABEL) ? labels : undefined
}

function parseLocator(text: string): string | undefined {
  const groups = text.split(':')
  if (groups.length !== 4 || !groups.every((group) => /^(?:0x)?[0-9a-f]{1,4}$/i.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')
}

/** An address of the IP version that packets are put into. */
function storeOfType(field: string, consequence: string): NonNullable<OptionRow['store']> {
  return (item, value, line, { diagnostics }) => {
    const { type = 'ip' } = item as EncapDraft
    const family = type === 'ip' ? 4 : 6
    if (familyOf(String(value)) !== family) {
      diagnostics.error('family-mismatch', line.wordSpan, `'encap ${type}' takes an IPv${family} address; ${consequence}`)
      return 'drop'
    }
    item[field] = value
    return undefined
  }
}
