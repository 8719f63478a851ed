/** Addresses of a route, which decide its family or have to agree with it. */
import { familyOf, ofFamily, parseAddress } from '../forms/addresses.ts'
import type { Family } from '../forms/addresses.ts'
import { decodeNetwork, networkText } from '../forms/networks.ts'
import { integer, UINT32_MAX } from '../forms/numbers.ts'
import { requiredWord } from '../forms/words.ts'
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import type { Draft, OptionRow, ReadContext } from '../tables/schema.ts'
import type { Span } from '../text/source.ts'

/** For messages: what comes of a bad value. */
export const ROUTE_IGNORED = 'the route is ignored'

/** Words that say a family. */
export const FAMILY_WORDS: ReadonlyMap<string, Family> = new Map([
  ['inet', 4],
  ['inet6', 6],
])

/** Words for "no matter which address". */
export const ANY_WORDS: ReadonlySet<string> = new Set(['default', 'any', 'all'])

/** A number of 32 bits. */
export function uint32(): Form<number> {
  return integer(0, UINT32_MAX, { consequence: ROUTE_IGNORED })
}

/** `[inet|inet6] ADDRESS`. @param consequence what comes of a bad one, for the message */
export function gateway(consequence: string): Form<string> {
  return {
    types: TEXT_TYPES,
    read(line, { diagnostics }, name) {
      const first = requiredWord(line, name, 'an address', diagnostics)
      const family = first === undefined ? undefined : FAMILY_WORDS.get(first)
      const text = family === undefined ? first : requiredWord(line, String(first), 'an address', diagnostics)
      if (text === undefined) return undefined
      return ofFamily(parseAddress(text), family, { text, span: line.wordSpan, consequence }, diagnostics)
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
  }
}

/** `ADDRESS[/LEN]`. */
export const FROM: Form<string> = {
  types: TEXT_TYPES,
  read(line, context, name) {
    const text = requiredWord(line, name, 'an address', context.diagnostics)
    if (text === undefined) return undefined
    const network = decodeNetwork(text, line, context)
    if (network !== undefined) return networkText(network)
    return context.diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not an address; ${ROUTE_IGNORED}`)
  },
  toInput: (value) => value,
  toWords: (input) => (typeof input === 'string' ? [input] : undefined),
}

/** Decides the family of an item, or compares with what is decided; another one is reported at the word taken last. */
export function claimFamily(item: Draft, family: Family, what: string, line: Line, { diagnostics }: ReadContext): boolean {
  item['family'] ??= family
  if (item['family'] === family) return true
  const message = `IPv4 and IPv6 do not mix in one ${what}; it is ignored`
  diagnostics.error('family-mismatch', line.wordSpan, message)
  return false
}

/** Stores an address of the family of the route. */
export function storeAddress(field: string): NonNullable<OptionRow['store']> {
  return (item, value, line, context) => {
    if (!claimFamily(item, familyOf(String(value)), 'route', line, context)) return 'drop'
    item[field] = value
    return undefined
  }
}

/** Only IPv6 routes look at where a packet comes from. */
export function storeFrom(item: Draft, value: unknown, line: Line, context: ReadContext): 'drop' | undefined {
  if (familyOf(String(value)) === 4) {
    context.diagnostics.error('family-mismatch', line.wordSpan, `'from' takes an IPv6 address; ${ROUTE_IGNORED}`)
    return 'drop'
  }
  return storeAddress('from')(item, value, line, context)
}

/** `inet` or `inet6`, after which keepalived passes over one word. */
export function readFamilyWord(text: string, item: Draft, what: string, line: Line, context: ReadContext): 'read' | 'drop' | undefined {
  const family = FAMILY_WORDS.get(text)
  if (family === undefined) return undefined
  if (!claimFamily(item, family, what, line, context)) return 'drop'
  if (line.left > 0 && line.peek() !== 'to') noteFamilyWord(text, line.wordSpan, context)
  return 'read'
}

/** Says that keepalived takes a line with `inet` or `inet6` otherwise. */
export function noteFamilyWord(text: string, span: Span, { diagnostics }: ReadContext): void {
  const message = `'${text}' is taken as the manual says; keepalived 2.4.3 passes over the word after it`
  diagnostics.info('differs-from-keepalived', span, message, `leave '${text}' out: addresses say the family`)
}
