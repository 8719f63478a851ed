/** `use_vmac` and `use_ipvlan`: an interface of the instance's own. */
import { parseAddress } from '../forms/addresses.ts'
import { linkGroup, macAddress, vmacName } from '../forms/links.ts'
import { flag, oneOf, word } from '../forms/words.ts'
import type { GrammarRules, Item } from '../tables/grammar.ts'
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Described, OptionRow, ReadContext } from '../tables/schema.ts'

const VMAC_LINE: Described = {
  keyword: 'use_vmac',
  syntax: 'use_vmac',
  default: '-',
  range: '-',
  meaning: 'A macvlan with the virtual MAC.',
}
const IPVLAN_LINE: Described = { keyword: 'use_ipvlan', syntax: 'use_ipvlan', default: '-', range: '-', meaning: 'An L2 ipvlan.' }

const VMAC_OPTIONS: readonly OptionRow[] = [
  {
    keyword: 'name',
    syntax: 'name IFNAME',
    default: '-',
    range: '15 characters at most, no slash, colon or space, not . or .., unique',
    meaning: 'Names the macvlan (the word name is optional).',
    form: vmacName(),
    use: 'first',
  },
  {
    keyword: 'MAC',
    syntax: 'XX:XX:XX:XX:XX[:XX]',
    default: 'RFC address',
    range: 'hex; five octets take the VRID as last; not multicast; not an RFC VRRP address; refused in strict mode',
    meaning: 'Sets another MAC for the macvlan.',
    form: word(),
    field: 'mac',
    isPositional: true,
  },
  {
    keyword: 'netlink_notify_msg',
    syntax: 'netlink_notify_msg',
    default: 'off',
    range: 'option word',
    meaning: 'Forces a kernel notification for the base interface after creating the macvlan.',
    form: flag(),
  },
  {
    keyword: 'group',
    syntax: 'group GROUP',
    default: "parent's group",
    range: 'number 0..2147483647 or a name of the iproute2 group table',
    meaning: 'Link group of the macvlan.',
    form: linkGroup(),
  },
]

/** Lines with nothing in front of their options. */
const OPTIONS_ONLY = {
  head: [],
  what: 'the word',
  onUnknown: 'skip',
  onMissing: 'drop',
  onBadValue: 'ignore',
  readHead: () => true,
  headInput: () => ({}),
  headWords: () => [],
} as const satisfies Partial<GrammarRules>

export const USE_VMAC: GrammarRules = {
  path: 'vrrp_instance/use_vmac',
  type: 'UseVmac',
  line: VMAC_LINE,
  ...OPTIONS_ONLY,
  options: VMAC_OPTIONS,
  readOther: readVmacWord,
}

/** A word with two or more colons is a MAC address; any other is the name. */
function readVmacWord(text: string, line: Line, item: Item, context: ReadContext): 'read' {
  if (text.includes(':')) {
    const mac = macAddress(text, line, context)
    if (mac !== undefined) item['mac'] = mac
    return 'read'
  }
  if (item['name'] !== undefined) {
    context.diagnostics.error('duplicate-setting', line.wordSpan, `the interface has a name already; ${shown(text)} is ignored`)
    return 'read'
  }
  const name = vmacName().check(text, line, context)
  if (name !== undefined) item['name'] = name
  return 'read'
}

const MODES = ['bridge', 'private', 'vepa'] as const
const MODE = oneOf(MODES)

const IPVLAN_OPTIONS: readonly OptionRow[] = [
  {
    keyword: 'name',
    syntax: 'name IFNAME',
    default: '-',
    range: '15 characters at most, unique',
    meaning: 'Names the ipvlan (the word name is optional).',
    form: vmacName(),
    use: 'first',
  },
  {
    keyword: 'ADDRESS',
    syntax: 'ADDRESS[/LEN]',
    default: 'none',
    range: 'family of the instance',
    meaning: 'Address of the ipvlan, also used as source address when none is set.',
    form: word(),
    field: 'address',
    isPositional: true,
  },
  {
    keyword: 'bridge',
    syntax: 'bridge',
    default: 'default',
    range: 'option word, one of the three',
    meaning: 'Bridge mode.',
    form: MODE,
    field: 'mode',
    isPositional: true,
    standard: 'bridge',
  },
  { keyword: 'private', syntax: 'private', default: '-', range: 'option word, one of the three', meaning: 'Private mode.' },
  { keyword: 'vepa', syntax: 'vepa', default: '-', range: 'option word, one of the three', meaning: 'VEPA mode.' },
  {
    keyword: 'group',
    syntax: 'group GROUP',
    default: "parent's group",
    range: 'number 0..2147483647 or a name of the iproute2 group table',
    meaning: 'Link group of the ipvlan.',
    form: linkGroup(),
  },
]

export const USE_IPVLAN: GrammarRules = {
  path: 'vrrp_instance/use_ipvlan',
  type: 'UseIpvlan',
  line: IPVLAN_LINE,
  ...OPTIONS_ONLY,
  options: IPVLAN_OPTIONS,
  readOther: readIpvlanWord,
}

function readIpvlanWord(text: string, line: Line, item: Item, context: ReadContext): 'read' {
  const mode = MODES.find((one) => one === text)
  if (mode !== undefined) {
    item['mode'] = mode
    return 'read'
  }
  const [, address = '', prefix] = /^([^/]*)(?:\/(\d+))?$/.exec(text) ?? []
  const parsed = parseAddress(address)
  if (parsed !== undefined) {
    item['address'] = prefix === undefined ? parsed.address : `${parsed.address}/${prefix}`
    return 'read'
  }
  if (item['name'] !== undefined) {
    context.diagnostics.error('duplicate-setting', line.wordSpan, `the interface has a name already; ${shown(text)} is ignored`)
    return 'read'
  }
  const name = vmacName().check(text, line, context)
  if (name !== undefined) item['name'] = name
  return 'read'
}
