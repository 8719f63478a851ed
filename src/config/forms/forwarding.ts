/** Form of `lvs_method` and its relatives: how packets get to a server. */
import { grammarForm } from '../tables/grammar.ts'
import type { Item } from '../tables/grammar.ts'
import type { Line } from '../blocks/line.ts'
import type { Form } from '../tables/form.ts'
import type { Described, Draft, HeaderField, OptionRow, ReadContext } from '../tables/schema.ts'
import { port } from './addresses.ts'
import { oneOf } from './words.ts'

const METHODS = ['NAT', 'DR', 'TUN'] as const
const TUNNELS = ['ipip', 'gue', 'gre'] as const
const CHECKSUMS = ['nocsum', 'csum', 'remcsum'] as const

type Checksum = (typeof CHECKSUMS)[number]

/** A line while it is read; without a tunnel, its options were bad. */
export interface ForwardingMethodLine extends Item {
  method?: (typeof METHODS)[number]
  type?: (typeof TUNNELS)[number]
  port?: number
  checksum?: Checksum
}

/** `NAT`, `DR` and `TUN`, as values of a table. */
export const METHOD_WORDS: readonly OptionRow[] = [
  {
    keyword: 'NAT',
    syntax: 'NAT',
    default: 'NAT (default with an error when none is set)',
    range: 'word',
    meaning: 'Network address translation.',
  },
  { keyword: 'DR', syntax: 'DR', default: '-', range: 'word', meaning: 'Direct routing.' },
  { keyword: 'TUN', syntax: 'TUN', default: '-', range: 'word', meaning: 'Tunnelling.' },
]

/** What may follow `TUN`. */
export const TUNNEL_OPTIONS: readonly OptionRow[] = [
  {
    keyword: 'type',
    syntax: 'type ipip|gue|gre',
    default: 'ipip',
    range: 'words',
    meaning: 'Tunnel encapsulation.',
    form: oneOf(TUNNELS),
    standard: 'ipip',
    options: [
      { keyword: 'ipip', syntax: 'ipip', default: 'default', range: 'word', meaning: 'IP in IP; no port, no checksum option.' },
      { keyword: 'gue', syntax: 'gue', default: '-', range: 'word; port mandatory', meaning: 'Generic UDP encapsulation.' },
      { keyword: 'gre', syntax: 'gre', default: '-', range: 'word; no port, no remcsum', meaning: 'GRE.' },
    ],
  },
  {
    keyword: 'port',
    syntax: 'port NUMBER',
    default: 'none',
    range: '1..65535; only with gue',
    meaning: 'Destination port of gue.',
    form: port(),
  },
  {
    keyword: 'nocsum',
    syntax: 'nocsum',
    default: 'default',
    range: 'word',
    meaning: 'No tunnel checksum.',
    form: oneOf(CHECKSUMS),
    field: 'checksum',
    isPositional: true,
    standard: 'nocsum',
  },
  { keyword: 'csum', syntax: 'csum', default: '-', range: 'word; not with ipip', meaning: 'Tunnel checksum.' },
  { keyword: 'remcsum', syntax: 'remcsum', default: '-', range: 'word; gue only', meaning: 'Remote checksum offload.' },
]

const HEAD: readonly HeaderField[] = [
  {
    field: 'method',
    model: quoted(METHODS),
    input: quoted(METHODS),
    schema: { enum: METHODS },
    meaning: 'Address translation, direct routing or a tunnel.',
  },
]

const LINE: Described = {
  keyword: 'lvs_method',
  syntax: 'NAT|DR|TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]',
  default: '-',
  range: 'a bad option leaves the tunnel settings unchanged',
  meaning: 'How packets get to a server.',
}

const METHOD = oneOf(METHODS)
const WHOLE = grammarForm({
  path: 'virtual_server/lvs_method',
  type: 'ForwardingMethod',
  line: LINE,
  head: HEAD,
  options: TUNNEL_OPTIONS,
  what: 'the tunnel',
  onUnknown: 'drop',
  onMissing: 'drop',
  onBadValue: 'drop',
  readHead(line, item: ForwardingMethodLine, context) {
    const method = METHOD.read(line, context, line.keyword)
    if (method !== undefined) item.method = method
    return method !== undefined
  },
  readOther(text, _, item: ForwardingMethodLine) {
    const checksum = CHECKSUMS.find((word) => word === text)
    if (checksum === undefined) return undefined
    item.checksum = checksum
    return 'read'
  },
  finish: (item: ForwardingMethodLine, line, context) => finishTunnel(item, line, context),
  headInput: ({ method }) => ({ method }),
  headWords: ({ method }) => (typeof method === 'string' ? [method] : undefined),
})

/** `NAT|DR|TUN` with the options of a tunnel. Where one of them is bad the method counts alone: see {@link storeMethod}. */
export const FORWARDING_METHOD: Form<object> = {
  ...WHOLE,
  read(line, context, name) {
    const whole = WHOLE.read(line, context, name)
    if (whole !== undefined) return whole
    const text = line.rewind().next()
    const method = METHODS.find((word) => word === text)
    return method === undefined ? undefined : { at: line.at, method }
  },
}

/** Stores a method: bad options leave the tunnel as it was. */
export function storeMethod(field: string): (draft: Draft, value: unknown) => void {
  return (draft, value) => {
    const read = value as ForwardingMethodLine
    const before = draft[field] as ForwardingMethodLine | undefined
    draft[field] = read.type === undefined ? { type: 'ipip', checksum: 'nocsum', ...before, ...read } : read
  }
}

/** gue has a port, the others have none; ipip has no checksum, gre no remote one. */
function finishTunnel(item: ForwardingMethodLine, line: Line, { diagnostics }: ReadContext): Item | undefined {
  const { type = 'ipip', port: number, checksum = 'nocsum' } = item
  if ((type === 'gue') !== (number !== undefined)) {
    const message = type === 'gue' ? 'a gue tunnel needs a port' : `a tunnel of type ${type} has no port`
    return diagnostics.error('invalid-option', line.span, `${message}; the tunnel is ignored`)
  }
  if (checksum !== 'nocsum' && (type === 'ipip' || (type === 'gre' && checksum === 'remcsum'))) {
    return diagnostics.error('invalid-option', line.span, `a tunnel of type ${type} has no '${checksum}'; the tunnel is ignored`)
  }
  item.type = type
  item.checksum = checksum
  return item
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(' | ')
}
