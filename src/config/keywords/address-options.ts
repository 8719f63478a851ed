/** Options of the lines of `virtual_ipaddress`, `virtual_ipaddress_excluded` and `static_ipaddress`. */
import type { StaticAddressDraft } from '../drafts.ts'
import { parseAddress } from '../forms/addresses.ts'
import { iprouteNamed } from '../forms/iproute.ts'
import { integer, UINT32_MAX } from '../forms/numbers.ts'
import { flag, interfaceName, MAX_INTERFACE_NAME, requiredWord, word } from '../forms/words.ts'
import { shown } from '../diagnostics/printable.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import type { OptionRow } from '../tables/schema.ts'

/** `preferred_lft forever`; an address without a lifetime is not deprecated either. */
export const FOREVER: number = UINT32_MAX

const LIFETIME = integer(0, FOREVER, { words: { forever: FOREVER } })

/** `ADDR`, `+` or `-`. */
const BROADCAST: Form<string> = {
  types: TEXT_TYPES,
  read(line, { diagnostics }, name) {
    const text = requiredWord(line, name, 'an IPv4 address, + or -', diagnostics)
    if (text === undefined || text === '+' || text === '-' || parseAddress(text)?.family === 4) return text
    const message = `${shown(text)} is not a broadcast address; the address is ignored`
    return diagnostics.error('invalid-address', line.wordSpan, message, 'expected an IPv4 address, + or -')
  },
  toInput: (value) => value,
  toWords: (input) => (typeof input === 'string' ? [input] : undefined),
}

const BROADCAST_ROW: Pick<OptionRow, 'form' | 'field' | 'onBadValue' | 'store'> = {
  form: BROADCAST,
  field: 'brd',
  onBadValue: 'drop',
  store(item, value, line, { diagnostics }) {
    if (item['family'] === 6) {
      diagnostics.error('family-mismatch', line.wordSpan, 'IPv6 has no broadcast; the address is ignored')
      return 'drop'
    }
    item['brd'] = value
    return undefined
  },
}

/** `dev`, of which the default differs. */
export function devOption(standard: string): OptionRow {
  return {
    keyword: 'dev',
    syntax: 'dev IFNAME',
    default: standard,
    range: 'once; must exist unless dynamic_interfaces',
    meaning: 'Interface carrying the address.',
    form: interfaceName(),
    isFilled: true,
    onBadValue: 'drop',
    store(item, value, line, { diagnostics }) {
      if (item['dev'] !== undefined) {
        diagnostics.error('duplicate-setting', line.wordSpan, `a second 'dev' of ${shown(line.keyword)}; the address is ignored`)
        return 'drop'
      }
      item['dev'] = value
      return undefined
    },
  }
}

/** What all of them have besides `dev`. */
export const ADDRESS_OPTIONS: readonly OptionRow[] = [
  {
    keyword: 'scope',
    syntax: 'scope SCOPE',
    default: 'global',
    range: 'IPv4 only; name (global, site, link, host, nowhere or from the iproute2 scope table) or number 0..255; a bad one is ignored',
    meaning: 'Address scope.',
    form: iprouteNamed({ table: 'rt_scopes', max: 255, what: 'a scope', consequence: 'it is ignored' }),
    standard: 0,
    store(item, value, line, { diagnostics }) {
      if (item['family'] === 4) item['scope'] = value
      // As without the option.
      else if (value !== 0) diagnostics.error('family-mismatch', line.wordSpan, "only IPv4 addresses have a scope; 'scope' is ignored")
      return undefined
    },
  },
  {
    keyword: 'brd',
    syntax: 'brd ADDR|+|-',
    default: 'none',
    range: 'IPv4 only, else the line is dropped; + sets and - clears the host bits and needs LEN up to 30; ignored with peer',
    meaning: 'Broadcast address.',
    ...BROADCAST_ROW,
    options: [
      { keyword: '+', syntax: '+', default: '-', range: 'word', meaning: 'All host bits set.' },
      { keyword: '-', syntax: '-', default: '-', range: 'word', meaning: 'All host bits clear.' },
    ],
  },
  {
    keyword: 'broadcast',
    syntax: 'broadcast ADDR|+|-',
    default: 'none',
    range: 'as brd',
    meaning: 'Broadcast address.',
    note: 'Same as brd',
    ...BROADCAST_ROW,
  },
  {
    keyword: 'label',
    syntax: 'label NAME',
    default: 'none',
    range: 'IPv4 only; at most 15 characters or the line is dropped',
    meaning: 'Interface alias label.',
    form: word({ what: 'a label' }),
    store(item, value, line, { diagnostics }) {
      const label = String(value)
      if (item['family'] === 6) {
        diagnostics.error('family-mismatch', line.wordSpan, "only IPv4 addresses have a label; 'label' is ignored")
      } else if (Buffer.byteLength(label) > MAX_INTERFACE_NAME) {
        const message = `label ${shown(label)} is longer than ${MAX_INTERFACE_NAME} characters; the address is ignored`
        diagnostics.error('name-too-long', line.wordSpan, message)
        return 'drop'
      } else {
        item['label'] = label
      }
      return undefined
    },
  },
  {
    keyword: 'peer',
    syntax: 'peer ADDR',
    default: 'none',
    range: 'same family, once; no subnet length accepted',
    meaning: 'Far end of a point-to-point address.',
    form: word({ what: 'an address' }),
    store(item, value, line, { diagnostics }) {
      const address = item as StaticAddressDraft
      const text = String(value)
      const parsed = parseAddress(text)
      if (address.peer !== undefined) diagnostics.error('duplicate-setting', line.wordSpan, "a second 'peer' is ignored")
      else if (parsed === undefined)
        diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not a peer address; 'peer' is ignored`)
      else if (parsed.family !== address.family)
        diagnostics.error('family-mismatch', line.wordSpan, `peer ${shown(text)} is of the other IP version; it is ignored`)
      else address.peer = parsed.address
      return undefined
    },
  },
  {
    keyword: 'home',
    syntax: 'home',
    default: 'off',
    range: 'flag',
    meaning: 'Marks a Mobile IPv6 home address.',
    form: flag(),
  },
  {
    keyword: '-nodad',
    field: 'noDad',
    syntax: '-nodad',
    default: 'detection switched off for IPv6 addresses',
    range: 'flag',
    meaning: 'Leaves IPv6 duplicate address detection enabled.',
    form: flag(false),
  },
  {
    keyword: 'mngtmpaddr',
    syntax: 'mngtmpaddr',
    default: 'off',
    range: 'flag',
    meaning: 'Lets the kernel derive temporary addresses from it.',
    form: flag(),
  },
  {
    keyword: 'noprefixroute',
    syntax: 'noprefixroute',
    default: 'off',
    range: 'flag',
    meaning: 'Does not create the prefix route.',
    form: flag(),
  },
  {
    keyword: 'autojoin',
    syntax: 'autojoin',
    default: 'off',
    range: 'flag',
    meaning: 'Joins the multicast group at the Ethernet level.',
    form: flag(),
  },
  {
    keyword: 'no_track',
    syntax: 'no_track',
    default: 'off (tracked)',
    range: 'flag',
    meaning: 'Loss of the address or its interface does not fault the instance.',
    form: flag(),
  },
  {
    keyword: 'preferred_lft',
    syntax: 'preferred_lft SECONDS|forever',
    default: 'IPv6: 0 (deprecated) for /128, forever otherwise',
    range: '0..4294967295 or the word forever',
    meaning: 'Preferred lifetime of an IPv6 address.',
    form: { ...LIFETIME, types: { ...LIFETIME.types, unit: 'S' } },
    options: [{ keyword: 'forever', syntax: 'forever', default: '-', range: 'word', meaning: 'Never deprecated.' }],
  },
]
