/** Decoders for the value formats of the language (language.md §7). */
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import type { Diagnostics } from './diagnostic.ts'
import type { Family } from './model.ts'
import { shown } from './excerpt.ts'
import type { Directive, Word } from './words.ts'

/** Inclusive limits of a whole number. */
export interface IntegerBounds {
  readonly min: number
  readonly max: number
}

/** Inclusive limits of a duration, in microseconds. */
export interface DurationBounds {
  readonly minUs: number
  readonly maxUs: number
}

export const US_PER_S = 1_000_000
/** Interface names end with a NUL octet in 16. */
export const MAX_INTERFACE_NAME = 15

/** `true on yes` and `false off no`, lower case only. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['on', true],
  ['yes', true],
  ['false', false],
  ['off', false],
  ['no', false],
])

/** The first word after the keyword; reports when there is none. */
export function requiredWord(directive: Directive, what: string, diagnostics: Diagnostics): Word | undefined {
  const [word] = directive.args
  return word ?? diagnostics.error('missing-value', directive.span, `'${directive.keyword}' takes ${what}`)
}

/** A whole decimal number with leading blanks and a sign; no digits, as in `""`, are 0, as for strtol(3). */
export function parseInteger(text: string): number | undefined {
  return /^[ \t\n\v\f\r]*(?:[+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

/** An address word without what follows a slash or dash, which means nothing for sources and groups. */
export function withoutRange(text: string): string {
  return text.replace(/[-/].*$/s, '')
}

/**
 * Decodes a whole decimal number. A plus sign and leading blanks (in quotes) are allowed, other bases are not.
 *
 * @param replacement what the caller uses instead of a bad value, for the message
 * @returns the number, or `undefined` when it was rejected: `diagnostics` then holds why
 */
export function decodeInteger(
  word: Word,
  keyword: string,
  bounds: IntegerBounds,
  diagnostics: Diagnostics,
  replacement?: number,
): number | undefined {
  const { text } = word
  const help = `expected a whole number from ${bounds.min} to ${bounds.max}${replacement === undefined ? '' : `; ${replacement} is used`}`
  const value = parseInteger(text)
  if (value === undefined) return diagnostics.error('invalid-number', word.span, `${shown(text)} is not a whole number`, help)
  if (value >= bounds.min && value <= bounds.max) return value
  return diagnostics.error('value-out-of-range', word.span, `${shown(text)} does not fit '${keyword}'`, help)
}

/**
 * Decodes decimal seconds, such as `1.5`: digits with at most one dot, no sign, no exponent, no unit.
 * Decimals beyond the sixth are reported and rounded half up.
 *
 * @returns whole microseconds, or `undefined` when the value was rejected: `diagnostics` then holds why
 */
export function decodeSeconds(directive: Directive, bounds: DurationBounds, diagnostics: Diagnostics): number | undefined {
  const word = requiredWord(directive, 'a number of seconds', diagnostics)
  if (word === undefined) return undefined
  const { text } = word
  const help = `expected ${bounds.minUs / US_PER_S} to ${bounds.maxUs / US_PER_S} seconds`
  // Without any digit it is 0, as for whole numbers, unless there is a sign.
  const parts = /^[ \t\n\v\f\r]*(?:\+(?=\.?\d))?(\d*)(?:\.(\d*))?$/.exec(text)
  if (parts === null) return diagnostics.error('invalid-number', word.span, `${shown(text)} is not a number of seconds`, help)
  const [, whole = '', decimals = ''] = parts
  // In decimal text, because 1.0000005 s is not a binary fraction.
  const us = Number(whole) * US_PER_S + Number(decimals.slice(0, 6).padEnd(6, '0')) + (decimals.charAt(6) >= '5' ? 1 : 0)
  if (us < bounds.minUs || us > bounds.maxUs) {
    return diagnostics.error('value-out-of-range', word.span, `${shown(text)} does not fit '${directive.keyword}'`, help)
  }
  if (decimals.length > 6) {
    diagnostics.error('surplus-decimals', word.span, `${shown(text)} has more than six decimals; ${us / US_PER_S} is used`)
  }
  return us
}

/** Decodes an optional boolean; a bare keyword means true. */
export function decodeBoolean(directive: Directive, diagnostics: Diagnostics): boolean | undefined {
  const [word] = directive.args
  if (word === undefined) return true
  const value = BOOLEANS.get(word.text)
  if (value !== undefined) return value
  const help = "expected 'true', 'on' or 'yes', or 'false', 'off' or 'no', in lower case"
  return diagnostics.error('invalid-boolean', word.span, `${shown(word.text)} is not a value for '${directive.keyword}'`, help)
}

/** Decodes an interface name; longer ones cannot exist. */
export function decodeInterfaceName(word: Word, diagnostics: Diagnostics): string | undefined {
  const { text } = word
  if (Buffer.byteLength(text) <= MAX_INTERFACE_NAME) return text
  return diagnostics.error('name-too-long', word.span, `interface name ${shown(text)} is longer than ${MAX_INTERFACE_NAME} characters`)
}

/** An address in canonical form with its family; `undefined` when the text is none. Zones (`%eth0`) are not part of one. */
export function parseAddress(text: string): { family: Family; address: string } | undefined {
  if (isIPv4(text)) return { family: 4, address: text }
  if (!isIPv6(text) || text.includes('%')) return undefined
  return { family: 6, address: new SocketAddress({ address: text, family: 'ipv6' }).address }
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
