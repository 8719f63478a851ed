/** Which keywords mean something in a block, as far as its name tells: for guesses about text that is not in order. */
import type { Row } from '../tables/schema.ts'
import { allPlaces, LANGUAGE_WORDS } from '../tables/suggest.ts'

/** A kind of block. */
export interface BlockContext {
  /** `/` is the top level. */
  readonly path: string
  /** Its lines start with keywords, or with anything, or nothing is known about them. */
  readonly kind: 'keywords' | 'lines' | 'unknown'
}

/** Outside of all blocks. */
export const TOP_CONTEXT: BlockContext = { path: '/', kind: 'keywords' }
const UNKNOWN: BlockContext = { path: '', kind: 'unknown' }

const rowsByPath = new Map<string, ReadonlyMap<string, Partial<Row>>>()

/** The block that a keyword opens. */
export function contextOf(outer: BlockContext, keyword: string): BlockContext {
  const row = outer.kind === 'keywords' ? rowsOf(outer.path).get(keyword) : undefined
  if (row?.kind === 'lines') return { path: row.grammar?.path ?? '', kind: 'lines' }
  if (row?.kind === 'words') return { path: '', kind: 'lines' }
  if (row?.kind !== 'block' || row.block === undefined) return UNKNOWN
  const { lines, path } = row.block
  return lines === undefined ? { path, kind: 'keywords' } : { path: lines.grammar.path, kind: 'lines' }
}

/** Whether a line that starts with this word is one of a block's own. Lines that start with anything: only known options. */
export function hasKeyword({ path, kind }: BlockContext, word: string): boolean {
  return kind !== 'unknown' && (rowsOf(path).has(word) || (path === '/' && LANGUAGE_WORDS.includes(word)))
}

/** Whether a keyword owns a block. */
export function takesBlock({ path, kind }: BlockContext, keyword: string): boolean {
  const row = kind === 'keywords' ? rowsOf(path).get(keyword) : undefined
  return row !== undefined && row.kind !== 'setting'
}

function rowsOf(path: string): ReadonlyMap<string, Partial<Row>> {
  const known = rowsByPath.get(path)
  if (known !== undefined) return known
  const rows = new Map((allPlaces().get(path)?.rows ?? []).map((row) => [row.keyword, row]))
  rowsByPath.set(path, rows)
  return rows
}
