/** Finds what `explain` is asked about: keywords, options, words of the language, diagnostic codes. */
import { allEntries, LANGUAGE_PATH } from '../config/tables/catalogue.ts'
import type { Entry } from '../config/tables/catalogue.ts'
import { CODES } from '../config/diagnostics/texts.ts'
import type { CodeEntry } from '../config/diagnostics/texts.ts'
import { shown } from '../config/diagnostics/printable.ts'
import { otherName } from '../config/tables/other-names.ts'
import { nearest } from '../config/diagnostics/spelling.ts'

/** Words of different blocks that mean the same. */
export interface Meaning {
  readonly entry: Entry
  readonly paths: readonly string[]
}

/** What was found; never nothing at all. */
export type Found =
  | { readonly kind: 'meanings'; readonly meanings: readonly Meaning[] }
  | { readonly kind: 'code'; readonly code: CodeEntry }
  | { readonly kind: 'nothing'; readonly message: string; readonly suggestions: readonly string[] }

const MOST_SUGGESTIONS = 3

/** Looks a word up, in one block if it is given. */
export function lookUp(query: string, block?: string): Found {
  const code = CODES.find((entry) => entry.code === query)
  if (code !== undefined && block === undefined) return { kind: 'code', code }
  const entries = allEntries()
  const paths = new Set(entries.map(({ path }) => path))
  const inBlock = block === undefined ? entries : entries.filter(({ path }) => isBlock(path, block))
  if (inBlock.length === 0) return nothing(`there is no block ${shown(block ?? '')}`, block ?? '', [...paths].flatMap(namesOfPath))
  const found = search(query, inBlock)
  if (found.length > 0) return { kind: 'meanings', meanings: meaningsOf(found) }
  const elsewhere = block === undefined ? [] : search(query, entries)
  if (elsewhere.length > 0) {
    const where = [...new Set(elsewhere.map(({ path }) => path))]
    return { kind: 'nothing', message: `${shown(query)} is not in ${block ?? ''}, but in ${where.join(', ')}`, suggestions: [] }
  }
  const known = otherName(query)
  if (known !== undefined) return { kind: 'nothing', message: `there is no keyword ${shown(query)}: ${known.help}`, suggestions: [] }
  const names = inBlock.flatMap(({ name, described }) => [name, described.keyword])
  return nothing(`there is no keyword or code ${shown(query)}`, query, [
    ...names,
    ...(block === undefined ? CODES.map((one) => one.code) : []),
  ])
}

/** Keywords of this name; else blocks of this path, options of this name, and what the word is an instance of. */
function search(query: string, entries: readonly Entry[]): readonly Entry[] {
  const named = (name: string): readonly Entry[] => entries.filter((entry) => entry.name === name)
  const keywords = named(query)
  if (keywords.length > 0) return keywords
  // `real_server weight` is read as a path too, and a path may leave out where it starts.
  const wanted = query.replaceAll(/ +/g, '/')
  const placed = entries.filter(({ path, name }) => {
    const place = path === '/' ? name : `${path}/${name}`
    return place === wanted || (wanted.includes('/') && place.endsWith(`/${wanted}`))
  })
  if (placed.length > 0) return placed
  const options = entries.filter(({ owner, described }) => owner !== undefined && described.keyword === query)
  return options.length > 0 ? options : named(languageName(query))
}

/** The table's name for a word of the language: `~SEQ(N, 1, 3)` is a `~SEQ`. */
function languageName(query: string): string {
  const [, predefined, loop] = /^\$?\{?(_[A-Z]+)|^(~[A-Za-z]+)/.exec(query) ?? []
  if (predefined !== undefined || loop !== undefined) return predefined ?? loop ?? ''
  if (query.startsWith('@^')) return '@^ID'
  if (query.startsWith('@')) return '@ID'
  if (!query.startsWith('$')) return ''
  return query.includes('=') ? '$NAME=' : '$NAME'
}

function isBlock(path: string, block: string): boolean {
  return path === block || path.endsWith(`/${block}`) || (path === LANGUAGE_PATH && block === 'language')
}

function namesOfPath(path: string): readonly string[] {
  return [path, path.split('/').at(-1) ?? path]
}

function meaningsOf(entries: readonly Entry[]): readonly Meaning[] {
  const groups = new Map<string, { readonly entry: Entry; readonly paths: string[] }>()
  for (const entry of entries) {
    const { name, status, path, described } = entry
    const { syntax, default: standard, range, meaning, note } = described
    const key = JSON.stringify([name, status, syntax, standard, range, meaning, note])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { entry, paths: [path] })
    else group.paths.push(path)
  }
  return [...groups.values()]
}

function nothing(message: string, word: string, candidates: readonly string[]): Found {
  const left = new Set(candidates)
  const suggestions: string[] = []
  while (suggestions.length < MOST_SUGGESTIONS) {
    const found = nearest(word, left)
    if (found === undefined) break
    suggestions.push(found)
    left.delete(found)
  }
  return { kind: 'nothing', message, suggestions }
}
