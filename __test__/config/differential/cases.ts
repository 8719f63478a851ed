/** Files made from the rows of keywords.tsv: the same ones in every run. */
import { FRAMED, fileWith } from './frames.ts'
import { LANGUAGE } from './language.ts'
import { isLineBlock, lineFrame } from './line-frames.ts'
import { ROWS, boundsOf, shapeOf } from './rows.ts'
import type { Row, Shape } from './rows.ts'
import { AFTER, BETWEEN, COMPANIONS, ROW_SAMPLES, SAMPLES } from './samples.ts'

/** A file to compare the statuses of. */
export interface Case {
  /** Block, keyword and variant, such as `vrrp_instance/priority/max`. */
  readonly name: string
  /** Block and keyword, as in keywords.tsv. */
  readonly row: Row
  readonly text: string
}

/** Variants of a line or a block, by name. */
type Variants = ReadonlyMap<string, readonly string[]>

/** Kinds that are numbers when the range column gives bounds. */
const NUMERIC = new Set(
  'BYTES COUNT GROUP LEVEL MARK MASK MICROSECONDS MILLISECONDS N NICE NUMBER PORT PRIO PRIORITY PROTO S SCOPE SECONDS TABLE TO VALUE'.split(
    ' ',
  ),
)

/** Blocks whose rows repeat those of another block: fewer variants tell whether they are the same. */
const ECHOES =
  /^(?:static_|vrrp_track_file|vrrp_instance\/virtual_ipaddress_excluded|vrrp_sync_group\/track_|virtual_server\/real_server\/(?:SSL_GET|(?:SMTP|DNS|UDP|PING)_CHECK))/
const ECHOED = new Set(['minimal', 'missing', 'bare', 'above', 'wrong', 'once', 'empty'])
/** Variants that are the same for nearly all rows: every so many rows have them. */
const SELDOM: ReadonlyMap<string, number> = new Map([
  ['upper', 4],
  ['fraction', 3],
  ['quoted-empty', 3],
])
/** An option word without a value is only a word. */
const OF_OPTIONS = new Set(['minimal', 'upper'])

/** All files. */
export function generatedCases(): Case[] {
  const cases = ROWS.flatMap((row, index) => casesOf(row, index))
  // Two ways of looking at a row may come to the same file.
  const known = new Set<string>()
  return cases.filter(({ name, text }) => {
    const isNew = !known.has(text)
    known.add(text)
    return isNew || name.endsWith('/minimal') || name.endsWith('/once')
  })
}

function casesOf(row: Row, index: number): Case[] {
  const { block, keyword, syntax } = row
  const place = placeOf(row)
  if (!FRAMED.has(place)) return []
  const [first = ''] = keyword.split(' ')
  const companions = COMPANIONS[`${block} ${keyword}`] ?? []
  const instead = isLineBlock(block) ? [] : [first, ...companions.map((line) => line.split(' ')[0] ?? '')]
  const isEcho = ECHOES.test(block)
  const isOption = keyword.includes(' ') && !syntax.includes(' ')
  const isMade = (variant: string): boolean => {
    if (isOption) return OF_OPTIONS.has(variant)
    return (!isEcho || ECHOED.has(variant)) && index % (SELDOM.get(variant) ?? 1) === 0
  }
  return [...variantsOf(row)]
    .filter(([variant]) => isMade(variant))
    .map(([variant, lines]) => ({
      name: `${block === '/' ? 'top' : block}/${keyword.replaceAll(' ', '-')}/${variant}`,
      row,
      text: fileWith(place, [...companions, ...lines], instead),
    }))
}

/** The place that a row's lines stand in. */
function placeOf({ block, syntax }: Row): string {
  // Rows of a block may be about what stands between its keyword and the brace.
  return syntax.startsWith(`${block} `) ? `${block}/opener` : block.replace(/\/(?:nexthop|encap)$/, '')
}

function variantsOf(row: Row): Variants {
  if (row.block === '(language)') return new Map(Object.entries(LANGUAGE[row.keyword] ?? {}))
  if (row.keyword === '(line)') return grammarVariants(row)
  const { head, shape, tail } = lineOf(row)
  return shape.opensBlock ? blockVariants(join(head, ...minimalOf(row, shape))) : lineVariants(row, { head, shape, tail })
}

/** A line of a grammar as a whole. */
function grammarVariants(row: Row): Variants {
  const { before, after = '' } = lineFrame(row)
  const line = join(before, after)
  return new Map([
    ['once', [line]],
    ['twice', [line, line]],
    ['wrong', ['nowhere']],
    ['surplus', [`${line} surplus`]],
    ['upper', [line.toUpperCase()]],
  ])
}

/** A block, closed and not. */
function blockVariants(opener: string): Variants {
  return new Map([
    ['empty', [`${opener} {\n}`]],
    ['named', [`${opener} surplus {\n}`]],
    ['bare', [opener]],
    ['open', [`${opener} {`]],
    ['twice', [`${opener} {\n}`, `${opener} {\n}`]],
    ['nonsense', [`${opener} {\n  nonsense\n}`]],
    ['upper', [`${opener.toUpperCase()} {\n}`]],
  ])
}

/** What a line is made of. */
interface Line {
  /** Words up to the one that the row is about, which is the last. */
  readonly head: string
  readonly shape: Shape
  readonly tail: string
}

function lineOf(row: Row): Line {
  const { block, keyword } = row
  const syntax = row.syntax.startsWith(`${block} `) ? row.syntax.slice(block.length + 1) : row.syntax
  const shape = shapeOf(syntax)
  const word = spelled(row, syntax.split(' ')[0] ?? '')
  const [first = '', ...options] = keyword.split(' ')
  const parents = options.length === 0 ? [] : [first, betweenOf(keyword), ...options.slice(0, -1)]
  if (!isLineBlock(block)) return { head: join(...parents, options.length === 0 ? first : word), shape, tail: AFTER[keyword] ?? '' }
  const { before, after = '' } = lineFrame(row)
  return { head: join(before, ...parents, word), shape, tail: after }
}

/** The words that lead from a keyword to its option. */
function betweenOf(keyword: string): string {
  const [first = '', option = ''] = keyword.split(' ')
  return BETWEEN[keyword] ?? BETWEEN[`${first} ${option}`] ?? BETWEEN[first] ?? ''
}

/** The first word of a syntax: some rows are about a value instead of a word. */
function spelled(row: Row, word: string): string {
  const [kind = ''] = word.replaceAll(/\[[^[\]]*\]/g, '').split('|')
  return ROW_SAMPLES[`${row.block} ${row.keyword}`]?.[kind] ?? SAMPLES[kind]?.good ?? kind
}

function lineVariants(row: Row, { head, shape, tail }: Line): Variants {
  const { slots } = shape
  const full = slots.map(({ choices: [first = ''] }) => sampleOf(row, first))
  const minimal = minimalOf(row, shape)
  const variants = new Map<string, readonly string[]>()
  const add = (variant: string, ...words: readonly string[]): void => {
    variants.set(variant, [join(head, ...words, tail)])
  }
  /** Another word in a place, without what may be left out after it. */
  const replaced = (index: number, word: string): string[] =>
    full.with(index, word).filter((_, place) => place <= index || slots[place]?.isOptional === false)
  add('minimal', ...minimal)
  add('full', ...full)
  for (const [index, { choices }] of slots.entries()) {
    const [kind = '', ...others] = choices
    for (const choice of others) add(`with-${choice.toLowerCase().replaceAll(' ', '-')}`, ...replaced(index, sampleOf(row, choice)))
    const { wrong } = SAMPLES[kind] ?? {}
    if (wrong !== undefined && !isNumber(row, kind)) add(index === 0 ? 'wrong' : `wrong-${index + 1}`, ...replaced(index, wrong))
  }
  const number = slots.findIndex(({ choices: [kind = ''] }) => isNumber(row, kind))
  if (number !== -1) for (const [variant, value] of numberVariants(row)) add(variant, ...replaced(number, value))
  if (minimal.length > 0) variants.set('missing', [join(head, ...minimal.slice(0, -1))])
  add('bare')
  add('surplus', ...minimal, 'surplus')
  const [once = ''] = variants.get('minimal') ?? []
  if (isLineBlock(row.block)) add('twice', ...minimal, head.split(' ').at(-1) ?? '', ...minimal)
  else variants.set('twice', [once, once])
  variants.set('upper', [
    join(
      head.replace(/\S+$/, (word) => word.toUpperCase()),
      ...minimal,
      tail,
    ),
  ])
  return variants
}

function numberVariants(row: Row): [string, string][] {
  const bounds = boundsOf(row.range)
  if (bounds === undefined) return []
  const { min, max, below, above, isWhole } = bounds
  return [
    ['min', min],
    ['max', max],
    ['below', below],
    ['above', above],
    ['not-a-number', 'x1'],
    // One decimal more than there may be.
    ['fraction', isWhole ? `${max.replace(/\d$/, '0')}.5` : `${max.replace(/\d$/, '0')}5`],
    ['quoted-empty', '""'],
  ]
}

function isNumber(row: Row, kind: string): boolean {
  return NUMERIC.has(kind) && boundsOf(row.range) !== undefined
}

function minimalOf(row: Row, { slots }: Shape): string[] {
  return slots.filter(({ isOptional }) => !isOptional).map(({ choices: [first = ''] }) => sampleOf(row, first))
}

/** A value of a kind; literal words stand for themselves. */
function sampleOf(row: Row, kind: string): string {
  if (kind.includes(' ')) return join(...kind.split(' ').map((word) => sampleOf(row, word)))
  const own = ROW_SAMPLES[`${row.block} ${row.keyword}`]?.[kind]
  if (own !== undefined) return own
  const bounds = isNumber(row, kind) ? boundsOf(row.range) : undefined
  if (bounds !== undefined) return Number(bounds.min) <= 1 && Number(bounds.max) >= 1 ? '1' : bounds.max
  return SAMPLES[kind]?.good ?? kind
}

function join(...words: readonly string[]): string {
  return words.filter((word) => word !== '').join(' ')
}
