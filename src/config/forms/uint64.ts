/** Numbers of 64 bits, which are more than a number of JavaScript can hold. */
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import { requiredWord } from './words.ts'

const UINT64_MAX = 18_446_744_073_709_551_615n

/** A whole decimal number, 0..18446744073709551615, in decimal digits. @param consequence what comes of a bad one */
export function uint64(consequence: string): Form<string> {
  return {
    types: {
      model: 'string',
      input: 'number | string',
      schema: {
        anyOf: [
          { type: 'integer', minimum: 0, maximum: Number(UINT64_MAX) },
          { type: 'string', pattern: String.raw`^\d+$` },
        ],
      },
    },
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, `a number from 0 to ${UINT64_MAX}`, diagnostics)
      if (text === undefined) return undefined
      const [, digits] = /^[ \t\n\v\f\r]*\+?(\d*)$/.exec(text) ?? []
      const help = `expected a whole number from 0 to ${UINT64_MAX}; ${consequence}`
      if (digits === undefined) return diagnostics.error('invalid-number', line.wordSpan, `${shown(text)} is not a whole number`, help)
      const value = BigInt(digits)
      if (value <= UINT64_MAX) return String(value)
      return diagnostics.error('value-out-of-range', line.wordSpan, `${shown(text)} does not fit '${name}'`, help)
    },
    toInput: (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value),
    toWords(input) {
      if (typeof input === 'string') return [input]
      if (typeof input !== 'number') return undefined
      // JSON has no number for the greatest one.
      return [input === Number(UINT64_MAX) ? String(UINT64_MAX) : String(input)]
    },
  }
}
