/** Lines of `unicast_peer`. */
import { TEXT_TYPES } from '../tables/form.ts'
import { parseAddress, withoutRange } from '../forms/addresses.ts'
import { integer } from '../forms/numbers.ts'
import { grammar } from '../tables/grammar.ts'
import type { Item } from '../tables/grammar.ts'
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Draft, LineGrammar, ReadContext } from '../tables/schema.ts'
import { agreesOnFamily } from './vrrp-instance-store.ts'

export const UNICAST_PEER: LineGrammar = grammar({
  path: 'vrrp_instance/unicast_peer',
  type: 'UnicastPeer',
  line: {
    keyword: '',
    syntax: 'ADDRESS [min_ttl N] [max_ttl N]',
    default: '0 and 255',
    range: 'one peer per line, family of the instance, no duplicates',
    meaning: 'Adds a peer.',
  },
  head: [{ field: 'address', ...TEXT_TYPES, meaning: 'Its address.' }],
  options: [
    {
      keyword: 'min_ttl',
      syntax: 'min_ttl NUMBER',
      default: '0',
      range: '0..255',
      meaning: 'Lowest TTL accepted from the peer; turns source checking on.',
      form: integer(0, 255),
      standard: 0,
    },
    {
      keyword: 'max_ttl',
      syntax: 'max_ttl NUMBER',
      default: '255',
      range: '0..255; below min_ttl is reported and drops everything',
      meaning: 'Highest TTL accepted from the peer; turns source checking on.',
      form: integer(0, 255),
      standard: 255,
    },
  ],
  what: 'the peer',
  onUnknown: 'drop',
  onMissing: 'drop',
  onBadValue: 'drop',
  readHead: readPeer,
  headInput: ({ address }) => ({ address }),
  headWords: ({ address }) => (typeof address === 'string' ? [address] : undefined),
})

function readPeer(line: Line, item: Item, { diagnostics }: ReadContext, instance: Draft): boolean {
  const text = line.next() ?? ''
  const parsed = parseAddress(withoutRange(text))
  const peers = (instance['unicastPeer'] ?? []) as readonly Item[]
  if (parsed === undefined) {
    diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not an address; the peer is ignored`)
  } else if (!agreesOnFamily(instance, parsed.family)) {
    diagnostics.error(
      'family-mismatch',
      line.wordSpan,
      `${shown(text)} is not IPv${String(instance['family'])} like the rest of the instance; it is ignored`,
    )
  } else if (peers.some(({ address }) => address === parsed.address)) {
    diagnostics.error('duplicate-setting', line.wordSpan, `${shown(text)} is a peer already; this line is ignored`)
  } else {
    item['address'] = parsed.address
    return true
  }
  return false
}
