/** `ka-native explain`: what a keyword, an option or a diagnostic code means. */
import { optionsOf, placeEntries, statusText } from '../config/tables/catalogue.ts'
import type { Entry } from '../config/tables/catalogue.ts'
import type { CodeEntry } from '../config/diagnostics/texts.ts'
import { exampleOf } from '../config/tables/example.ts'
import { propertyOf } from '../config/document/property.ts'
import type { Described, Row } from '../config/tables/schema.ts'
import { allPlaces } from '../config/tables/suggest.ts'
import { explainCode, explainFully, explainShortly } from './explain-text.ts'
import { lookUp } from './lookup.ts'
import type { Meaning } from './lookup.ts'

/** What `explain` is asked. */
export interface ExplainOptions {
  /** A keyword, `keyword option`, a path such as `vrrp_instance/priority`, or a diagnostic code. */
  readonly query: string
  /** Only in this block: its path, or the last part of it. */
  readonly block?: string
  readonly json?: boolean
}

/** What `explain` answers. */
export interface ExplainResult {
  /** For standard output. */
  readonly output: string
  /** For standard error. */
  readonly problem: string
  readonly exitCode: 0 | 1
}

/** Everything that is said about a keyword. */
export interface Explanation extends Omit<Described, 'keyword' | 'note'> {
  readonly name: string
  readonly blocks: readonly string[]
  /** The keyword, or the option, that it is an option of. */
  readonly optionOf: string | undefined
  readonly note: string | undefined
  readonly status: string
  /** In a configuration in TypeScript, JSON or YAML. */
  readonly property: string | undefined
  readonly options: readonly Pick<Described, 'syntax' | 'meaning' | 'range'>[]
  /** Of a block. */
  readonly keywords: readonly string[]
  /** Other spellings, the opposite, and the default for all instances. */
  readonly related: readonly string[]
  readonly example: string
}

/** Explains a word. */
export function runExplain({ query, block, json = false }: ExplainOptions): ExplainResult {
  const found = lookUp(query, block)
  if (found.kind === 'nothing') {
    const { message, suggestions } = found
    const help = suggestions.length === 0 ? '' : `; did you mean ${suggestions.map((one) => `'${one}'`).join(' or ')}?`
    const output = json ? jsonText({ query, entries: [], suggestions }) : ''
    return { output, problem: `ka-native: ${message}${help}\n`, exitCode: 1 }
  }
  if (found.kind === 'code') return answer(json ? jsonText({ query, code: codeData(found.code) }) : explainCode(found.code))
  const explanations = found.meanings.map(explain)
  if (json) return answer(jsonText({ query, entries: explanations }))
  const [only, ...others] = explanations
  return answer(only !== undefined && others.length === 0 ? explainFully(only) : explainShortly(query, explanations))
}

function answer(output: string): ExplainResult {
  return { output, problem: '', exitCode: 0 }
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function codeData({ code, severity, class: found, refusesStart, meaning, remedy }: CodeEntry): object {
  return { code, severity, class: found, refusesStart: refusesStart === true, meaning, remedy }
}

function explain({ entry, paths }: Meaning): Explanation {
  const { name, described, status, row, owner } = entry
  const { syntax, default: standard, range, meaning, note } = described
  const inner = row !== undefined && 'kind' in row ? innerPlace(entry, row) : []
  const options = row === undefined ? placeOptions(entry) : optionsOf(row)
  return {
    name,
    blocks: paths,
    optionOf: owner?.name,
    syntax,
    meaning,
    default: standard,
    range,
    note,
    status: statusText(status),
    property: propertyOf(entry),
    options: [...options, ...inner.filter((one) => one.row === undefined || !('kind' in one.row)).map((one) => one.described)],
    keywords: inner.flatMap((one) => (one.row !== undefined && 'kind' in one.row ? [one.name] : [])),
    related: relatedTo(entry),
    example: exampleOf(entry),
  }
}

/** The words of the block that a keyword opens, options of its keywords aside. */
function innerPlace({ path, name }: Entry, row: Row): readonly Entry[] {
  if (row.kind !== 'block' && row.kind !== 'lines') return []
  const place = allPlaces().get(path === '/' ? name : `${path}/${name}`)
  return place === undefined ? [] : placeEntries(place).filter(({ owner }) => owner === undefined)
}

/** The options of a line of a grammar. */
function placeOptions({ path }: Entry): readonly Described[] {
  return allPlaces().get(path)?.line === undefined ? [] : (allPlaces().get(path)?.rows ?? [])
}

function relatedTo({ path, row, described }: Entry): readonly string[] {
  if (row === undefined || !('kind' in row)) return []
  const same = (allPlaces().get(path)?.rows ?? []).filter((other) => 'kind' in other && other.field === row.field && other !== row)
  const globals = new Set(
    path === 'global_defs'
      ? []
      : allPlaces()
          .get('global_defs')
          ?.rows.map(({ keyword }) => keyword),
  )
  const defaults = described.default.split(/[^\w]+/).filter((word) => globals.has(word))
  return [...new Set([...same.map(({ keyword }) => keyword), ...defaults.map((word) => `${word} in global_defs`)])]
}
