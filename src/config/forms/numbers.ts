/** Forms of numbers and durations (language.md §7). */
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import { respell } from '../diagnostics/fix.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Line } from '../blocks/line.ts'
import type { Form, FormTypes } from '../tables/form.ts'
import { requiredWord } from './words.ts'

export const US_PER_S = 1_000_000
export const US_PER_MS = 1_000
export const UINT32_MAX = 4_294_967_295
export const INT32_MAX = 2_147_483_647
/** Delays that keepalived keeps in 32 bits of microseconds. */
export const MAX_DELAY_S = 4294.967295

/** What becomes of a number that cannot be used. */
export interface NumberRules<V = number> {
  /** Used instead of a bad value; the former value stays unless given. */
  readonly invalid?: V
  /** Further words that stand for a number. */
  readonly words?: Readonly<Record<string, number>>
  /** A keyword without a number means this. */
  readonly bare?: number
  /** A missing number is a plain error instead of one that ends keepalived. */
  readonly isLenient?: boolean
  /** What comes of a bad one, for the message, where {@link invalid} does not say it. */
  readonly consequence?: string
  /** Further words make the line void. */
  readonly isAlone?: boolean
}

const DIGIT_0 = 48
/** More may not be exact. */
const EXACT_DIGITS = 15

/** A number that is nothing but a few digits, as most are; -1: it is written otherwise. */
function plainNumber(text: string): number {
  const { length } = text
  if (length === 0 || length > EXACT_DIGITS) return -1
  let number = 0
  for (let at = 0; at < length; at++) {
    const digit = text.charCodeAt(at) - DIGIT_0
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number
}

/** A whole decimal number with leading blanks and a sign; no digits, as in `""`, are 0, as for strtol(3). */
export function parseInteger(text: string): number | undefined {
  const plain = plainNumber(text)
  if (plain >= 0) return plain
  return /^[ \t\n\v\f\r]*(?:[+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

/** A whole number in any base, as strtoul(3) with base 0 reads it. */
export function parseAnyBase(text: string): number | undefined {
  const [, sign = '', digits = ''] = /^[ \t\n\v\f\r]*([+-]?)(0x[0-9a-f]+|\d+)$/i.exec(text) ?? []
  if (digits === '') return undefined
  const isOctal = /^0\d/.test(digits)
  if (isOctal && /[89]/.test(digits)) return undefined
  const value = isOctal ? Number.parseInt(digits, 8) : Number(digits)
  return sign === '-' ? -value : value
}

/** A whole decimal number. A plus sign and leading blanks (in quotes) are allowed, other bases are not. */
export function integer(min: number, max: number, rules: NumberRules = {}): Form<number> {
  return numberForm(min, max, rules, parseInteger)
}

/** A whole number in any base: decimal, octal with `0`, hexadecimal with `0x`. */
export function anyBase(min: number, max: number, rules: NumberRules = {}): Form<number> {
  return numberForm(min, max, rules, parseAnyBase)
}

function numberForm(min: number, max: number, rules: NumberRules, parse: (text: string) => number | undefined): Form<number> {
  const { invalid, words = {}, bare, isLenient = false, isAlone = false } = rules
  const consequence = invalid === undefined ? rules.consequence : `${invalid} is used`
  return {
    types: numberTypes(min, max, Object.keys(words)),
    ...(bare === undefined ? {} : { isBare: true }),
    read(line, { diagnostics }, name) {
      if (bare !== undefined && line.left === 0) return bare
      const text = requiredWord(line, name, `a number from ${min} to ${max}`, diagnostics, isLenient)
      if (text === undefined) return undefined
      if (isAlone && line.left > 0) {
        return diagnostics.error('unexpected-word', line.nextSpan, `'${name}' takes one number; the line is ignored`)
      }
      if (Object.hasOwn(words, text)) return words[text]
      const value = parse(text)
      if (value !== undefined && value >= min && value <= max) return value
      const help = `expected a whole number from ${min} to ${max}${consequence === undefined ? '' : `; ${consequence}`}`
      if (value === undefined) diagnostics.error('invalid-number', line.wordSpan, `${shown(text)} is not a whole number`, help)
      else diagnostics.error('value-out-of-range', line.wordSpan, `${shown(text)} does not fit '${name}'`, help)
      return invalid
    },
    toInput: (value) => Object.keys(words).find((word) => words[word] === value) ?? value,
    toWords: (input) =>
      typeof input === 'number' || (typeof input === 'string' && Object.hasOwn(words, input)) ? [String(input)] : undefined,
  }
}

function numberTypes(min: number, max: number, words: readonly string[]): FormTypes {
  const number = { type: 'integer', minimum: min, maximum: max }
  const union = ['number', ...words.map((word) => `'${word}'`)].join(' | ')
  return { model: 'number', input: union, schema: words.length === 0 ? number : { anyOf: [number, { enum: words }] } }
}

/** A number that is 0 where none is written: no line says 0. */
export function unlessZero(form: Form<number>): Form<number> {
  return { ...form, toInput: (value) => (value === 0 ? undefined : form.toInput(value)) }
}

/** A count of at least 1; 0, allowed by old configurations, is reported and becomes 1. */
export function count(max: number): Form<number> {
  const form = integer(0, max)
  return {
    ...unlessZero(form),
    types: numberTypes(1, max, []),
    read(line, context, name) {
      const value = form.read(line, context, name)
      if (value !== 0) return value
      context.diagnostics.error('value-replaced', line.wordSpan, `'${name}' must be at least 1; 1 is used`)
      return 1
    },
  }
}

/** One of a few whole numbers in a row, as a type of its own. */
export function integerOf<V extends number>(choices: readonly V[], rules: NumberRules<V> = {}): Form<V> {
  const form = integer(Math.min(...choices), Math.max(...choices), rules)
  const union = choices.join(' | ')
  return {
    types: { model: union, input: union, schema: { enum: choices } },
    read(line, context, name) {
      const value = form.read(line, context, name)
      return choices.find((choice) => choice === value)
    },
    toInput: (value) => value,
    toWords: (input) => form.toWords(input),
  }
}

/** Whole seconds, stored as microseconds. `zero` of the rules: 0 is reported and becomes this many seconds. */
export function wholeSeconds(minS: number, maxS: number, rules: NumberRules & { readonly zero?: number } = {}): Form<number> {
  const { zero } = rules
  const form = integer(minS, maxS, rules)
  return {
    types: { ...form.types, unit: 'Us' },
    ...(form.isBare === true ? { isBare: true } : {}),
    read(line, context, name) {
      if (zero !== undefined && parseInteger(line.peek() ?? 'none') === 0) {
        line.next()
        context.diagnostics.error('value-replaced', line.wordSpan, `'${name}' must not be 0; ${zero} is used`)
        return zero * US_PER_S
      }
      const seconds = form.read(line, context, name)
      return seconds === undefined ? undefined : seconds * US_PER_S
    },
    toInput: (us) => us / US_PER_S,
    toWords: (input) => form.toWords(input),
  }
}

/** Whole microseconds, written as such. */
export function microseconds(min: number, max: number, rules: NumberRules = {}): Form<number> {
  const form = integer(min, max, rules)
  return { ...form, types: { ...form.types, unit: 'Us' } }
}

/** Decimal seconds of a resolution, stored as microseconds. */
export interface SecondsRules extends NumberRules {
  /** Decimals that count: 6 unless given. */
  readonly decimals?: 3 | 6
  /** 0 is reported and becomes this many seconds. */
  readonly zero?: number
}

/**
 * Decimal seconds, such as `1.5`: digits with at most one dot, no sign, no exponent, no unit, stored as whole
 * microseconds. Surplus decimals are reported and rounded half up. `invalid` of the rules is in microseconds.
 */
export function seconds(minS: number, maxS: number, rules: SecondsRules = {}): Form<number> {
  return decimal(minS, maxS, rules, US_PER_S, 'seconds')
}

/** Decimal milliseconds with three decimals, stored as microseconds. */
export function milliseconds(minMs: number, maxMs: number, rules: NumberRules = {}): Form<number> {
  return decimal(minMs, maxMs, { ...rules, decimals: 3 }, 1000, 'milliseconds')
}

function decimal(min: number, max: number, rules: SecondsRules, usPerUnit: number, unit: string): Form<number> {
  const { invalid, decimals = 6, zero, bare, isLenient = false } = rules
  const bounds = { min: Math.round(min * usPerUnit), max: Math.round(max * usPerUnit) }
  const help = `expected ${max === Infinity ? `${min} or more` : `${min} to ${max}`} ${unit}`
  return {
    types: { model: 'number', input: 'number', schema: decimalSchema(min, max), unit: 'Us' },
    ...(bare === undefined ? {} : { isBare: true }),
    read(line, { diagnostics }, name) {
      if (bare !== undefined && line.left === 0) return bare
      const text = requiredWord(line, name, `a number of ${unit}`, diagnostics, isLenient)
      if (text === undefined) return undefined
      const plain = plainNumber(text)
      const parsed = plain >= 0 ? undefined : parseDecimal(text, decimals)
      if (plain < 0 && parsed === undefined) {
        diagnostics.error('invalid-number', line.wordSpan, `${shown(text)} is not a number of ${unit}`, help)
        return invalid
      }
      const us = parsed === undefined ? plain * usPerUnit : Math.round((parsed.units * usPerUnit) / 10 ** decimals)
      if (us === 0 && zero !== undefined) {
        diagnostics.error('value-replaced', line.wordSpan, `'${name}' must not be 0; ${zero} is used`)
        return zero * usPerUnit
      }
      if (us < bounds.min || us > bounds.max) {
        diagnostics.error('value-out-of-range', line.wordSpan, `${shown(text)} does not fit '${name}'`, help)
        return invalid
      }
      if (parsed?.isSurplus === true) reportSurplus(line, diagnostics, text, decimalText(us / usPerUnit, decimals), decimals)
      return us
    },
    toInput: (us) => us / usPerUnit,
    toWords: (input) => (typeof input === 'number' ? [decimalText(input, decimals)] : undefined),
  }
}

function decimalSchema(min: number, max: number): FormTypes['schema'] {
  return { type: 'number', minimum: min, ...(max === Infinity ? {} : { maximum: max }) }
}

/** Digits only: an exponent would not be read. */
function decimalText(value: number, decimals: number): string {
  return value.toFixed(decimals).replace(/\.?0+$/, '')
}

function reportSurplus(line: Line, diagnostics: Diagnostics, text: string, used: string, decimals: number): void {
  const message = `${shown(text)} has more than ${decimals === 3 ? 'three' : 'six'} decimals; ${used} is used`
  diagnostics.error('surplus-decimals', line.wordSpan, message, undefined, respell(line.wordSpan, used))
}

/** In decimal text, because 1.0000005 s is not a binary fraction. Units are of the last decimal that counts. */
function parseDecimal(text: string, decimals: number): { readonly units: number; readonly isSurplus: boolean } | undefined {
  // Without any digit it is 0, as for whole numbers, unless there is a sign.
  const parts = /^[ \t\n\v\f\r]*(?:\+(?=\.?\d))?(\d*)(?:\.(\d*))?$/.exec(text)
  if (parts === null) return undefined
  const [, whole = '', fraction = ''] = parts
  const kept = Number(fraction.slice(0, decimals).padEnd(decimals, '0'))
  const rounded = kept + (fraction.charAt(decimals) >= '5' ? 1 : 0)
  return { units: Number(whole) * 10 ** decimals + rounded, isSurplus: fraction.length > decimals }
}
