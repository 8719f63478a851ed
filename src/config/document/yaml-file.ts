/** YAML and JSON files as data. */
import { LineCounter, parseDocument } from 'yaml'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import type { PlaceFinder } from './source.ts'
import { hideValues } from './hide-values.ts'
import { plainData } from './plain-data.ts'
import type { PlainData } from './plain-data.ts'
import { printable } from '../diagnostics/printable.ts'
import { encodeText, Source } from '../text/source.ts'
import { hasMoreAliases, isDeeperThan, repeatedNames } from './yaml-bounds.ts'
import type { YamlProblem } from './yaml-bounds.ts'
import { textSpan, YamlPlaces } from './yaml-places.ts'
import type { ParsedText } from './yaml-places.ts'

/** The library takes two seconds for this on a usual machine: the daemon must not be silent for ten. */
const MAX_YAML_OCTETS = 2 * 1024 * 1024
/** Open collections of a YAML file, far more than a configuration has: the library fails at some thousands. */
const MAX_YAML_LEVELS = 200
/** The library looks for what each stands for among all of them. */
const MAX_YAML_ALIASES = 1000
const REPORTED_ERRORS = 20
/** Mistakes that lead to no others. */
const ALONE: ReadonlySet<string> = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED'])

const QUOTE = 34
const COLON = 58
const BACKSLASH = 92

/** What a file says, and where. */
export interface FileData extends PlainData {
  readonly places?: PlaceFinder
}

/** Reads YAML; `undefined` when it is none, which is reported. */
export function readYaml(file: string, text: string, diagnostics: Diagnostics): FileData | undefined {
  if (Buffer.byteLength(text) > MAX_YAML_OCTETS) {
    const message = `a YAML file of more than ${MAX_YAML_OCTETS / 1024 / 1024} MiB takes too long to read`
    return diagnostics.error('config-syntax', file, message, 'write it as JSON or TypeScript')
  }
  if (isDeeperThan(text, MAX_YAML_LEVELS)) {
    return diagnostics.error('config-syntax', file, `the file is nested deeper than ${MAX_YAML_LEVELS} levels`)
  }
  const parsed = parse(file, text)
  if (!report(parsed, diagnostics)) return undefined
  if (hasMoreAliases(parsed.document, MAX_YAML_ALIASES)) {
    return diagnostics.error('config-syntax', file, `the file has more than ${MAX_YAML_ALIASES} aliases`)
  }
  try {
    return { ...plainData(parsed.document.toJS()), places: (secrets) => new YamlPlaces(parsed, secrets) }
  } catch (error) {
    // Aliases of nothing, or so many that they are meant to exhaust.
    return diagnostics.error('config-syntax', file, printable(error instanceof Error ? error.message : String(error)))
  }
}

/** Reads JSON; `undefined` when it is none, which is reported. Places are those of the text read as YAML, which JSON is too. */
export function readJson(file: string, text: string, diagnostics: Diagnostics): FileData | undefined {
  const isSmall = Buffer.byteLength(text) <= MAX_YAML_OCTETS && !isDeeperThan(text, MAX_YAML_LEVELS)
  const data = jsonData(text)
  if (data === undefined) {
    // The message of JSON.parse() quotes what may be a secret.
    if (isSmall && !report(parse(file, text), diagnostics)) return undefined
    return diagnostics.error('config-syntax', file, 'this is no JSON', isSmall ? 'it would be YAML: name the file .yaml' : undefined)
  }
  if (repeatsNames(text, data.value) && isSmall && !report(parse(file, text), diagnostics)) return undefined
  const plain = plainData(data.value)
  return isSmall ? { ...plain, places: (secrets) => new YamlPlaces(parse(file, text), secrets) } : plain
}

function jsonData(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function parse(file: string, text: string): ParsedText {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: false, logLevel: 'error' })
  return { file, text, document, lines }
}

/** @returns whether there is nothing to report */
function report({ file, text, document, lines }: ParsedText, diagnostics: Diagnostics): boolean {
  const found: readonly YamlProblem[] = [...document.errors, ...document.warnings, ...repeatedNames(document)]
  if (found.length === 0) return true
  const hidden = hideValues(text)
  const source = new Source(file, encodeText(hidden), undefined, undefined, false)
  const faulty = found.filter(({ code }) => !ALONE.has(code))
  // What is wrong at one place is said once, and what follows from a broken structure not at all.
  const first = faulty.length > 0 ? faulty.slice(0, 1) : found.filter(({ pos }, index) => pos[0] !== found[index - 1]?.pos[0])
  for (const { message, pos } of first.slice(0, REPORTED_ERRORS)) {
    diagnostics.error('config-syntax', textSpan(source, hidden, lines, ...pos), printable(message))
  }
  return false
}

/** Whether an object of a JSON text names a property twice, of which JSON.parse() keeps the last. */
function repeatsNames(text: string, value: unknown): boolean {
  return countColons(text) > countNames(value)
}

/** Colons outside of strings: one behind each name. */
function countColons(json: string): number {
  let count = 0
  let isQuoted = false
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at)
    if (char === QUOTE) isQuoted = !isQuoted
    else if (isQuoted && char === BACKSLASH) at++
    else if (!isQuoted && char === COLON) count++
  }
  return count
}

/** Iterative: nothing bounds the depth of JSON. */
function countNames(value: unknown): number {
  const open: unknown[] = [value]
  let count = 0
  while (open.length > 0) {
    const one = open.pop()
    if (typeof one !== 'object' || one === null) continue
    const inner = Object.values(one)
    if (!Array.isArray(one)) count += inner.length
    for (const item of inner) open.push(item)
  }
  return count
}
