/** `lvs_sync_daemon IFNAME [inst NAME] [id N] ...`, and the old positional form `IFNAME NAME [N]`. */
import { isMulticast, parseAddress, port } from '../forms/addresses.ts'
import { integer } from '../forms/numbers.ts'
import { MAX_INTERFACE_NAME, ofOption, requiredWord, word } from '../forms/words.ts'
import { grammarForm } from '../tables/grammar.ts'
import type { Item } from '../tables/grammar.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Line } from '../blocks/line.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import type { OptionRow, ReadContext } from '../tables/schema.ts'

const MAX_SYNC_ID = 255
/** The payload of a UDP datagram over IPv4. */
const MAX_DATAGRAM = 65_507

const SYNC_ID = ofOption(integer(0, MAX_SYNC_ID))

const GROUP: Form<string> = {
  types: TEXT_TYPES,
  read(line, { diagnostics }) {
    const text = line.next() ?? ''
    const parsed = parseAddress(text)
    if (parsed === undefined) return diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not an address; it is ignored`)
    if (isMulticast(parsed.family, parsed.address)) return parsed.address
    return diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not a multicast address; it is ignored`)
  },
  toInput: (value) => value,
  toWords: (input) => (typeof input === 'string' ? [input] : undefined),
}

export const SYNC_DAEMON_OPTIONS: readonly OptionRow[] = [
  {
    keyword: 'inst',
    field: 'instance',
    syntax: 'inst INSTANCE',
    default: 'none: both master and backup daemons run',
    range: 'VRRP instance name, checked after parsing',
    meaning: 'Ties the sync daemon role to the state of a VRRP instance.',
    note: 'The word inst may be left out when the name is second',
    form: word({ what: 'the name of an instance' }),
    use: 'first',
  },
  {
    keyword: 'id',
    syntax: 'id NUMBER',
    default: 'VRID of the instance, else 0',
    range: '0..255',
    meaning: 'Sync identifier.',
    note: 'Bare number as third argument is accepted with an error message',
    form: SYNC_ID,
    isFilled: true,
  },
  {
    keyword: 'maxlen',
    syntax: 'maxlen BYTES',
    default: 'kernel default',
    range: '1..65507',
    meaning: 'Largest sync datagram.',
    form: ofOption(integer(1, MAX_DATAGRAM)),
  },
  {
    keyword: 'port',
    syntax: 'port NUMBER',
    default: '8848 (kernel)',
    range: '1..65535',
    meaning: 'UDP port of sync traffic.',
    form: ofOption(port()),
  },
  {
    keyword: 'ttl',
    syntax: 'ttl NUMBER',
    default: 'kernel default',
    range: '1..255',
    meaning: 'Multicast TTL of sync traffic.',
    form: ofOption(integer(1, 255)),
  },
  {
    keyword: 'group',
    syntax: 'group ADDRESS',
    default: '224.0.0.81 (kernel)',
    range: 'IPv4 or IPv6 multicast address',
    meaning: 'Multicast group of sync traffic.',
    form: ofOption(GROUP),
  },
]

const WORDS: ReadonlySet<string> = new Set(SYNC_DAEMON_OPTIONS.map(({ keyword }) => keyword))

export function lvsSyncDaemon(): Form<object> {
  return grammarForm({
    path: 'lvs_sync_daemon',
    type: 'LvsSyncDaemon',
    line: {
      keyword: '',
      syntax: 'IFNAME [inst NAME] [id N] [maxlen N] [port N] [ttl N] [group ADDR]',
      default: '-',
      range: 'IFNAME at most 15 characters',
      meaning: 'Synchronisation of IPVS connections between routers.',
    },
    head: [
      {
        field: 'interface',
        model: 'string',
        input: 'string',
        schema: { type: 'string', minLength: 1, maxLength: MAX_INTERFACE_NAME },
        meaning: 'Where its datagrams are sent and received.',
      },
    ],
    options: SYNC_DAEMON_OPTIONS,
    what: 'the sync daemon',
    onUnknown: 'skip',
    // keepalived ends without the name of an instance; numbers see for themselves whether they are there.
    onMissing: 'end',
    onBadValue: 'ignore',
    readHead,
    headInput: (item) => ({ interface: item['interface'] }),
    headWords: (input) => (typeof input['interface'] === 'string' ? [input['interface']] : undefined),
  })
}

function readHead(line: Line, item: Item, context: ReadContext): boolean {
  const { diagnostics } = context
  const device = requiredWord(line, line.keyword, 'an interface', diagnostics, true)
  if (device === undefined) return false
  if (Buffer.byteLength(device) > MAX_INTERFACE_NAME) {
    const message = `interface name ${shown(device)} is longer than ${MAX_INTERFACE_NAME} characters; the line is ignored`
    diagnostics.error('name-too-long', line.wordSpan, message)
    return false
  }
  item['interface'] = device
  if (isOptionNext(line)) return true
  item['instance'] = line.next()
  if (isOptionNext(line)) return true
  const id = SYNC_ID.read(line, context, 'id')
  if (id === undefined) return true
  item['id'] = id
  const message = `the sync identifier ${id} stands without a word of its own`
  diagnostics.error('invalid-option', line.wordSpan, message, `write \`id ${id}\``)
  return true
}

/** Also at the end of the line. */
function isOptionNext(line: Line): boolean {
  const next = line.peek()
  return next === undefined || WORDS.has(next)
}
