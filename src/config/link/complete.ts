/** From a draft to its part of `Config`: every field is there, with the default of its table where it has one. */
import { modelField } from '../tables/schema.ts'
import type { Block, HeaderField, LineGrammar, Row } from '../tables/schema.ts'

/** A field and what it is when nobody says it. */
interface Standard {
  readonly field: string
  readonly standard: unknown
  /** The value is itself made of a line with options. */
  readonly grammar?: Grammar | undefined
}

/** What of a grammar says which fields there are. */
type Grammar = Pick<LineGrammar, 'head' | 'options' | 'derived'>

/** Some fields of a part of `Config`. */
export type Given<T> = { readonly [K in keyof T]?: T[K] | undefined }

const standards = new WeakMap<object, readonly Standard[]>()
const EMPTY: readonly never[] = Object.freeze([])

/**
 * The values of a draft, completed.
 *
 * @param given what linking works out: it goes before what is written, also where it is `undefined`
 * @param inherited what counts where nothing is written, before the default of the table
 */
export function complete<T>(of: Block | Grammar, draft: object, given: Given<T> = {}, inherited: Given<T> = {}): T {
  const written = draft as Readonly<Record<string, unknown>>
  const worked = given as Readonly<Record<string, unknown>>
  const fallback = inherited as Readonly<Record<string, unknown>>
  const completed: Record<string, unknown> = {}
  for (const { field, standard, grammar } of standardsOf(of)) {
    const value = field in worked ? worked[field] : (written[field] ?? fallback[field] ?? standard)
    completed[field] = grammar === undefined ? value : completeLine(grammar, value)
  }
  // The table says what fields there are, and the types are generated from it.
  return completed as T
}

/** The options of a keyword's line; what is not as written is complete. */
function completeLine(grammar: Grammar, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => completeLine(grammar, one))
  return typeof value === 'object' && value !== null && 'at' in value ? complete(grammar, value) : value
}

function standardsOf(of: Block | Grammar): readonly Standard[] {
  const known = standards.get(of)
  if (known !== undefined) return known
  const made = 'rows' in of ? blockStandards(of) : grammarStandards(of)
  // Several keywords may be spellings of one field: the first is the one with its default.
  const unique = made.filter(({ field }, index) => made.findIndex((other) => other.field === field) === index)
  standards.set(of, unique)
  return unique
}

function blockStandards({ header, rows, lines, derived = [] }: Block): readonly Standard[] {
  return [
    ...header.fields.map(headStandard),
    ...rows.map(rowStandard),
    ...(lines === undefined ? [] : [{ field: lines.field, standard: EMPTY }]),
    ...derived.map(({ field }) => ({ field, standard: undefined })),
  ]
}

function grammarStandards({ head, options, derived = [] }: Grammar): readonly Standard[] {
  return [
    ...head.map(headStandard),
    ...options.flatMap((option) => {
      const { form, standard, use } = option
      if (form === undefined) return []
      const empty = form.types.model === 'boolean' ? false : undefined
      return [{ field: modelField(option, form), standard: standard ?? (use === 'list' ? EMPTY : empty) }]
    }),
    ...derived.map(({ field }) => ({ field, standard: undefined })),
  ]
}

function headStandard({ field, unit }: HeaderField): Standard {
  return { field: field + (unit ?? ''), standard: undefined }
}

function rowStandard(row: Row): Standard {
  if (row.kind === 'block') return { field: row.field, standard: row.use === 'list' ? EMPTY : undefined }
  if (row.kind !== 'setting') return { field: row.field, standard: EMPTY }
  const { form, standard, use } = row
  const empty = form.types.model === 'boolean' ? false : undefined
  return { field: modelField(row, form), standard: standard ?? (use === 'list' ? EMPTY : empty), grammar: form.types.grammar }
}
