/** The rows of keywords.tsv, and what their columns say in a form that files can be made from. */
import { readFileSync } from 'node:fs'

/** A row of keywords.tsv. */
export interface Row {
  /** Path of the block, such as `vrrp_instance/authentication`; `/` is the top level. */
  readonly block: string
  /** A keyword; a keyword and an option word of its line; or a word of a line grammar, `(line)` being the line itself. */
  readonly keyword: string
  readonly syntax: string
  readonly range: string
}

/** All rows, in the order of the file. */
export const ROWS: readonly Row[] = readFileSync(new URL('../../keywords.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [block = '', keyword = '', syntax = '', , range = ''] = line.split('\t')
    return { block, keyword, syntax, range }
  })

/** A place for a word in a line. */
export interface Slot {
  /** Literal words, or kinds of values in capitals. */
  readonly choices: readonly string[]
  readonly isOptional: boolean
}

/** What follows a keyword, by what the syntax column says. */
export interface Shape {
  readonly slots: readonly Slot[]
  readonly opensBlock: boolean
}

/** Reads what follows the keyword in a syntax such as `weight NUMBER [reverse]`. */
export function shapeOf(syntax: string): Shape {
  const [, ...places] = split(syntax)
  return { slots: slotsOf(places, false), opensBlock: places.some((place) => place.startsWith('{')) }
}

function slotsOf(places: readonly string[], isOptional: boolean): Slot[] {
  // What follows a bar of its own is another way to write the whole line.
  const end = places.indexOf('|')
  return (end === -1 ? places : places.slice(0, end)).flatMap((place) => {
    if (place.startsWith('{')) return []
    const group = groupOf(place)
    return group === undefined ? [{ choices: choicesOf(place), isOptional }] : slotsOf(split(group), true)
  })
}

/** What is in the brackets, if they hold the whole place: those of `[FROM/]TO` do not. */
function groupOf(place: string): string | undefined {
  const text = place.replace(/\.\.\.$/, '')
  if (!text.startsWith('[')) return undefined
  const depths = text.split('').map((character) => ({ '[': 1, ']': -1 })[character] ?? 0)
  const closing = depths.findIndex((_, index) => depths.slice(0, index + 1).reduce((sum, depth) => sum + depth, 0) === 0)
  return closing === text.length - 1 ? text.slice(1, -1) : undefined
}

/** The words of one place: `CODE[-CODE]...` is CODE, `low|high` is both. */
function choicesOf(place: string): string[] {
  const plain = place.replace(/\.\.\.$/, '').replaceAll(/\[[^[\]]*\]/g, '')
  return plain
    .replace(/^\((.*)\)$/, '$1')
    .split('|')
    .map((choice) => choice.replaceAll(/ +/g, ' ').trim())
}

/** Splits at blanks outside brackets. */
function split(text: string): string[] {
  const places: string[] = []
  let depth = 0
  let place = ''
  for (const character of text) {
    if (character === ' ' && depth === 0) {
      if (place !== '') places.push(place)
      place = ''
      continue
    }
    if ('[{('.includes(character)) depth++
    if (']})'.includes(character)) depth--
    place += character
  }
  return place === '' ? places : [...places, place]
}

/** The range of a number, as written: the decimals say the resolution. */
export interface Bounds {
  readonly min: string
  readonly max: string
  /** Value just below the minimum, and just above the maximum. */
  readonly below: string
  readonly above: string
  readonly isWhole: boolean
}

/** The first `A..B` of a range column. */
export function boundsOf(range: string): Bounds | undefined {
  const [, min, max] = /(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)/.exec(range) ?? []
  if (min === undefined || max === undefined) return undefined
  const decimals = Math.max(...[min, max].map((bound) => bound.split('.')[1]?.length ?? 0))
  return { min, max, below: step(min, decimals, -1n), above: step(max, decimals, 1n), isWhole: decimals === 0 }
}

/** The decimal next to a bound; exact for numbers beyond those of JavaScript. */
function step(bound: string, decimals: number, by: bigint): string {
  const [whole = '', fraction = ''] = bound.split('.')
  const scaled = BigInt(whole + fraction.padEnd(decimals, '0')) + by
  if (decimals === 0) return `${scaled}`
  const digits = `${scaled < 0n ? -scaled : scaled}`.padStart(decimals + 1, '0')
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}
