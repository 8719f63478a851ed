/** Form of `persistence_granularity`: a netmask or the length of a prefix. */
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import { parseAnyBase, parseInteger } from './numbers.ts'
import { requiredWord } from './words.ts'

/** Octets of an IPv4 address. */
const OCTETS = 4

/** A dotted netmask, in the model as four decimal octets, or a number: whether it fits the address family is the server's matter. */
export function granularity(): Form<string | number> {
  return {
    types: {
      model: 'string | number',
      input: 'string | number',
      schema: {
        anyOf: [
          { type: 'string', format: 'ipv4' },
          { type: 'integer', minimum: 1, maximum: 128 },
        ],
      },
    },
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, 'a netmask or the length of a prefix', diagnostics)
      if (text === undefined) return undefined
      const value = parseInteger(text) ?? dottedMask(text)
      if (value !== undefined) return value
      const help = 'expected a mask such as 255.255.255.0, or for IPv6 a number from 1 to 128'
      return diagnostics.error('invalid-number', line.wordSpan, `${shown(text)} does not fit '${name}'; it is ignored`, help)
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'string' || typeof input === 'number' ? [String(input)] : undefined),
  }
}

/** A netmask as inet_aton(3) reads it: up to four numbers in any base, of which the last fills what is left. */
export function dottedMask(text: string): string | undefined {
  const parts = text.split('.').map((part) => (/^\d/.test(part) ? parseAnyBase(part) : undefined))
  const last = parts.at(-1)
  if (last === undefined || parts.length > OCTETS || last >= 256 ** (OCTETS + 1 - parts.length)) return undefined
  const mask: number[] = []
  for (const part of parts.slice(0, -1)) {
    if (part === undefined || part > 255) return undefined
    mask.push(part)
  }
  const left = OCTETS - mask.length
  for (let index = left - 1; index >= 0; index--) mask.push(Math.floor(last / 256 ** index) % 256)
  return mask.join('.')
}
