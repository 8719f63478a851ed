/** Forms of flags, booleans, names and words. */
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Line } from '../blocks/line.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form, JsonSchema } from '../tables/form.ts'
import { nearest } from '../diagnostics/spelling.ts'

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

/**
 * Takes the next word; reports when there is none.
 *
 * @param isLenient a plain error, for keywords that look whether the word is there; the others end keepalived
 */
export function requiredWord(line: Line, name: string, what: string, diagnostics: Diagnostics, isLenient = false): string | undefined {
  const text = line.next()
  if (text !== undefined) return text
  if (isLenient) return diagnostics.error('missing-name', line.wordSpan, `'${name}' takes ${what}; the line is ignored`)
  return diagnostics.error('missing-value', line.wordSpan, `'${name}' has no value`, `it takes ${what}`)
}

/** A keyword that is said or not, which then means `value`; further words mean nothing. */
export function flag(value = true): Form<boolean> {
  return {
    types: { model: 'boolean', input: 'boolean', schema: { type: 'boolean' } },
    isBare: true,
    flag: value,
    read: () => value,
    toInput: (said) => said,
    toWords: (input) => (input === value ? [] : undefined),
  }
}

/** A keyword that stands for one of several values of a field, which other keywords stand for. */
export function constant<V extends string>(value: V, all: readonly V[]): Form<V> {
  const type = all.map((one) => `'${one}'`).join(' | ')
  return {
    types: { model: type, input: type, schema: { enum: all } },
    isBare: true,
    read: () => value,
    toInput: (said) => said,
    toWords: (input) => (input === value ? [] : undefined),
  }
}

/** An optional boolean; a bare keyword means true. */
export function boolean(): Form<boolean> {
  return {
    types: { model: 'boolean', input: 'boolean', schema: { type: 'boolean' } },
    isBare: true,
    read(line, { diagnostics }, name) {
      const text = line.next()
      if (text === undefined) return true
      const value = BOOLEANS.get(text)
      if (value !== undefined) return value
      const help = "expected 'true', 'on' or 'yes', or 'false', 'off' or 'no', in lower case"
      return diagnostics.error('invalid-boolean', line.wordSpan, `${shown(text)} is not a value for '${name}'`, help)
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'boolean' ? [input ? 'on' : 'off'] : undefined),
  }
}

/** What a plain word may be. */
export interface WordRules {
  /** For messages: "a name" unless given. */
  readonly what?: string
  /** A missing word is a plain error instead of one that ends keepalived. */
  readonly isLenient?: boolean
  /** Octets; a longer one is cut (`cut`) or refused, and reported. */
  readonly longest?: number
  readonly tooLong?: 'cut' | 'refuse'
  /** Further words are reported. `refuse`: the line is then ignored. */
  readonly surplus?: 'ignore' | 'report' | 'refuse'
  /** A bare keyword means this. */
  readonly bare?: string
}

/** One word, whatever it is. */
export function word(rules: WordRules = {}): Form<string> {
  const { what = 'a name', isLenient = false, longest, tooLong = 'refuse', surplus = 'ignore', bare } = rules
  return {
    types: TEXT_TYPES,
    read(line, { diagnostics }, name) {
      if (bare !== undefined && line.left === 0) return bare
      const text = requiredWord(line, name, what, diagnostics, isLenient)
      if (text === undefined) return undefined
      if (surplus !== 'ignore' && line.left > 0) {
        const consequence = surplus === 'report' ? 'further words are ignored' : 'the line is ignored'
        diagnostics.error(
          'unexpected-word',
          line.nextSpan,
          `'${name}' takes one word; ${consequence}`,
          'put quotes around a word with blanks',
        )
        if (surplus === 'refuse') return undefined
      }
      if (longest === undefined || Buffer.byteLength(text) <= longest) return text
      if (tooLong === 'cut') {
        diagnostics.error('value-truncated', line.wordSpan, `${shown(text)} is longer than ${longest} characters; the rest is cut off`)
        return Buffer.from(text).subarray(0, longest).toString()
      }
      return diagnostics.error('name-too-long', line.wordSpan, `${shown(text)} is longer than ${longest} characters; the line is ignored`)
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
  }
}

/** The name of an interface; longer ones cannot exist. */
export function interfaceName(what = 'the name of an interface'): Form<string> {
  return {
    types: { model: 'string', input: 'string', schema: { type: 'string', minLength: 1, maxLength: MAX_INTERFACE_NAME } },
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, what, diagnostics)
      if (text === undefined || Buffer.byteLength(text) <= MAX_INTERFACE_NAME) return text
      const message = `interface name ${shown(text)} is longer than ${MAX_INTERFACE_NAME} characters`
      return diagnostics.error('name-too-long', line.wordSpan, message)
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
  }
}

/** How one of several words is chosen. */
export interface ChoiceRules<V extends string> {
  /** Letters count in any case. */
  readonly anyCase?: boolean
  /** Used instead of an unknown word, which is reported. */
  readonly invalid?: V
  /** Other spellings. */
  readonly aliases?: Readonly<Record<string, V>>
  /** A bare keyword means this, which is no word itself. */
  readonly bare?: V
  /** A missing word is a plain error instead of one that ends keepalived. */
  readonly isLenient?: boolean
}

/** One of several words. */
export function oneOf<V extends string>(choices: readonly V[], rules: ChoiceRules<V> = {}): Form<V> {
  const { anyCase = false, invalid, aliases = {}, bare, isLenient = false } = rules
  const fold = (text: string): string => (anyCase ? text.toUpperCase() : text)
  const known = new Map<string, V>([...choices.map((choice) => [fold(choice), choice] as const), ...Object.entries(aliases)])
  const list = choices.map((choice) => `\`${choice}\``).join(', ')
  const values = bare === undefined ? choices : [...choices, bare]
  const type = values.map((choice) => `'${choice}'`).join(' | ')
  return {
    types: { model: type, input: type, schema: { enum: values } },
    ...(bare === undefined ? {} : { isBare: true }),
    read(line, { diagnostics }, name) {
      if (bare !== undefined && line.left === 0) return bare
      const text = requiredWord(line, name, `one of ${list}`, diagnostics, isLenient)
      if (text === undefined) return undefined
      const value = known.get(fold(text))
      if (value !== undefined) return value
      const meant = nearest(text, choices)
      const help = `${meant === undefined ? '' : `did you mean \`${meant}\`? `}it takes ${list}${anyCase ? ', in any case' : ', in these letters'}`
      const consequence = invalid === undefined ? 'it is ignored' : `${invalid} is used`
      diagnostics.error('invalid-word', line.wordSpan, `unknown word ${shown(text)} for '${name}'; ${consequence}`, help)
      return invalid
    },
    toInput: (value) => value,
    toWords(input) {
      if (typeof input !== 'string') return undefined
      return input === bare ? [] : [input]
    },
  }
}

/** All words of the rest of the line, each read by a form. */
export function wordsOf<V>(item: Form<V>, what: string, isLenient = false): Form<readonly V[]> {
  const schema: JsonSchema = { type: 'array', items: item.types.schema }
  return {
    types: { model: `readonly (${item.types.model})[]`, input: `readonly (${item.types.input})[]`, schema },
    read(line, context, name) {
      const values: V[] = []
      if (line.left === 0) requiredWord(line, name, what, context.diagnostics, isLenient)
      while (line.left > 0) {
        const value = item.read(line, context, name)
        if (value !== undefined) values.push(value)
      }
      return values.length === 0 ? undefined : values
    },
    toInput: (values) => values.map((value) => item.toInput(value)),
    toWords(input) {
      if (!Array.isArray(input)) return undefined
      const words = input.map((value: unknown) => item.toWords(value))
      return words.includes(undefined) ? undefined : words.flatMap((list) => list ?? [])
    },
  }
}

/** A word that is not empty, as `""` would be. */
export function nonEmpty(form: Form<string>): Form<string> {
  return {
    ...form,
    read(line, context, name) {
      const text = form.read(line, context, name)
      if (text !== '') return text
      return context.diagnostics.error('invalid-word', line.wordSpan, `'${name}' takes a word that is not empty; the line is ignored`)
    },
  }
}

/** The value of an option that is ignored alone when it has none. */
export function ofOption<V>(form: Form<V>): Form<V> {
  return {
    ...form,
    // It sees for itself whether a word is there.
    isBare: true,
    read(line, context, name) {
      if (line.left > 0) return form.read(line, context, name)
      return context.diagnostics.error('invalid-option', line.wordSpan, `'${name}' has no value; it is ignored`)
    },
  }
}
