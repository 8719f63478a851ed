/** Diagnostics as data: what is wrong, where, and what would help. Rendering is in render.ts. */
import { CLASS_RANK, ERRORS, NOTES, WARNINGS } from './codes.ts'
import type { CodeProperties, DiagnosticClass, DiagnosticCode, ErrorCode, NoteCode, WarningCode } from './codes.ts'
import { excerptAt, hidesSecret } from './excerpt.ts'
import type { Excerpt } from './excerpt.ts'
import type { Fix, ProposedFix } from './fix.ts'
import { resolveFix } from './resolve-fix.ts'
import { shown } from './printable.ts'
import { Said } from './said.ts'
import { lookalikeHelp, referenceHelp } from './spelling.ts'
import { decodeText } from '../text/source.ts'
import type { ExpandedName, Expansion, Origin, Span } from '../text/source.ts'

/** How bad a diagnostic is. */
export type Severity = 'error' | 'warning' | 'info'

/** A line of a file. */
export interface FileLine {
  readonly file: string
  /** From 1. */
  readonly line: number
}

/** A name that was expanded, and where its value is from. */
export interface ExpandedFrom {
  /** Without `$`. */
  readonly name: string
  /** Absent for a predefined name. */
  readonly file: string | undefined
  /** From 1; absent for a predefined name. */
  readonly line: number | undefined
}

/** One finding about a configuration. Plain data: it can be printed, serialised and compared. */
export interface Diagnostic {
  readonly code: DiagnosticCode
  readonly severity: Severity
  /** keepalived's class, which decides the exit status. */
  readonly class: DiagnosticClass
  /** Whether the configuration cannot be run because of it. */
  readonly refusesStart: boolean
  readonly file: string
  /** From 1; absent when the finding is about the file as a whole. */
  readonly line: number | undefined
  /** From 1, in characters. */
  readonly column: number | undefined
  /** Of a configuration in TypeScript, JSON or YAML, such as `vrrpInstances[0].priority`. */
  readonly property?: string
  /** Length of the marked text in characters, at least 1. */
  readonly length: number | undefined
  /** One sentence without a final period. */
  readonly message: string
  /** What to write instead, or where to look. */
  readonly help: string | undefined
  /** The include lines that led to `file`, innermost first, at most {@link KEPT_INCLUDES}. */
  readonly includedFrom: readonly FileLine[]
  /**
   * The names whose values made the excerpt of the line of `file`, innermost first, at most {@link KEPT_EXPANSIONS};
   * empty when the excerpt is that line as it is written.
   */
  readonly expandedFrom: readonly ExpandedFrom[]
  /** The line itself, secrets masked; absent when there is none to show. */
  readonly excerpt: Excerpt | undefined
  /** What `check --fix` does about it; absent when nothing is certain. */
  readonly fix: Fix | undefined
}

/** What a finding is about: part of a text, or the path of a file that has no text to point at. A function is called when it is looked at. */
export type Where = Span | string | (() => Span)

/** How many diagnostics of one severity are kept; more are only counted, so hostile input stays cheap. */
export const KEPT_PER_SEVERITY = 1000

/** How many diagnostics of one severity are looked at, also those that say nothing new. */
const LOOKED_AT_PER_SEVERITY = 10_000

/** How many levels of includes a diagnostic names. */
export const KEPT_INCLUDES = 8

/** How many names a diagnostic names. */
export const KEPT_EXPANSIONS = 8

/** How much of the marked text is looked at for advice. */
const ADVISED_OCTETS = 200

/** A reference, a semicolon, or an octet of a character beyond ASCII. */
const UNUSUAL = /[$;\u0080-\u00ff]/

const TABLES = { error: ERRORS, warning: WARNINGS, info: NOTES } as const

/**
 * Collects diagnostics in reading order.
 *
 * All methods that report return `undefined`, so that a decoder can `return diagnostics.error(...)`.
 * Counts and exit-status classes cover everything reported, also what is no longer kept.
 */
export class Diagnostics implements Iterable<Diagnostic> {
  readonly #kept: Diagnostic[] = []
  readonly #counts: Record<Severity, number> = { error: 0, warning: 0, info: 0 }
  /** Those that say nothing new too, as long as they are looked at. */
  readonly #reports: Record<Severity, number> = { error: 0, warning: 0, info: 0 }
  readonly #said = new Said()
  readonly #names = new Set<string>()
  #highestClass: DiagnosticClass = 'note'
  readonly #classes = new Set<DiagnosticClass>()
  #refusesStart = false

  /**
   * Reports a mistake.
   *
   * @param fix what is certain to be meant, if that is known; fix.ts makes the usual ones
   */
  error(code: ErrorCode, where: Where, message: string, help?: string, fix?: ProposedFix): undefined {
    this.#report('error', code, where, message, help, fix)
  }

  /** Reports something suspicious that is kept as written. */
  warning(code: WarningCode, where: Where, message: string, help?: string, fix?: ProposedFix): undefined {
    this.#report('warning', code, where, message, help, fix)
  }

  /** Reports something worth knowing. */
  info(code: NoteCode, where: Where, message: string, help?: string, fix?: ProposedFix): undefined {
    this.#report('info', code, where, message, help, fix)
  }

  /** Remembers that the text defines a name: a reference to it that stays as it is written is no misspelling. */
  noteDefinition(name: string): void {
    this.#names.add(name)
  }

  /** Whether further diagnostics of this severity are only counted: then help need not be computed. */
  isFull(severity: Severity): boolean {
    return !this.#isWorthwhile(severity)
  }

  #isWorthwhile(severity: Severity): boolean {
    return this.#counts[severity] < KEPT_PER_SEVERITY && this.#reports[severity] < LOOKED_AT_PER_SEVERITY
  }

  /** How many were reported, kept or not; what says nothing new does not count. */
  count(severity: Severity): number {
    return this.#counts[severity]
  }

  /** How many were reported, kept or not, of any severity. */
  get total(): number {
    return this.#counts.error + this.#counts.warning + this.#counts.info
  }

  /** keepalived's class that a test would end with. */
  get highestClass(): DiagnosticClass {
    return this.#highestClass
  }

  /** Whether anything of this class was reported. */
  hasClass(wanted: DiagnosticClass): boolean {
    return this.#classes.has(wanted)
  }

  /** Whether something was reported that makes the configuration unusable. */
  get refusesStart(): boolean {
    return this.#refusesStart
  }

  [Symbol.iterator](): IterableIterator<Diagnostic> {
    return this.#kept[Symbol.iterator]()
  }

  #report(
    severity: Severity,
    code: DiagnosticCode,
    where: Where,
    message: string,
    help: string | undefined,
    fix: ProposedFix | undefined,
  ): void {
    const table: Readonly<Record<string, CodeProperties>> = TABLES[severity]
    const { class: found = 'note', refusesStart = false } = table[code] ?? {}
    this.#classes.add(found)
    if (CLASS_RANK[found] > CLASS_RANK[this.#highestClass]) this.#highestClass = found
    this.#refusesStart ||= refusesStart
    if (!this.#isWorthwhile(severity)) {
      this.#counts[severity]++
      return
    }
    this.#reports[severity]++
    const at = typeof where === 'function' ? where() : where
    if (typeof at !== 'string' && this.#said.isKnown(code, at, message)) return
    this.#counts[severity]++
    const advice = typeof at === 'string' || severity === 'info' ? help : this.#adviceOn(at, help)
    this.#kept.push({ code, severity, class: found, refusesStart, ...place(at, message), help: advice, fix: fix && resolveFix(fix) })
  }

  /** What the marked text itself shows comes first: it explains all else that is wrong with it. */
  #adviceOn(where: Span, help: string | undefined): string | undefined {
    const { source, offset, length } = where
    const marked = source.text.slice(offset, offset + Math.min(length, ADVISED_OCTETS))
    // Advice names what it is about, which may be a secret.
    if (!UNUSUAL.test(marked) || hidesSecret(where)) return help
    const text = decodeText(marked)
    return lookalikeHelp(text) ?? referenceHelp(text, (name) => this.#names.has(name), help) ?? help
  }
}

function place(where: Span | string, message: string): Omit<Diagnostic, 'code' | 'severity' | 'class' | 'refusesStart' | 'help' | 'fix'> {
  if (typeof where === 'string') {
    const nowhere = { line: undefined, column: undefined, length: undefined, includedFrom: [], expandedFrom: [], excerpt: undefined }
    return { file: where, ...nowhere, message }
  }
  const { source, offset } = where
  const start = source.position(offset)
  const { excerpt, hidden } = excerptAt(where, start)
  const includedFrom: FileLine[] = []
  for (let from = source.includedFrom; from !== undefined && includedFrom.length < KEPT_INCLUDES; from = from.source.includedFrom) {
    includedFrom.push({ file: from.source.path, line: from.source.position(from.offset).line })
  }
  // What the excerpt hides, the message must not quote.
  const quoted = hidden === undefined ? message : message.replaceAll(shown(hidden.marked), () => shown(hidden.masked))
  const expandedFrom = namesOf(source.expandedFrom)
  const origin = source.origin(offset)
  if (origin !== undefined) return { ...originPlace(source.path, origin, excerpt), includedFrom, expandedFrom, message: quoted }
  return { file: source.path, ...start, length: excerpt.length, includedFrom, expandedFrom, excerpt, message: quoted }
}

function namesOf(expansion: Expansion | undefined): readonly ExpandedFrom[] {
  const names = new Set<ExpandedName>()
  for (let from = expansion; from !== undefined && names.size < KEPT_EXPANSIONS; from = from.outer) {
    for (const name of from.names) names.add(name)
  }
  return [...names].slice(0, KEPT_EXPANSIONS).map(({ name, definedAt }) => {
    const line = definedAt?.source.position(definedAt.offset).line
    return { name: decodeText(name), file: definedAt?.source.path, line }
  })
}

/** The place of a property: in its file where that is known, else the line that was made of it is all there is to show. */
function originPlace(
  file: string,
  { property, span }: Origin,
  made: Excerpt,
): Pick<Diagnostic, 'file' | 'line' | 'column' | 'property' | 'length' | 'excerpt'> {
  if (span === undefined) {
    const excerpt = made.text === '' ? undefined : made
    return { file, line: undefined, column: undefined, property, length: excerpt?.length, excerpt }
  }
  const start = span.source.position(span.offset)
  const { excerpt } = excerptAt(span, start)
  return { file: span.source.path, ...start, property, length: excerpt.length, excerpt }
}
