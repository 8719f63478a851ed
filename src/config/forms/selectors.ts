/** Forms of what a policy-routing rule selects: marks, ranges and protocols. */
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import type { FirewallMark, NumberRange } from '../tables/values.ts'
import { protocolNumber } from '../tables/ip-protocols.ts'
import { parseAnyBase, UINT32_MAX } from './numbers.ts'
import { requiredWord } from './words.ts'

const RULE_IGNORED = 'the rule is ignored'
const MAX_PROTOCOL = 255

function isUint32(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value <= UINT32_MAX
}

/** `MARK[/MASK]`, each 0..4294967295 in any base. */
export function firewallMark(): Form<FirewallMark> {
  return {
    types: {
      model: 'FirewallMark',
      input: 'number | string',
      schema: { anyOf: [{ type: 'integer', minimum: 0, maximum: UINT32_MAX }, { type: 'string' }] },
    },
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, 'a mark', diagnostics)
      if (text === undefined) return undefined
      const parts = text.split('/').map(parseAnyBase)
      const [mark, mask] = parts
      if (parts.length === 1 && isUint32(mark)) return { mark, mask: undefined }
      if (parts.length === 2 && isUint32(mark) && isUint32(mask)) return { mark, mask }
      const help = `expected MARK or MARK/MASK, each a number from 0 to ${UINT32_MAX}`
      return diagnostics.error('invalid-option', line.wordSpan, `${shown(text)} is not a mark; ${RULE_IGNORED}`, help)
    },
    toInput: ({ mark, mask }) => (mask === undefined ? mark : `0x${mark.toString(16)}/0x${mask.toString(16)}`),
    toWords: (input) => (typeof input === 'number' || typeof input === 'string' ? [String(input)] : undefined),
  }
}

/** What a range may be. */
export interface RangeRules {
  readonly max: number
  /** What comes of a bad one, for the message. */
  readonly consequence: string
  /** A single number is a range too, which keepalived does not take. */
  readonly allowsSingle?: boolean
}

/** `FIRST-LAST`. */
export function numberRange({ max, consequence, allowsSingle = false }: RangeRules): Form<NumberRange> {
  const number = { type: 'integer', minimum: 0, maximum: max }
  return {
    types: {
      model: 'NumberRange',
      input: allowsSingle ? 'number | string' : 'string',
      schema: allowsSingle ? { anyOf: [number, { type: 'string' }] } : { type: 'string' },
    },
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, 'a range', diagnostics)
      if (text === undefined) return undefined
      const [matched, start, end = start] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
      const range = { first: Number(start), last: Number(end) }
      if (matched === undefined || (!allowsSingle && !text.includes('-')) || Math.max(range.first, range.last) > max) {
        const help = `expected FIRST-LAST, each a number from 0 to ${max}`
        return diagnostics.error('invalid-option', line.wordSpan, `${shown(text)} is not a range for '${name}'; ${consequence}`, help)
      }
      if (!text.includes('-')) {
        const message = `'${name} ${text}' selects this one; keepalived 2.4.3 ignores it, against its manual`
        diagnostics.info('differs-from-keepalived', line.wordSpan, message, `write \`${name} ${text}-${text}\` for both`)
      } else if (range.first > range.last) {
        diagnostics.info('no-effect', line.wordSpan, `the range ${text} is empty: the kernel refuses such a rule`)
      }
      return range
    },
    toInput: ({ first, last }) => `${first}-${last}`,
    toWords(input) {
      if (typeof input === 'string') return [input]
      return allowsSingle && typeof input === 'number' ? [`${input}-${input}`] : undefined
    },
  }
}

/** An IP protocol: a decimal number, or a name. */
export function ipProtocol(): Form<number> {
  return {
    types: {
      model: 'number',
      input: 'number | string',
      schema: { anyOf: [{ type: 'integer', minimum: 0, maximum: MAX_PROTOCOL }, { type: 'string' }] },
    },
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, 'an IP protocol', diagnostics)
      if (text === undefined) return undefined
      const number = /^\d{1,3}$/.test(text) ? Number(text) : protocolNumber(text)
      if (number !== undefined && number <= MAX_PROTOCOL) return number
      const help = `expected a name such as tcp, udp or icmp, or a number from 0 to ${MAX_PROTOCOL}`
      return diagnostics.error('invalid-option', line.wordSpan, `${shown(text)} is not an IP protocol; it is ignored`, help)
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'number' || typeof input === 'string' ? [String(input)] : undefined),
  }
}
