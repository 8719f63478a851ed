/** Forms of numbers for which iproute2 has names. */
import { iprouteNames, iprouteNumber } from '../tables/iproute.ts'
import type { IprouteTable } from '../tables/iproute.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import type { ReadContext } from '../tables/schema.ts'
import type { Realms } from '../tables/values.ts'
import { parseAnyBase } from './numbers.ts'
import { requiredWord } from './words.ts'

/** What a number with a name may be. */
export interface IprouteRules {
  readonly table: IprouteTable
  /** 0 unless given. */
  readonly min?: number
  readonly max: number
  /** For messages: "a scope". */
  readonly what: string
  /** What comes of a bad one, for the message. */
  readonly consequence: string
}

/** A number in any base, or a name that iproute2 has for one. */
export function iprouteNamed(rules: IprouteRules): Form<number> {
  const { min = 0, max, what, consequence } = rules
  return {
    types: {
      model: 'number',
      input: 'number | string',
      schema: { anyOf: [{ type: 'integer', minimum: min, maximum: max }, { type: 'string' }] },
    },
    read(line, context, name) {
      const text = requiredWord(line, name, what, context.diagnostics)
      if (text === undefined) return undefined
      const number = parseNamed(rules, text, context)
      if (number !== undefined) return number
      return context.diagnostics.error('invalid-option', line.wordSpan, `${shown(text)} is not ${what}; ${consequence}`, namedHelp(rules))
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'number' || typeof input === 'string' ? [String(input)] : undefined),
  }
}

/** The number that a text is, or is the name of; `undefined` when it is neither. */
function parseNamed(
  { table, min = 0, max }: Pick<IprouteRules, 'table' | 'min' | 'max'>,
  text: string,
  context: ReadContext,
): number | undefined {
  const number = parseAnyBase(text) ?? iprouteNumber(table, text, context)
  return number !== undefined && number >= min && number <= max ? number : undefined
}

/** What a number with a name may be, for messages. */
function namedHelp({ table, min = 0, max }: IprouteRules): string {
  const known = iprouteNames(table).slice(0, 5)
  return `expected ${known.map((name) => `${name}, `).join('')}${known.length > 0 ? 'another' : 'a'} name of iproute2, or a number from ${min} to ${max}`
}

const MAX_REALM = 255

/** `[FROM/]TO`, each a number in any base or a name of iproute2. */
export function realms(consequence: string): Form<Realms> {
  return {
    types: {
      model: 'Realms',
      input: 'number | string',
      schema: { anyOf: [{ type: 'integer', minimum: 0, maximum: MAX_REALM }, { type: 'string' }] },
    },
    read(line, context, name) {
      const text = requiredWord(line, name, 'realms', context.diagnostics)
      if (text === undefined) return undefined
      const numbers = text.split('/').map((part) => parseNamed({ table: 'rt_realms', max: MAX_REALM }, part, context))
      const [first, second] = numbers
      if (numbers.length === 1 && first !== undefined) return { from: undefined, to: first }
      if (numbers.length === 2 && first !== undefined && second !== undefined) return { from: first, to: second }
      const help = `expected TO or FROM/TO, each a name of iproute2 or a number from 0 to ${MAX_REALM}`
      return context.diagnostics.error('invalid-option', line.wordSpan, `${shown(text)} is not realms; ${consequence}`, help)
    },
    toInput: ({ from, to }) => (from === undefined ? to : `${from}/${to}`),
    toWords: (input) => (typeof input === 'number' || typeof input === 'string' ? [String(input)] : undefined),
  }
}
