/** Forms of IP addresses and ports. */
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import { shown } from '../diagnostics/printable.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import type { Span } from '../text/source.ts'
import { integer } from './numbers.ts'
import { requiredWord } from './words.ts'

/** The largest port. */
export const MAX_PORT = 65_535

/** IP version of an address or a virtual router. */
export type Family = 4 | 6

/** An address in canonical form with its family. */
export interface ParsedAddress {
  readonly family: Family
  readonly address: string
}

/** An address in canonical form with its family; `undefined` when the text is none. Zones (`%eth0`) are not part of one. */
export function parseAddress(text: string): ParsedAddress | undefined {
  if (isIPv4(text)) return { family: 4, address: text }
  if (!isIPv6(text) || text.includes('%')) return undefined
  return { family: 6, address: new SocketAddress({ address: text, family: 'ipv6' }).address }
}

/** An address in canonical form; `undefined` when the text is none. */
export function canonicalAddress(text: string): string | undefined {
  return isIPv4(text) ? text : parseAddress(text)?.address
}

/** The family of an address in canonical form. */
export function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4
}

/** An address word without what follows a slash or dash, which means nothing for sources, peers and servers. */
export function withoutRange(text: string): string {
  const slash = text.indexOf('/')
  const head = slash === -1 ? text : text.slice(0, slash)
  const dash = head.indexOf('-')
  return dash === -1 ? head : head.slice(0, dash)
}

/** Whether an address in canonical form is a multicast group. */
export function isMulticast(family: Family, address: string): boolean {
  if (family === 6) return /^ff[0-9a-f]{2}:/.test(address)
  const first = Number(address.slice(0, address.indexOf('.')))
  return first >= 224 && first <= 239
}

/** Whether an IPv6 multicast group in canonical form has link-local scope. */
export function isLinkLocalGroup(address: string): boolean {
  return /^ff[0-9a-f]2:/.test(address)
}

/** Whether an address in canonical form is an IPv6 link-local one. */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/.test(address)
}

/** What an address may be. */
export interface AddressRules {
  readonly family?: Family
  /** What follows a slash or a dash is part of the word: an address with it is bad. */
  readonly isExact?: boolean
  /** What comes of a bad one, for the message. */
  readonly consequence?: string
  readonly isLenient?: boolean
}

/** An address of a family, if one is wanted; reported when it is none. @param said the word, and what comes of a bad one */
export function ofFamily(
  parsed: ParsedAddress | undefined,
  family: Family | undefined,
  said: { readonly text: string; readonly span: Span; readonly consequence: string },
  diagnostics: Diagnostics,
): string | undefined {
  const { text, span, consequence } = said
  if (parsed === undefined) return diagnostics.error('invalid-address', span, `${shown(text)} is not an address; ${consequence}`)
  if (family === undefined || parsed.family === family) return parsed.address
  return diagnostics.error('family-mismatch', span, `${shown(text)} is not an IPv${family} address; ${consequence}`)
}

/** An address, in canonical form. */
export function address(rules: AddressRules = {}): Form<string> {
  const { family, isExact = false, consequence = 'the line is ignored', isLenient = false } = rules
  return {
    types: TEXT_TYPES,
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, `an IP${family === undefined ? '' : `v${family}`} address`, diagnostics, isLenient)
      if (text === undefined) return undefined
      const parsed = parseAddress(isExact ? text : withoutRange(text))
      return ofFamily(parsed, family, { text, span: line.wordSpan, consequence }, diagnostics)
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
  }
}

/** A multicast group of one family, in canonical form; one for more than the link is reported. */
export function multicastGroup(family: Family): Form<string> {
  return {
    types: TEXT_TYPES,
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, `an IPv${family} multicast address`, diagnostics)
      if (text === undefined) return undefined
      const { wordSpan } = line
      const parsed = parseAddress(withoutRange(text))
      if (parsed === undefined) return diagnostics.error('invalid-address', wordSpan, `${shown(text)} is not an address`)
      if (parsed.family !== family) return diagnostics.error('family-mismatch', wordSpan, `${shown(text)} is not an IPv${family} address`)
      if (!isMulticast(family, parsed.address)) {
        return diagnostics.error('invalid-address', wordSpan, `${shown(text)} is not a multicast address`)
      }
      if (family === 6 && !isLinkLocalGroup(parsed.address)) {
        diagnostics.warning('group-not-link-local', wordSpan, `${shown(text)} should have link-local scope (ff02::/16)`)
      }
      return parsed.address
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
  }
}

/** A port, 1..65535. */
export function port(): Form<number> {
  return integer(1, MAX_PORT)
}
