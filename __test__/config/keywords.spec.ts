/**
 * The keyword tables against the list of all keywords. One test a block names what is missing or different:
 *
 *     node_modules/.bin/ava __test__/config/keywords.spec.ts --match 'virtual_server*'
 */
import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'
import { allEntries, LINE_NAME } from '../../src/config/tables/catalogue.ts'
import type { Entry } from '../../src/config/tables/catalogue.ts'
import type { Form, JsonSchema } from '../../src/config/tables/form.ts'
import { readValue } from './values.ts'

const LIST = readFileSync(new URL('../keywords.tsv', import.meta.url), 'utf8')
const SHARED = new URL('../../../shared/compat/keywords.tsv', import.meta.url)

const COLUMNS = ['syntax', 'default', 'range', 'meaning', 'note'] as const
/** One row of the list. */
type Columns = Readonly<Record<(typeof COLUMNS)[number], string>>

/** The rows of the list by block and name. */
const listed = new Map<string, Map<string, Columns>>()
for (const row of LIST.trimEnd().split('\n').slice(1)) {
  const [block = '', name = '', syntax = '', default_ = '', range = '', meaning = '', note = ''] = row.split('\t')
  const rows = listed.get(block) ?? new Map<string, Columns>()
  rows.set(name, { syntax, default: default_, range, meaning, note })
  listed.set(block, rows)
}

/** Keywords of ka-native alone, by block. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  global_defs: ['v3_checksum_follow_peer', 'resign_on_loss'],
  vrrp_instance: ['v3_checksum_follow_peer', 'resign_on_loss'],
}

const entries = allEntries()
const inTables = new Map<string, Entry[]>()
for (const entry of entries) inTables.set(entry.path, [...(inTables.get(entry.path) ?? []), entry])

test('the list has 1,086 rows, all different', (t) => {
  t.is(LIST.trimEnd().split('\n').length - 1, 1086)
  t.is(
    [...listed.values()].reduce((sum, rows) => sum + rows.size, 0),
    1086,
  )
})

const sharedTest = existsSync(SHARED) ? test : undefined
sharedTest?.('keywords.tsv is the list it was copied from', (t) => {
  t.is(LIST, readFileSync(SHARED, 'utf8'))
})

for (const path of new Set([...listed.keys(), ...inTables.keys()])) {
  test(`${path}: the tables hold what the list holds`, (t) => {
    const wanted = listed.get(path) ?? new Map<string, Columns>()
    const found = inTables.get(path) ?? []
    const names = new Set(found.map(({ name }) => name))
    t.deepEqual(
      [
        ...[...wanted.keys()].filter((name) => !names.has(name)).map((name) => `missing: ${name}`),
        ...found
          .filter(({ name }) => !wanted.has(name) && OWN[path]?.includes(name) !== true)
          .map(({ name }) => `not in the list: ${name}`),
        ...found.filter(({ name }, index) => found.findIndex((entry) => entry.name === name) < index).map(({ name }) => `twice: ${name}`),
        ...found.flatMap((entry) => differences(entry, wanted.get(entry.name))),
      ],
      [],
    )
  })
}

function differences({ name, described }: Entry, wanted: Columns | undefined): readonly string[] {
  if (wanted === undefined) return []
  return COLUMNS.flatMap((column) => {
    const said = described[column] ?? '-'
    return said === wanted[column] ? [] : [`${column} of ${name}: '${said}', in the list '${wanted[column]}'`]
  })
}

test('a keyword is named as the list names it', (t) => {
  for (const { name, described } of entries) {
    if (name === LINE_NAME) t.is(described.keyword, '')
    else t.is(described.keyword, name.split(' ').at(-1) ?? '')
  }
})

/** `MIN..MAX` or `MIN or MAX`, at the start of a range or after "number" or "or"; `MIN and up`. */
const LIMITS = /(?:^|\bnumbers? |\bor )(-?\d+(?:\.\d+)?)(?: s)?(?:(?:\.\.| or )(-?\d+(?:\.\d+)?)(?![\d/])| and up)/
/** Beyond any limit. */
const FAR = '9'.repeat(25)
/** Seconds of which the microseconds fit into 64 bits. */
const MOST_SECONDS = 18_446_744_073_709.55

/** What the list says in another way, or not at all, by name or by path and name; `text`: what is written is no number in JSON. */
const OTHER_LIMITS: Readonly<Record<string, readonly [min: number, max: number] | 'text'>> = {
  umask: 'text',
  status_code: 'text',
  vrrp_rx_bufs_policy: [0, 4_294_967_295],
  init_file: [-2_147_483_648, 2_147_483_647],
  table: [0, 4_294_967_295],
  persistence_granularity: [1, 128],
  pref: [0, 255],
  realms: [0, 255],
  'static_rules table': [1, 4_294_967_295],
  'static_rules lookup': [1, 4_294_967_295],
  'vrrp_instance/virtual_rules table': [1, 4_294_967_295],
  'vrrp_instance/virtual_rules lookup': [1, 4_294_967_295],
}

/** What these may be depends on what stands elsewhere in their block, or a bad one is no error. */
const CHECKED_LATER: ReadonlySet<string> = new Set(['persistence_granularity', 'regex_min_offset', 'regex_max_offset'])

/** What a number may be, and how it stands in a line. */
interface Limits {
  readonly min: number
  readonly max: number
  /** A name will do as well. */
  readonly isNameAllowed: boolean
  input(number: number): unknown
}

for (const entry of entries) {
  const { path, name, row } = entry
  const form = row !== undefined && 'form' in row ? row.form : undefined
  const limits = form === undefined ? undefined : limitsOf(form)
  const wanted = listedLimits(entry)
  if (form === undefined || (limits === undefined && wanted === undefined)) continue

  test(`${path} ${name}: the limits are those of the list`, (t) => {
    t.deepEqual(limits === undefined ? undefined : [limits.min, limits.max], wanted, entry.described.range)
  })

  if (limits === undefined || CHECKED_LATER.has(name)) continue
  const { min, max } = limits
  const range = rangeOf(entry)
  const isReplaced = range.includes('0 is reported')

  test(`${path} ${name}: both limits are read, and what is beyond them is not`, (t) => {
    for (const limit of [min, max]) {
      const words = form.toWords(limits.input(limit)) ?? []
      const { value, codes } = readValue(form, name, words)
      if (!range.includes('reported but kept')) t.deepEqual(codes, [], words.join(' '))
      if (!limits.isNameAllowed && !isRaised(range, limit)) t.deepEqual(form.toInput(value), limits.input(limit))
    }
    const below = min === 0 || isReplaced ? '-1' : beyond(min)
    const bad = [...(Number.isSafeInteger(max) ? [String(max + 1)] : []), FAR, below, ...(limits.isNameAllowed ? [] : ['1x'])]
    for (const word of bad) t.not(readValue(form, name, [word]).codes.length, 0, word)
    if (isReplaced) t.deepEqual(readValue(form, name, ['0']).codes, ['value-replaced'])
    if (form.isBare !== true) t.is(readValue(form, name, []).codes.length, 1)
  })
}

/** Whether another number is used, without an error. */
function isRaised(range: string, number: number): boolean {
  return range.includes(`${number} is raised to`) || range.includes(`${number} is stored as`)
}

/** The first number below a limit that is told from it. */
function beyond(min: number): string {
  return Number.isInteger(min) ? String(min - 1) : (min - 0.000001).toFixed(6)
}

function listedLimits(entry: Entry): readonly [min: number, max: number] | undefined {
  const { path, name } = entry
  const other = OTHER_LIMITS[`${path} ${name}`] ?? OTHER_LIMITS[name.split(' ').at(-1) ?? ''] ?? OTHER_LIMITS[referredBy(entry) ?? '']
  if (other !== undefined) return other === 'text' ? undefined : other
  const [, least, greatest = MOST_SECONDS] = LIMITS.exec(rangeOf(entry)) ?? []
  return least === undefined ? undefined : [Number(least), Number(greatest)]
}

/** The keyword that the list refers to. */
function referredBy({ described: { range } }: Entry): string | undefined {
  return /^as (\w+)$/.exec(range)?.[1]
}

/** What the list says, or what it says of the keyword that it refers to. */
function rangeOf(entry: Entry): string {
  const referred = inTables.get(entry.path)?.find(({ name }) => name === referredBy(entry))
  return referred === undefined ? entry.described.range : rangeOf(referred)
}

function limitsOf({ types: { schema, grammar } }: Form): Limits | undefined {
  const [head, ...more] = grammar?.head ?? []
  if (head !== undefined) {
    const limits = more.length > 0 ? undefined : schemaLimits(head.schema)
    return limits === undefined ? undefined : { ...limits, input: (number) => ({ [head.field]: number }) }
  }
  const limits = schemaLimits(schema)
  return limits === undefined ? undefined : { ...limits, input: (number) => number }
}

function schemaLimits(schema: JsonSchema): Omit<Limits, 'input'> | undefined {
  const alternatives = (Array.isArray(schema['anyOf']) ? schema['anyOf'] : [schema]) as readonly JsonSchema[]
  const isNameAllowed = alternatives.some(({ type, enum: words }) => type === 'string' || words !== undefined)
  for (const { minimum: min, maximum: max } of alternatives) {
    if (typeof min === 'number' && typeof max === 'number') return { min, max, isNameAllowed }
  }
  const numbers = Array.isArray(schema['enum']) ? schema['enum'].filter((one) => typeof one === 'number') : []
  return numbers.length === 0 ? undefined : { min: Math.min(...numbers), max: Math.max(...numbers), isNameAllowed: false }
}
