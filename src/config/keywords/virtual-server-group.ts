/** `virtual_server_group`: addresses, ranges and firewall marks that share one virtual server. */
import { TEXT_TYPES } from '../tables/form.ts'
import { decodeRange } from '../forms/ranges.ts'
import { UINT32_MAX } from '../forms/numbers.ts'
import { portField, readFwmark, readPort } from '../forms/servers.ts'
import { grammar } from '../tables/grammar.ts'
import type { Item } from '../tables/grammar.ts'
import { mandatoryName } from '../tables/headers.ts'
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block, Header, LineGrammar, OptionRow, ReadContext } from '../tables/schema.ts'

const FWMARK = 'fwmark'
const IGNORED = 'the line is ignored'
const FAMILIES = ['inet', 'inet6'] as const

const WORDS: readonly OptionRow[] = [
  {
    keyword: 'ADDRESS',
    syntax: 'ADDRESS [PORT]',
    default: '-',
    range: 'PORT 1..65535 or zeros for none',
    meaning: 'Single address.',
  },
  {
    keyword: '-END',
    syntax: 'ADDRESS-END [PORT]',
    default: '-',
    range: 'END is a full address, or the last octet (0..255) of IPv4, or the last 16 bits in hex of IPv6; must be larger than the start',
    meaning: 'Range of addresses.',
  },
  {
    keyword: '/LEN',
    syntax: 'ADDRESS/LEN [PORT]',
    default: '-',
    range: '1..32 or 1..128, host bits must be zero',
    meaning: 'Whole subnet.',
  },
  {
    keyword: 'fwmark',
    syntax: 'fwmark MARK [inet|inet6]',
    default: 'no family',
    range: '0..4294967295',
    meaning: 'Firewall mark.',
    options: [
      { keyword: 'inet', syntax: 'inet', default: '-', range: 'word', meaning: 'The mark concerns IPv4.' },
      { keyword: 'inet6', syntax: 'inet6', default: '-', range: 'word', meaning: 'The mark concerns IPv6.' },
    ],
  },
]

const MEMBERS: LineGrammar = grammar({
  path: 'virtual_server_group',
  type: 'VirtualServerGroupMember',
  line: {
    keyword: '',
    syntax: 'ADDRESS[-END|/LEN] [PORT] | fwmark MARK [inet|inet6]',
    default: 'PORT 0',
    range: 'one entry per line; a bad line is skipped',
    meaning: 'One member of the group.',
    note: 'IPv4, IPv6 and a mark without family together drop the group',
  },
  head: [
    {
      field: 'address',
      ...TEXT_TYPES,
      meaning: 'An address, or the first of a range; absent: the member is a mark.',
      isOptional: true,
    },
    {
      field: 'rangeEnd',
      ...TEXT_TYPES,
      meaning: 'The last address of a range.',
      isOptional: true,
    },
    {
      field: 'prefixLength',
      model: 'number',
      input: 'number',
      schema: { type: 'integer', minimum: 1, maximum: 128 },
      meaning: 'Of a subnet, whose first address is given.',
      isOptional: true,
    },
    portField('Its port; 0: any.'),
    {
      field: 'fwmark',
      model: 'number',
      input: 'number',
      schema: { type: 'integer', minimum: 0, maximum: UINT32_MAX },
      meaning: 'A firewall mark.',
      isOptional: true,
    },
    {
      field: 'family',
      model: "'inet' | 'inet6'",
      input: "'inet' | 'inet6'",
      schema: { enum: FAMILIES },
      meaning: 'The address family of a firewall mark.',
      isOptional: true,
    },
  ],
  options: WORDS,
  what: 'the member',
  onUnknown: 'skip',
  onMissing: 'end',
  onBadValue: 'drop',
  readHead: (line, item, context) => (line.peek() === FWMARK ? readMark(line, item, context) : readAddress(line, item, context)),
  // Further words mean nothing.
  readOther: () => 'read',
  headInput({ address, rangeEnd, prefixLength, port, fwmark, family }) {
    if (fwmark !== undefined) return { fwmark, ...(family === undefined ? {} : { family }) }
    return {
      address,
      ...(rangeEnd === undefined ? {} : { rangeEnd }),
      ...(prefixLength === undefined ? {} : { prefixLength }),
      ...(port === 0 ? {} : { port }),
    }
  },
  headWords: memberWords,
})

const NAME = mandatoryName()
/** Exactly one name: another word is no member. */
const HEADER: Header = {
  ...NAME,
  read(line, draft, context, siblings, around) {
    if (!NAME.read(line, draft, context, siblings, around)) return false
    if (line.left > 0) {
      const message = `'${line.keyword}' takes one name: ${shown(line.peek() ?? '')} is ignored`
      context.diagnostics.error('unexpected-word', line.nextSpan, message)
    }
    return true
  },
}

export const VIRTUAL_SERVER_GROUP: Block = {
  path: 'virtual_server_group',
  type: 'VirtualServerGroup',
  meaning: 'Addresses, ranges and firewall marks that share one virtual server.',
  header: HEADER,
  rows: [],
  lines: { field: 'members', grammar: MEMBERS },
  status: ACTED_ON,
}

function readMark(line: Line, item: Item, { diagnostics }: ReadContext): boolean {
  const mark = readFwmark(line, 0, IGNORED, diagnostics)
  if (mark === undefined) return false
  item['fwmark'] = mark
  item['port'] = 0
  const family = line.next()
  if (family === undefined) return true
  if (family === 'inet' || family === 'inet6') {
    item['family'] = family
    return true
  }
  diagnostics.error(
    'invalid-word',
    line.wordSpan,
    `${shown(family)} is not an address family; ${IGNORED}`,
    'possible are `inet` and `inet6`',
  )
  return false
}

function readAddress(line: Line, item: Item, context: ReadContext): boolean {
  const range = decodeRange(line.next() ?? '', line, IGNORED, context)
  if (range === undefined) return false
  const port = line.left === 0 ? 0 : readPort(line, IGNORED, context)
  if (port === undefined) return false
  const { address, rangeEnd, prefixLength } = range
  item['address'] = address
  if (rangeEnd !== undefined) item['rangeEnd'] = rangeEnd
  if (prefixLength !== undefined) item['prefixLength'] = prefixLength
  item['port'] = port
  return true
}

function memberWords({
  address,
  rangeEnd,
  prefixLength,
  port,
  fwmark,
  family,
}: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  if (typeof fwmark === 'number') return [FWMARK, String(fwmark), ...(typeof family === 'string' ? [family] : [])]
  if (typeof address !== 'string' || (port !== undefined && typeof port !== 'number')) return undefined
  const end = typeof rangeEnd === 'string' ? `-${rangeEnd}` : ''
  const length = typeof prefixLength === 'number' ? `/${prefixLength}` : ''
  return [`${address}${end}${length}`, ...(port === undefined || port === 0 ? [] : [String(port)])]
}
