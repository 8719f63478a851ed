/** All keywords of all tables: which block has which. */
import { ROOT } from '../keywords/root.ts'
import { ACTED_ON } from './keyword-status.ts'
import type { Status } from './keyword-status.ts'
import type { Block, Described, LineGrammar, OptionRow, Row } from './schema.ts'

/** Words of the language itself that stand where a keyword stands. */
export const LANGUAGE_WORDS: readonly string[] = ['include', 'includer', 'includem', 'includew', 'includeb', 'includea']

/** A block or a grammar, with everything that can be said about its words. */
export interface Place {
  /** `vrrp_instance/authentication`; `/` is the top level. */
  readonly path: string
  /** The line as a whole, for grammars. */
  readonly line?: Described
  readonly rows: readonly (Row | OptionRow)[]
  /** Words in front of its `{` that have a meaning of their own. */
  readonly words?: readonly Described[]
  /** What is done with the keyword that opens it, and so with everything in it. */
  readonly opener: Status
  /** Of rows that do not say. */
  readonly status: Status
}

let places: ReadonlyMap<string, Place> | undefined
let blocksOfKeyword: ReadonlyMap<string, readonly string[]> | undefined

/** All blocks and grammars by path, in the order of the tables. */
export function allPlaces(): ReadonlyMap<string, Place> {
  return (places ??= new Map([...walkBlock(ROOT, ACTED_ON)].map((place) => [place.path, place])))
}

/** The keywords of a block; none for a block that is read line by line. */
export function keywordsOf(path: string): readonly string[] {
  const place = allPlaces().get(path)
  if (place === undefined || place.line !== undefined) return []
  const keywords = place.rows.map(({ keyword }) => keyword)
  return path === '/' ? [...keywords, ...LANGUAGE_WORDS] : keywords
}

/** The paths of all blocks that have this keyword. */
export function blocksWith(keyword: string): readonly string[] {
  blocksOfKeyword ??= indexKeywords()
  return blocksOfKeyword.get(keyword) ?? []
}

function indexKeywords(): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>()
  for (const { path, line, rows } of allPlaces().values()) {
    // Option words of addresses and routes are no keywords.
    if (line !== undefined) continue
    for (const { keyword } of rows) {
      const paths = index.get(keyword) ?? []
      paths.push(path)
      index.set(keyword, paths)
    }
  }
  return index
}

/** What is done with a row of a place: nothing, where nothing is done with what opens the place. */
export function statusOf({ opener, status }: Pick<Place, 'opener' | 'status'>, row: Row | OptionRow | undefined): Status {
  const own = row !== undefined && 'status' in row && row.status !== undefined ? row.status : status
  if (opener.kind === 'acted on' || own.kind === 'no effect') return own
  const isExplained = own.kind === 'not yet' && own.without !== undefined
  return isExplained ? own : opener
}

function* walkBlock(block: Block, opener: Status): Generator<Place> {
  const { path, rows, lines, status, header } = block
  const place = { opener, status }
  if (lines === undefined) yield { path, rows, ...(header.words === undefined ? {} : { words: header.words }), ...place }
  else yield* walkGrammar(lines.grammar, opener)
  for (const row of rows) {
    if (row.kind === 'block') yield* walkBlock(row.block, statusOf(place, row))
    else if (row.kind === 'lines') yield* walkGrammar(row.grammar, statusOf(place, row))
  }
}

function* walkGrammar({ path, line, options, inner = [] }: LineGrammar, opener: Status): Generator<Place> {
  yield { path, line, rows: options, opener, status: opener }
  for (const one of inner) yield* walkGrammar(one, opener)
}
