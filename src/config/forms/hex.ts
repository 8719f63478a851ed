/** Forms of octets in hexadecimal: payloads of datagrams and digests (language.md §7). */
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import { requiredWord } from './words.ts'

const MD5_DIGITS = 32
const DIGITS = /^[0-9a-f]+$/i
/** Digits, or any half octets. */
const PATTERN_DIGITS = /^[0-9a-fx]+$/i

/** Octets with blanks between them as wanted, in the model two digits each, in lower case. */
export function hexOctets(): Form<string> {
  return {
    types: { model: 'string', input: 'string', schema: { type: 'string', pattern: '^([0-9a-fA-F]{2} *)+$' } },
    read(line, { diagnostics }, name) {
      if (line.left > 0) return readOctets(line, name, DIGITS, diagnostics)
      return diagnostics.error('missing-name', line.span, `'${name}' takes octets in hexadecimal; the line is ignored`)
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
  }
}

/** Octets in which `x` stands for any half octet; none at all stand for anything. */
export function hexPattern(): Form<string> {
  return {
    types: { model: 'string', input: 'string', schema: { type: 'string', pattern: '^([0-9a-fA-FxX]{2} *)*$' } },
    isBare: true,
    read: (line, { diagnostics }, name) => (line.left === 0 ? '' : readOctets(line, name, PATTERN_DIGITS, diagnostics)),
    toInput: (value) => value,
    toWords(input) {
      if (typeof input !== 'string') return undefined
      return input === '' ? [] : [input]
    },
  }
}

/** An MD5 sum, in the model in lower case. */
export function md5(): Form<string> {
  return {
    types: { model: 'string', input: 'string', schema: { type: 'string', pattern: '^[0-9a-fA-F]{32}$' } },
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, 'an MD5 sum', diagnostics)
      if (text === undefined) return undefined
      if (text.length === MD5_DIGITS && /^[0-9a-f]*$/i.test(text)) return text.toLowerCase()
      const help = `expected ${MD5_DIGITS} hexadecimal digits`
      return diagnostics.error('invalid-word', line.wordSpan, `${shown(text)} is no MD5 sum; it is ignored`, help)
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
  }
}

/** A digit that stands alone is an octet. */
function readOctets(line: Line, name: string, digits: RegExp, diagnostics: Diagnostics): string | undefined {
  let octets = ''
  while (line.left > 0) {
    const text = (line.next() ?? '').trim()
    if (text === '') return reportOctets(line, name, diagnostics)
    for (const run of text.split(/[ \t]+/)) {
      for (let at = 0; at < run.length; at += 2) {
        const pair = run.slice(at, at + 2)
        if (!digits.test(pair)) return reportOctets(line, name, diagnostics)
        octets += pair.padStart(2, '0').toLowerCase()
      }
    }
  }
  return octets
}

function reportOctets(line: Line, name: string, diagnostics: Diagnostics): undefined {
  const help = 'expected octets of two hexadecimal digits each, with or without blanks between them'
  return diagnostics.error(
    'invalid-word',
    line.wordSpan,
    `${shown(line.octets)} of '${name}' is not made of octets; the line is ignored`,
    help,
  )
}
