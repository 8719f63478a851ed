/** Options of a policy-routing rule: which packets it is about, and its place among the rules. */
import { familyOf, MAX_PORT } from '../forms/addresses.ts'
import { iprouteNamed } from '../forms/iproute.ts'
import { decodeNetwork, networkText } from '../forms/networks.ts'
import { anyBase, UINT32_MAX } from '../forms/numbers.ts'
import { firewallMark, ipProtocol, numberRange } from '../forms/selectors.ts'
import { uint64 } from '../forms/uint64.ts'
import { flag, interfaceName, requiredWord } from '../forms/words.ts'
import { shown } from '../diagnostics/printable.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import type { OptionRow } from '../tables/schema.ts'
import { ANY_WORDS, claimFamily } from './route-addresses.ts'

/** For messages: what comes of a bad value. */
export const RULE_IGNORED = 'the rule is ignored'

const TOS = iprouteNamed({ table: 'rt_dsfield', max: 255, what: 'a type of service', consequence: RULE_IGNORED })
const PREFERENCE = { form: anyBase(0, UINT32_MAX, { consequence: RULE_IGNORED }), field: 'preference', isFilled: true }
const IIF = { form: interfaceName(), field: 'iif' }
const PORTS = {
  form: numberRange({ max: MAX_PORT, consequence: 'it is ignored', allowsSingle: true }),
  onBadValue: 'ignore',
} as const

/** `ADDRESS[/LEN]`, or a word for any address: `default`. An address of no length is any address of its family. */
const SELECTOR: Form<string> = {
  types: TEXT_TYPES,
  read(line, context, name) {
    const text = requiredWord(line, name, 'an address', context.diagnostics)
    if (text === undefined) return undefined
    if (ANY_WORDS.has(text)) return 'default'
    const network = decodeNetwork(text, line, context)
    if (network !== undefined) return networkText(network)
    return context.diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not an address; ${RULE_IGNORED}`)
  },
  toInput: (value) => value,
  toWords: (input) => (typeof input === 'string' ? [input] : undefined),
}

function storeSelector(field: string): NonNullable<OptionRow['store']> {
  return (item, value, line, context) => {
    const text = String(value)
    if (text !== 'default' && !claimFamily(item, familyOf(text), 'rule', line, context)) return 'drop'
    if (text === 'default' || text.endsWith('/0')) delete item[field]
    else item[field] = text
    return undefined
  }
}

export const RULE_SELECTORS: readonly OptionRow[] = [
  {
    keyword: 'inet',
    syntax: 'inet',
    default: 'from the addresses',
    range: 'in 2.4.3 the word right after it is skipped',
    meaning: 'Forces IPv4.',
  },
  {
    keyword: 'inet6',
    syntax: 'inet6',
    default: 'from the addresses',
    range: 'in 2.4.3 the word right after it is skipped',
    meaning: 'Forces IPv6.',
  },
  {
    keyword: 'not',
    syntax: 'not',
    default: 'off',
    range: 'flag',
    meaning: 'Inverts the selectors.',
    form: flag(),
  },
  {
    keyword: 'from',
    syntax: 'from ADDRESS[/LEN]|default|any|all',
    default: 'any',
    range: 'one family per rule',
    meaning: 'Source selector.',
    form: SELECTOR,
    store: storeSelector('from'),
  },
  {
    keyword: 'to',
    syntax: 'to ADDRESS[/LEN]|default|any|all',
    default: 'any',
    range: 'one family per rule',
    meaning: 'Destination selector.',
    form: SELECTOR,
    store: storeSelector('to'),
  },
  {
    keyword: 'preference',
    syntax: 'preference NUMBER',
    default: '16384 counting down per family, with an error',
    range: '0..4294967295, decimal, octal or hex',
    meaning: 'Rule priority.',
    ...PREFERENCE,
  },
  {
    keyword: 'priority',
    syntax: 'priority NUMBER',
    default: '-',
    range: 'as preference',
    meaning: 'Rule priority.',
    note: 'Same as preference',
    ...PREFERENCE,
  },
  {
    keyword: 'order',
    syntax: 'order NUMBER',
    default: '-',
    range: 'as preference',
    meaning: 'Rule priority.',
    note: 'Same as preference',
    ...PREFERENCE,
  },
  {
    keyword: 'tos',
    syntax: 'tos VALUE',
    default: '0',
    range: 'number 0..255 or dsfield name',
    meaning: 'Type of service selector.',
    form: TOS,
    standard: 0,
  },
  {
    keyword: 'dsfield',
    syntax: 'dsfield VALUE',
    default: '0',
    range: 'as tos',
    meaning: 'Type of service selector.',
    note: 'Same as tos',
    form: TOS,
    field: 'tos',
  },
  {
    keyword: 'fwmark',
    syntax: 'fwmark MARK[/MASK]',
    default: 'none',
    range: '0..4294967295 each, any base',
    meaning: 'Firewall mark selector.',
    form: firewallMark(),
  },
  {
    keyword: 'iif',
    syntax: 'iif IFNAME',
    default: 'none',
    range: 'must exist unless dynamic_interfaces',
    meaning: 'Input interface selector.',
    ...IIF,
  },
  {
    keyword: 'dev',
    syntax: 'dev IFNAME',
    default: 'none',
    range: 'as iif',
    meaning: 'Input interface selector.',
    note: 'Same as iif',
    ...IIF,
  },
  {
    keyword: 'oif',
    syntax: 'oif IFNAME',
    default: 'none',
    range: 'must exist unless dynamic_interfaces',
    meaning: 'Output interface selector.',
    form: interfaceName(),
  },
  {
    keyword: 'tunnel-id',
    syntax: 'tunnel-id NUMBER',
    default: 'none',
    range: '0..18446744073709551615',
    meaning: 'Tunnel identifier selector.',
    form: uint64(RULE_IGNORED),
  },
  {
    keyword: 'uidrange',
    syntax: 'uidrange FIRST-LAST',
    default: 'none',
    range: 'two 32-bit numbers',
    meaning: 'User id selector.',
    form: numberRange({ max: UINT32_MAX, consequence: RULE_IGNORED }),
  },
  {
    keyword: 'ipproto',
    syntax: 'ipproto PROTO',
    default: 'none',
    range: 'name or number 0..255; a bad one is ignored',
    meaning: 'IP protocol selector.',
    note: 'The manual writes ip_proto, which the code does not know',
    form: ipProtocol(),
    onBadValue: 'ignore',
  },
  {
    keyword: 'sport',
    syntax: 'sport FIRST-LAST',
    default: 'none',
    range: '0..65535; a single port is reported as invalid in 2.4.3',
    meaning: 'Source port selector.',
    ...PORTS,
  },
  {
    keyword: 'dport',
    syntax: 'dport FIRST-LAST',
    default: 'none',
    range: '0..65535; a single port is reported as invalid in 2.4.3',
    meaning: 'Destination port selector.',
    ...PORTS,
  },
]
