/** Ranges of addresses and whole subnets: `10.0.0.1-9`, `10.0.0.0/24`. */
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { familyOf, parseAddress } from './addresses.ts'
import { LONGEST_PREFIX } from './networks.ts'
import { parseInteger } from './numbers.ts'

/** Addresses in a row, in canonical form. */
export interface AddressRange {
  readonly address: string
  /** Absent: it is one address, or a subnet. */
  readonly rangeEnd?: string
  readonly prefixLength?: number
}

/** How wide a part of an address is, in bits, and its largest value. */
const PARTS = { 4: { bits: 8, max: 255 }, 6: { bits: 16, max: 65_535 } } as const

/**
 * Decodes the word taken last as `ADDRESS[-END|/LEN]`. END is an address, or its last part: a decimal octet of IPv4,
 * 16 bits in hexadecimal of IPv6.
 *
 * @param consequence what comes of a bad one, for the message
 */
export function decodeRange(text: string, line: Line, consequence: string, context: ReadContext): AddressRange | undefined {
  const { diagnostics } = context
  const dash = text.indexOf('-')
  const slash = text.indexOf('/')
  const start = parseAddress(text.slice(0, Math.min(...[dash, slash, text.length].filter((at) => at !== -1))))
  if (start === undefined || (dash !== -1 && slash !== -1 && slash < dash)) {
    return diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not an address; ${consequence}`)
  }
  const { address } = start
  if (dash !== -1) return decodeEnd(address, text.slice(dash + 1), line, consequence, context)
  return slash === -1 ? { address } : decodeSubnet(address, text.slice(slash + 1), line, consequence, context)
}

function decodeEnd(address: string, text: string, line: Line, consequence: string, { diagnostics }: ReadContext): AddressRange | undefined {
  const family = familyOf(address)
  const start = partsOf(address)
  const whole = parseAddress(text)
  const last = whole === undefined ? parseLast(text, family) : undefined
  if (whole?.family !== family && last === undefined) {
    const help = `expected an address, or ${family === 4 ? 'its last number, 0 to 255' : 'its last 16 bits in hexadecimal'}`
    return diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not the end of a range; ${consequence}`, help)
  }
  const end = whole === undefined ? [...start.slice(0, -1), last ?? 0] : partsOf(whole.address)
  const order = compare(end, start)
  // A range of one address is possible only where both ends are written out.
  if (order < 0 || (order === 0 && whole === undefined)) {
    return diagnostics.error('invalid-address', line.wordSpan, `the range ends at or before its start; ${consequence}`)
  }
  return { address, rangeEnd: addressOf(end, family) }
}

function decodeSubnet(address: string, text: string, line: Line, consequence: string, context: ReadContext): AddressRange | undefined {
  const { diagnostics } = context
  const family = familyOf(address)
  const prefixLength = parseInteger(text)
  if (prefixLength === undefined || prefixLength < 1 || prefixLength > LONGEST_PREFIX[family]) {
    const help = `expected a number from 1 to ${LONGEST_PREFIX[family]} after the slash`
    return diagnostics.error('invalid-number', line.wordSpan, `${shown(text)} is not a prefix length; ${consequence}`, help)
  }
  if (partsOf(address).some((part, index) => hostBits(part, index, prefixLength, PARTS[family].bits) !== 0)) {
    const message = `${shown(address)} is not the first address of a subnet with a prefix of ${prefixLength} bits; ${consequence}`
    return diagnostics.error('invalid-address', line.wordSpan, message)
  }
  return { address, prefixLength }
}

function parseLast(text: string, family: 4 | 6): number | undefined {
  const number = family === 4 ? parseInteger(text) : parseHex(text)
  return number !== undefined && number >= 0 && number <= PARTS[family].max ? number : undefined
}

function parseHex(text: string): number | undefined {
  return /^(?:0x)?[0-9a-f]+$/i.test(text) ? Number.parseInt(text, 16) : undefined
}

/** Four octets, or eight groups of 16 bits. */
function partsOf(address: string): readonly number[] {
  if (familyOf(address) === 4) return address.split('.').map(Number)
  const [head = '', tail] = address.replace(/[\d.]+\.\d+$/, embedded).split('::')
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  if (tail === undefined) return groups(head)
  const [before, after] = [groups(head), groups(tail)]
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}

/** The canonical form has an IPv4 address at the end of some addresses. */
function embedded(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

function addressOf(parts: readonly number[], family: 4 | 6): string {
  if (family === 4) return parts.join('.')
  const text = parts.map((part) => part.toString(16)).join(':')
  return parseAddress(text)?.address ?? text
}

function compare(one: readonly number[], other: readonly number[]): number {
  const index = one.findIndex((part, at) => part !== other[at])
  return index === -1 ? 0 : (one[index] ?? 0) - (other[index] ?? 0)
}

/** The bits of a part that are beyond a prefix. */
function hostBits(part: number, index: number, prefixLength: number, bits: number): number {
  const own = Math.min(bits, Math.max(0, prefixLength - index * bits))
  return part % 2 ** (bits - own)
}
