/** Forms of the metrics of routes: numbers and times that may be locked. */
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import type { RouteMetric } from '../tables/values.ts'
import { US_PER_S, US_PER_MS } from './numbers.ts'
import { requiredWord } from './words.ts'

/** A metric with the word `lock` in front, or without. */
export function lockable<V>(inner: Form<V>): Form<RouteMetric<V>> {
  const { model, input, schema, unit } = inner.types
  const locked = {
    type: 'object',
    properties: { value: schema, lock: { type: 'boolean' } },
    required: ['value'],
    additionalProperties: false,
  }
  return {
    types: {
      model: `RouteMetric<${model}>`,
      input: `${input} | { readonly value: ${input}; readonly lock?: boolean }`,
      schema: { anyOf: [schema, locked] },
      ...(unit === undefined ? {} : { unit }),
    },
    read(line, context, name) {
      const lock = line.peek() === 'lock'
      if (lock) line.next()
      const value = inner.read(line, context, name)
      return value === undefined ? undefined : { value, lock }
    },
    toInput: ({ value, lock }) => (lock ? { value: inner.toInput(value), lock } : inner.toInput(value)),
    toWords(written) {
      if (typeof written !== 'object' || written === null || !('value' in written)) return inner.toWords(written)
      const words = inner.toWords(written.value)
      return words !== undefined && 'lock' in written && written.lock === true ? ['lock', ...words] : words
    },
  }
}

const MIN_S = 0.2
const MAX_S = 120
const DECIMALS_OF_SECONDS = 3
/** `1`, `200ms`, `1.5s`: case does not matter. */
const TIME = /^\+?(\d*)(?:\.(\d*))?(ms|msecs?|s|secs?)?$/i

/**
 * A time of TCP: a plain number in units of its own, or a number with `ms` or `s`, stored as microseconds.
 * What lies outside of 0.2 to 120 s becomes the nearest of these, which is reported.
 *
 * @param usPerUnit what a plain number counts
 */
export function tcpTime(usPerUnit: number): Form<number> {
  return {
    types: {
      model: 'number',
      input: 'number | string',
      schema: { anyOf: [{ type: 'number', minimum: 0 }, { type: 'string' }] },
      unit: 'Us',
    },
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, 'a time', diagnostics)
      if (text === undefined) return undefined
      const [matched, whole = '', fraction = '', suffix = ''] = TIME.exec(text) ?? []
      if (matched === undefined || (suffix !== '' && whole + fraction === '')) {
        const help = `expected a number of ${usPerUnit} us each, or one with ms or s, from ${MIN_S} to ${MAX_S} s`
        return diagnostics.error('invalid-number', line.wordSpan, `${shown(text)} is not a time; the route is ignored`, help)
      }
      const isSeconds = /^s/i.test(suffix)
      const usPerNumber = isSeconds ? US_PER_S : suffix === '' ? usPerUnit : US_PER_MS
      const decimals = isSeconds ? DECIMALS_OF_SECONDS : 0
      const kept = Number(fraction.slice(0, decimals).padEnd(decimals, '0')) + (fraction.charAt(decimals) >= '5' ? 1 : 0)
      const us = Number(whole) * usPerNumber + (kept * usPerNumber) / 10 ** decimals
      if (fraction.length > decimals) {
        const message = `${shown(text)} has ${decimals === 0 ? 'decimals' : 'more than three decimals'}; ${us / US_PER_S} s is used`
        diagnostics.error('surplus-decimals', line.wordSpan, message)
      }
      const fitting = Math.min(Math.max(us, MIN_S * US_PER_S), MAX_S * US_PER_S)
      if (fitting !== us) {
        const message = `'${name}' is from ${MIN_S} to ${MAX_S} s; instead of ${us / US_PER_S} s, ${fitting / US_PER_S} s is used`
        diagnostics.error('value-replaced', line.wordSpan, message)
      }
      return fitting
    },
    toInput: (us) => (us % US_PER_MS === 0 ? `${us / US_PER_MS}ms` : us / usPerUnit),
    toWords: (input) => (typeof input === 'number' || typeof input === 'string' ? [String(input)] : undefined),
  }
}
