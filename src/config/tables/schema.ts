/**
 * The table language: what a block of the configuration holds.
 *
 * Each block has one table, which is the only source for reading it, for its defaults and limits, for the
 * types of {@link Config} and of a configuration in TypeScript, for the JSON Schema, `explain`, completion and
 * docs/keywords.md. A row is data; what a value looks like is a {@link Form}.
 */
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import type { Host } from '../host/host.ts'
import type { Tokens } from '../text/lexer.ts'
import type { Form, JsonSchema } from './form.ts'
import type { Status } from './keyword-status.ts'
import type { Line } from '../blocks/line.ts'

/** What a reader may use. */
export interface ReadContext {
  readonly diagnostics: Diagnostics
  readonly host: Host
  readonly tokens: Tokens
  /** Rows of which it is said already that they are not acted on. */
  readonly mentioned: Set<Row | OptionRow>
}

/** What documentation says about a word. */
export interface Described {
  readonly keyword: string
  /** The line, or the part of a line, that the word starts. */
  readonly syntax: string
  /** In words; `-` where there is none to speak of. */
  readonly default: string
  readonly range: string
  /** One sentence. */
  readonly meaning: string
  /** Other spellings, deprecation. */
  readonly note?: string
}

/** A word with a meaning of its own within a line: an option, or one of several possible values. */
export interface OptionRow extends Described {
  /** Absent: the word is a value, listed for the documentation. */
  readonly form?: Form
  /** Name in `Config`, without unit; the word itself unless given. */
  readonly field?: string
  /** What becomes of the line when the value is bad; the grammar's rule unless given. */
  readonly onBadValue?: 'drop' | 'ignore'
  /** It stands without its own word: the grammar finds out what it is. */
  readonly isPositional?: boolean
  /** Unless it is that of the line. */
  readonly status?: Status
  /** Read when it is already there; the last one counts unless given. */
  readonly use?: Use
  /** The model value when the option is absent. */
  readonly standard?: unknown
  /** Linking gives a value when the option is absent, such as an inherited one. */
  readonly isFilled?: boolean
  readonly options?: readonly OptionRow[]
  /** The word to write instead. */
  readonly deprecated?: Deprecation
  /** Stores a value that is read, where {@link use} does not say it all. `drop`: the line is ignored, which is then reported. */
  store?(item: Draft, value: unknown, line: Line, context: ReadContext): 'drop' | undefined
}

/**
 * What several lines of one keyword mean: the last one counts (`last`), the first one does and others are
 * reported (`first`), the last one does and that is reported (`overwrite`), or each adds to a list (`list`).
 */
export type Use = 'last' | 'first' | 'overwrite' | 'list'

/** An old spelling. */
export interface Deprecation {
  /** The keyword to write instead. */
  readonly instead: string
  /** keepalived does not say so. */
  readonly silent?: boolean
  /** The new keyword takes other words, or stands in another place. */
  readonly differs?: boolean
  /** What to write, where that is more than the keyword. */
  readonly help?: string
}

interface RowBase extends Described {
  /** Name in a configuration in TypeScript and, with the unit of the form, in `Config`. */
  readonly field: string
  readonly status?: Status
  readonly options?: readonly OptionRow[]
  readonly deprecated?: Deprecation
  /** Whether a value of a block of `Config` follows from others of it: a printed configuration leaves it out. */
  isImplied?(block: object, config: object): boolean
}

/** A keyword with a value on its line. */
export interface SettingRow extends RowBase {
  readonly kind: 'setting'
  readonly form: Form
  readonly use?: Use
  /** The model value when nobody says otherwise. */
  readonly standard?: unknown
  /** Linking gives a value when the line is absent, such as an inherited one. */
  readonly isFilled?: boolean
  /**
   * The field of the draft that holds a value as it is written which is no good, and which must not be forgotten: written
   * anew, it is no good again.
   */
  readonly refused?: string
  /** Stores a value that is read, where {@link use} does not say it all. */
  store?(draft: object, value: unknown, line: Line, context: ReadContext, block: OpenDraft): void
  /** The value as the form has it, for writing, where {@link store} puts it into more than the field. */
  recall?(values: object): unknown
}

/** A keyword that opens a block of keywords. */
export interface BlockRow extends RowBase {
  readonly kind: 'block'
  readonly block: Block
  /** `list`: each is an item; `merge`: later ones add to the first; `replace`: a second one replaces it, reported. */
  readonly use: 'list' | 'merge' | 'replace'
  /** Linking makes one also where none is written. */
  readonly isFilled?: true
}

/** A keyword that opens a block of which every line is an item. */
export interface LinesRow extends RowBase {
  readonly kind: 'lines'
  readonly grammar: LineGrammar
  /** Stores an item that is read; the list of the draft takes it unless given. */
  store?(draft: object, item: object, line: Line, context: ReadContext): void
}

/** A keyword that opens a block of which every word is an item. */
export interface WordsRow extends RowBase {
  readonly kind: 'words'
  readonly item: Form
  /** A second block is reported and passed over. */
  readonly isOnce?: boolean
}

/** A keyword of a block. */
export type Row = SettingRow | BlockRow | LinesRow | WordsRow

/** A field of `Config` that no single line says: linking works it out. */
export interface Derived {
  readonly field: string
  readonly model: string
  readonly meaning: string
}

/** A field that the words in front of a `{`, or at the start of a line, say. */
export interface HeaderField {
  readonly field: string
  /** What its name in `Config` ends with, for values that are not as written. */
  readonly unit?: 'Us' | 'S'
  readonly model: string
  readonly input: string
  readonly schema: JsonSchema
  readonly meaning: string
  /** It may be left out of an input. */
  readonly isOptional?: boolean
  /** It always has a value in `Config`, also where it is optional. */
  readonly isFilled?: boolean
}

/** The words between a block's keyword and its `{`. */
export interface Header {
  readonly fields: readonly HeaderField[]
  /** Words with a meaning of their own, for the documentation. */
  readonly words?: readonly Described[]
  /**
   * Reads them into a new draft.
   *
   * @param siblings the blocks of this keyword before it
   * @param around the block it stands in
   * @returns false when the block is to be passed over, which is then reported
   */
  read(line: Line, draft: Draft, context: ReadContext, siblings: readonly Draft[], around: OpenDraft): boolean
  /** The words for the fields of an input value; `undefined` when one is of another type. */
  toWords(input: Readonly<Record<string, unknown>>): readonly string[] | undefined
}

/** One block. */
export interface Block {
  /** `vrrp_instance/authentication`; `/` is the top level. */
  readonly path: string
  /** Name of its TypeScript type. */
  readonly type: string
  readonly meaning: string
  readonly header: Header
  readonly rows: readonly Row[]
  /** Every line that is no row is an item of this grammar. */
  readonly lines?: { readonly field: string; readonly grammar: LineGrammar }
  readonly derived?: readonly Derived[]
  /** Fields of the draft alone. */
  readonly scratch?: readonly Derived[]
  /** Of rows that do not say. */
  readonly status: Status
}

/** The grammar of the lines of a block, or of one keyword's line. */
export interface LineGrammar {
  readonly path: string
  readonly type: string
  /** The row that documents a line as a whole. */
  readonly line: Described
  /** What stands in front of the options. */
  readonly head: readonly HeaderField[]
  readonly options: readonly OptionRow[]
  /** Grammars of parts of the line, such as the next hops of a route. */
  readonly inner?: readonly LineGrammar[]
  readonly derived?: readonly Derived[]
  /** Reads a line, its first word included; `undefined` when it is dropped, which is then reported. */
  read(line: Line, context: ReadContext, draft: Draft): object | undefined
  toInput(item: object): unknown
  /** The words for an input value; `undefined` when it is of another type. */
  toWords(input: unknown): readonly string[] | undefined
}

/**
 * A block as it is written: values by field name, and the token its line starts with, from which the place of
 * each of its lines can be found (places.ts). The generated types of drafts say which fields there are.
 */
export interface Draft {
  readonly at: number
  [field: string]: unknown
}

/** A block while its lines are read, and those around it. */
export interface OpenDraft {
  readonly draft: Draft
  readonly around: OpenDraft | undefined
}

/** Name of a row's field in `Config`. */
export function modelField(row: { readonly keyword: string; readonly field?: string }, form: Form | undefined): string {
  return (row.field ?? camelCase(row.keyword)) + (form?.types.unit ?? '')
}

/** `advert_int` to `advertInt`. */
export function camelCase(keyword: string): string {
  return keyword.replaceAll(/[-_]+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase()).replace(/^-/, '')
}
