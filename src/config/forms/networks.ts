/** Addresses with a prefix length: `10.0.0.0/24`. */
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { parseAddress } from './addresses.ts'
import type { Family } from './addresses.ts'
import { parseInteger } from './numbers.ts'

/** An address in canonical form with its prefix length. */
export interface Network {
  readonly family: Family
  readonly address: string
  /** The whole address unless given. */
  readonly prefixLength: number
}

/** Octets of an address in bits: its longest prefix. */
export const LONGEST_PREFIX = { 4: 32, 6: 128 } as const

/**
 * Decodes the word taken last as `ADDRESS[/LEN]`; a bad length is reported, and the whole address meant.
 *
 * @returns `undefined` when there is no address, which is not reported
 */
export function decodeNetwork(text: string, line: Line, { diagnostics }: Pick<ReadContext, 'diagnostics'>): Network | undefined {
  const slash = text.indexOf('/')
  const parsed = parseAddress(slash === -1 ? text : text.slice(0, slash))
  if (parsed === undefined) return undefined
  const { family, address } = parsed
  const longest = LONGEST_PREFIX[family]
  if (slash === -1) return { family, address, prefixLength: longest }
  const written = text.slice(slash + 1)
  const prefixLength = parseInteger(written)
  // keepalived reads nothing after the slash as /0, which nobody means.
  if (prefixLength !== undefined && /\d/.test(written) && prefixLength >= 0 && prefixLength <= longest) {
    return { family, address, prefixLength }
  }
  const message = `${shown(written)} is not a prefix length; ${longest} is used`
  diagnostics.error('invalid-number', line.wordSpan, message, `expected a number from 0 to ${longest} after the slash`)
  return { family, address, prefixLength: longest }
}

/** `ADDRESS/LEN`, or `ADDRESS` when that is all of it. */
export function networkText({ family, address, prefixLength }: Network): string {
  return prefixLength === LONGEST_PREFIX[family] ? address : `${address}/${prefixLength}`
}
