/** Every word of the language with what the tables say about it: for explain, completion and docs/keywords.md. */
import { INCLUDE_WORDS, LANGUAGE } from '../keywords/language.ts'
import { ACTED_ON } from './keyword-status.ts'
import type { Status } from './keyword-status.ts'
import type { Described, OptionRow, Row } from './schema.ts'
import { REFUSED } from '../blocks/status.ts'
import { allPlaces, statusOf } from './suggest.ts'
import type { Place } from './suggest.ts'

/** Stands for the path of a block where words belong to the language itself. */
export const LANGUAGE_PATH = '(language)'
/** Name of the line of a grammar as a whole. */
export const LINE_NAME = '(line)'

/** A keyword, an option of one, a line, or a word of the language. */
export interface Entry {
  /** Path of its block; {@link LANGUAGE_PATH} for words that have a meaning in any block. */
  readonly path: string
  /** `advert_int`; `lvs_method type` for an option of a keyword; {@link LINE_NAME} for a line. */
  readonly name: string
  readonly described: Described
  readonly status: Status
  /** Absent for a line and for words of the language. */
  readonly row?: Row | OptionRow
  /** Of an option: the keyword, or the option, that it follows. */
  readonly owner?: Entry
}

let entries: readonly Entry[] | undefined

/** All words, block by block in the order of the tables; those of the language first. */
export function allEntries(): readonly Entry[] {
  return (entries ??= [
    ...LANGUAGE.map((described) => ofLanguage(LANGUAGE_PATH, described)),
    ...[...allPlaces().values()].flatMap(placeEntries),
  ])
}

/** The words of one block, options of keywords after their keyword. */
export function placeEntries(place: Place): readonly Entry[] {
  const { path, line, rows, words = [] } = place
  const first = line === undefined ? [] : [{ path, name: LINE_NAME, described: line, status: place.opener }]
  const includes = path === '/' ? INCLUDE_WORDS.map((described) => ofLanguage(path, described)) : []
  const header = words.map((described) => ({ path, name: described.keyword, described, status: place.opener }))
  return [...first, ...header, ...rows.flatMap((row) => rowEntries(path, row, statusOf(place, row))), ...includes]
}

/** The keyword that opens a block, or starts a line of an inner grammar; none for the top level. */
export function openerOf(path: string): Entry | undefined {
  const slash = path.lastIndexOf('/')
  const keyword = path.slice(slash + 1)
  const parent = slash <= 0 ? '/' : path.slice(0, slash)
  return allEntries().find((entry) => entry.path === parent && entry.name === keyword)
}

/** What is done with a keyword, in words. */
export function statusText(status: Status): string {
  switch (status.kind) {
    case 'acted on':
      return 'acted on'
    case 'no effect':
      return `accepted, no effect here: ${status.reason}`
    case 'not yet': {
      const { without, refuses = false } = status
      if (without === undefined) return 'not yet'
      return refuses ? `not yet: ${without}; ${REFUSED}` : `not yet: ${without}`
    }
  }
}

/** The options of a keyword or of an option. Old spellings have none of their own, and a grammar within a line is a place of its own. */
export function optionsOf(row: Row | OptionRow): readonly OptionRow[] {
  if (row.options !== undefined) return row.options
  if (!('kind' in row) || row.kind !== 'setting' || row.deprecated !== undefined) return []
  return row.form.types.grammar?.options ?? []
}

function ofLanguage(path: string, described: Described): Entry {
  return { path, name: described.keyword, described, status: ACTED_ON }
}

function rowEntries(path: string, row: Row | OptionRow, status: Status, owner?: Entry): readonly Entry[] {
  const name = owner === undefined ? row.keyword : `${owner.name} ${row.keyword}`
  const entry: Entry = { path, name, described: row, status, row, ...(owner === undefined ? {} : { owner }) }
  return [entry, ...optionsOf(row).flatMap((option) => rowEntries(path, option, status, entry))]
}
