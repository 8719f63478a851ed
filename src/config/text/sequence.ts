/** Sequences: `~SEQ(VAR, START, STEP, END) TEXT`, `~SEQx` and `~LST(VAR, V1, V2) TEXT` (language.md §6). */
import { shown } from '../diagnostics/printable.ts'
import { decodeText } from './source.ts'

/** A sequence as written. */
export interface Sequence {
  /** The variables, as they are written. */
  readonly names: readonly string[]
  /** A value for each variable, for one line after the other. */
  readonly values: Iterator<readonly string[], undefined>
  /** Where TEXT starts, from the start of the line. */
  readonly textStart: number
}

/** Why a line is no sequence although it starts like one. */
export interface SequenceProblem {
  readonly problem: string
  readonly help: string
}

const START = /^[ \t]*~(?:SEQ|LST)/
const MARKER = /^~(SEQx?|LST)[ \t]*\(([^)]*)\)[ \t]*/
const NUMBER = /^[+-]?(?:0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)?$/i
/** Numbers are kept in 64 bits, in keepalived as well. */
const MAX_BITS = 64

const SEQ_HELP = 'it is written ~SEQ(NAME, START, STEP, END) TEXT; START and STEP may be left out'
const LST_HELP = 'it is written ~LST(NAME, VALUE, VALUE) TEXT or ~LST({NAME, NAME}, {VALUE, VALUE}) TEXT'

/** Whether a line is to be read as a sequence. */
export function startsSequence(line: string): boolean {
  return START.test(line)
}

/**
 * Reads a line that starts as a sequence.
 *
 * @param expand replaces the references in numbers
 */
export function parseSequence(line: string, expand: (text: string) => string): Sequence | SequenceProblem {
  const found = MARKER.exec(line)
  const [matched = '', word, parameters = ''] = found ?? []
  if (word === undefined) {
    return { problem: 'this is no sequence: its parameters are not in parentheses', help: line.startsWith('~LST') ? LST_HELP : SEQ_HELP }
  }
  const parsed = word === 'LST' ? parseList(parameters) : parseNumbers(word, parameters, expand)
  return 'problem' in parsed ? parsed : { ...parsed, textStart: matched.length }
}

type Parsed = Omit<Sequence, 'textStart'> | SequenceProblem

function parseNumbers(word: string, parameters: string, expand: (text: string) => string): Parsed {
  const comma = parameters.indexOf(',')
  const name = (comma === -1 ? parameters : parameters.slice(0, comma)).trim()
  if (name === '') return { problem: `'~${word}' has no name to count with`, help: SEQ_HELP }
  if (comma === -1) return { problem: `'~${word}' has no number to count to`, help: SEQ_HELP }
  const words = expand(parameters.slice(comma + 1)).split(',')
  const numbers = words.map((number) => parseNumber(number.trim()))
  if (numbers.length > 3) return { problem: `'~${word}' takes a name and three numbers at most`, help: SEQ_HELP }
  const wrong = numbers.indexOf(undefined)
  if (wrong !== -1) {
    const help = 'numbers are whole, of at most 64 bits: decimal, octal with a leading 0 or hexadecimal with a leading 0x'
    return { problem: `${shown(decodeText(words[wrong]?.trim() ?? ''))} is no number for '~${word}'`, help }
  }
  const range = rangeOf(numbers as readonly bigint[])
  if (range.step === 0n) return { problem: `the step of '~${word}' is 0: it would never end`, help: SEQ_HELP }
  if (range.start !== range.end && range.step > 0n !== range.end > range.start) {
    return {
      problem: `the step of '~${word}' leads away from its end`,
      help: `from ${range.start} to ${range.end} it is ${range.end > range.start ? 'above' : 'below'} 0`,
    }
  }
  const isHex = word === 'SEQx'
  if (isHex && (range.start < 0n || range.end < 0n)) return { problem: "'~SEQx' takes no negative numbers", help: 'use ~SEQ' }
  return { names: [name], values: count(range, isHex ? 16 : 10) }
}

/** An empty number is 0, as everywhere in keepalived. */
function parseNumber(text: string): bigint | undefined {
  if (!NUMBER.test(text)) return undefined
  const digits = text.replace(/^[+-]/, '')
  const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
  const signed = text.startsWith('-') ? -value : value
  return BigInt.asIntN(MAX_BITS, signed) === signed ? signed : undefined
}

interface Range {
  readonly start: bigint
  readonly step: bigint
  readonly end: bigint
}

function rangeOf([first = 0n, second, third]: readonly bigint[]): Range {
  if (third !== undefined && second !== undefined) return { start: first, step: second, end: third }
  const [start, end] = second === undefined ? [first < 0n ? -1n : 1n, first] : [first, second]
  return { start, step: end < start ? -1n : 1n, end }
}

function* count({ start, step, end }: Range, base: number): Generator<readonly string[], undefined> {
  for (let value = start; step > 0n ? value <= end : value >= end; value += step) yield [value.toString(base)]
}

function parseList(parameters: string): Parsed {
  const items = itemsOf(parameters)
  if (items === undefined) return { problem: "values of '~LST' hold no blanks, and braces come in pairs", help: LST_HELP }
  const [names = [], ...rows] = items
  if (names.includes('')) return { problem: "'~LST' has no name for its values", help: LST_HELP }
  if (rows.length === 0) return { problem: "'~LST' has no values", help: LST_HELP }
  const tooLong = rows.find((row) => row.length > names.length)
  if (tooLong !== undefined) return { problem: `'~LST' has ${tooLong.length} values for ${named(names)}`, help: LST_HELP }
  return { names, values: rows.map((row) => names.map((_, index) => row[index] ?? '')).values() }
}

function named(names: readonly string[]): string {
  return names.length === 1 ? 'one name' : `${names.length} names`
}

/** Words and groups in braces between commas; absent when something else is there. */
function itemsOf(parameters: string): string[][] | undefined {
  const items: string[][] = []
  const item = /(?:\{([^{}]*)\}|([^{}, \t]*))[ \t]*(,|$)[ \t]*/y
  const list = parameters.trimStart()
  for (;;) {
    const found = item.exec(list)
    if (found === null) return undefined
    const [, group, word = '', separator] = found
    const words = group === undefined ? [word] : group.split(',').map((part) => part.trim())
    if (words.some((part) => /[ \t]/.test(part))) return undefined
    items.push(words)
    if (separator === '') return items
  }
}
