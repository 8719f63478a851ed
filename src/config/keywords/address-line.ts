/** Lines of `virtual_ipaddress`, `virtual_ipaddress_excluded` and `static_ipaddress`: one address each. */
import { TEXT_TYPES } from '../tables/form.ts'
import type { StaticAddressDraft } from '../drafts.ts'
import { parseAddress } from '../forms/addresses.ts'
import { decodeNetwork, LONGEST_PREFIX, networkText } from '../forms/networks.ts'
import type { Network } from '../forms/networks.ts'
import { flag } from '../forms/words.ts'
import { grammar } from '../tables/grammar.ts'
import type { GrammarRules, Item } from '../tables/grammar.ts'
import type { Line } from '../blocks/line.ts'
import { optionSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { LineGrammar, OptionRow, ReadContext } from '../tables/schema.ts'
import { refused } from '../tables/keyword-status.ts'
import { ADDRESS_OPTIONS, devOption, FOREVER } from './address-options.ts'
import { TRACK_GROUP_OPTION } from './track-group-option.ts'

/** A longer prefix has no host bits to set or clear. */
const LONGEST_BROADCAST_PREFIX = 30

const LINE = {
  keyword: '',
  range:
    'address first, options in any order; a missing option value or bad address drops the line; an unknown word is reported and skipped',
  meaning: 'One address.',
}
const COMMON_SYNTAX =
  'ADDRESS[/LEN] [dev IFNAME] [brd ADDR|+|-] [scope SCOPE] [label NAME] [peer ADDR] [home] [-nodad] [mngtmpaddr] [noprefixroute] [autojoin] [no_track] [preferred_lft N|forever]'

const USE_VMAC: OptionRow = {
  keyword: 'use_vmac',
  syntax: 'use_vmac',
  default: 'off',
  range: 'flag',
  meaning: 'Places the address on a macvlan over its interface.',
  form: flag(),
  status: refused('the address would be on its interface itself'),
}

/** What finishing a line is about is the same for all of them. */
type AddressDraft = Omit<StaticAddressDraft, 'trackGroup'>

const COMMON_RULES = {
  head: [
    {
      field: 'address',
      ...TEXT_TYPES,
      meaning: 'The address; in a configuration to be read with `/LEN`, unless the whole address is meant.',
    },
  ],
  derived: [
    { field: 'family', model: '4 | 6', meaning: 'IP version.' },
    { field: 'prefixLength', model: 'number', meaning: 'Length of the subnet prefix: 32 or 128 unless given, and with `peer`.' },
  ],
  what: 'the address',
  isNamedByFirstWord: true,
  onUnknown: 'skip',
  onMissing: 'drop',
  onBadValue: 'ignore',
  readHead(line, item, context) {
    const text = line.next() ?? ''
    const network = decodeNetwork(text, line, context)
    if (network === undefined) {
      context.diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not an address; the line is ignored`)
      return false
    }
    const address = item as AddressDraft
    address.family = network.family
    address.address = network.address
    address.prefixLength = network.prefixLength
    return true
  },
  readOther(text, line, _, { diagnostics }) {
    if (parseAddress(text.replace(/\/.*$/, '')) === undefined) return undefined
    const message = `unknown option ${shown(text)} of ${shown(line.keyword)}; it is ignored`
    diagnostics.error('invalid-option', line.wordSpan, message, 'each address has a line of its own')
    return 'read'
  },
  finish,
  isImplied(field, item) {
    if (field === 'noDad') return item[field] === (item['family'] === 6)
    return field === 'preferredLftS' && item[field] === 0 && isDeprecatedByDefault(item as unknown as Network)
  },
  headInput(item) {
    const network = item as unknown as Network
    const isForever = item['preferredLftS'] === undefined && isDeprecatedByDefault(network)
    return { address: networkText(network), ...(isForever ? { preferredLft: 'forever' } : {}) }
  },
  headWords: ({ address }) => (typeof address === 'string' ? [address] : undefined),
} satisfies Partial<GrammarRules>

/** Lines of `virtual_ipaddress`. */
export const VIRTUAL_IPADDRESS: LineGrammar = virtualGrammar('vrrp_instance/virtual_ipaddress')
/** Lines of `virtual_ipaddress_excluded`. */
export const VIRTUAL_IPADDRESS_EXCLUDED: LineGrammar = virtualGrammar('vrrp_instance/virtual_ipaddress_excluded')

/** Lines of `static_ipaddress`. */
export const STATIC_IPADDRESS: LineGrammar = grammar({
  ...COMMON_RULES,
  path: 'static_ipaddress',
  type: 'StaticAddress',
  line: { ...LINE, syntax: `${COMMON_SYNTAX} [track_group NAME]`, default: 'LEN 32 or 128; default_interface' },
  options: [devOption('default_interface'), ...ADDRESS_OPTIONS, TRACK_GROUP_OPTION.address],
})

function virtualGrammar(path: string): LineGrammar {
  return grammar({
    ...COMMON_RULES,
    path,
    type: 'VirtualAddress',
    line: { ...LINE, syntax: `${COMMON_SYNTAX} [use_vmac]`, default: 'LEN 32 or 128; interface of the instance' },
    options: [devOption('interface (or VMAC) of the instance, else default_interface'), ...ADDRESS_OPTIONS, USE_VMAC],
  })
}

/** An IPv6 address alone in its subnet is deprecated, so that it is no source of outgoing connections. */
function isDeprecatedByDefault({ family, prefixLength }: Pick<Network, 'family' | 'prefixLength'>): boolean {
  return family === 6 && prefixLength === LONGEST_PREFIX[6]
}

function finish(item: Item, line: Line, context: ReadContext): Item {
  const address = item as AddressDraft
  const { family = 4, prefixLength = 32, peer, brd, preferredLftS } = address
  const longest = LONGEST_PREFIX[family]
  if (peer !== undefined && prefixLength !== longest) {
    const message = `with 'peer' the address has no prefix length; /${prefixLength} is ignored`
    context.diagnostics.error('conflicting-setting', line.span, message)
    address.prefixLength = longest
  }
  if (brd !== undefined) workOutBroadcast(address, brd, context)
  if (preferredLftS === FOREVER) delete address.preferredLftS
  else if (preferredLftS === undefined && isDeprecatedByDefault({ family, prefixLength: address.prefixLength ?? longest })) {
    address.preferredLftS = 0
  }
  return item
}

function workOutBroadcast(draft: AddressDraft, brd: string, context: ReadContext): void {
  const { address = '', prefixLength = 32, peer } = draft
  const place = { at: draft.at }
  if (peer !== undefined) {
    delete draft.brd
    const message = "with 'peer' there is no broadcast address; it is ignored"
    context.diagnostics.error('conflicting-setting', optionSpan(place, ['brd', 'broadcast'], context), message)
  } else if (brd === '+' || brd === '-') {
    if (prefixLength <= LONGEST_BROADCAST_PREFIX) {
      draft.brd = broadcastOf(address, prefixLength, brd)
      return
    }
    delete draft.brd
    const message = `a /${prefixLength} has no broadcast address; 'brd' is ignored`
    context.diagnostics.error('invalid-option', optionSpan(place, ['brd', 'broadcast'], context), message)
  }
}

/** All host bits set or clear. */
function broadcastOf(address: string, prefixLength: number, brd: '+' | '-'): string {
  const bits = address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0)
  const size = 2 ** (32 - prefixLength)
  const network = bits - (bits % size)
  const result = brd === '+' ? network + size - 1 : network
  return [24, 16, 8, 0].map((shift) => Math.floor(result / 2 ** shift) % 256).join('.')
}
