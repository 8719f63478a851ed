/** Diagnostics as data: what is wrong, where, and what would help. Rendering is in render.ts. */
import { CLASS_RANK, ERRORS, NOTES, WARNINGS } from './diagnostic-codes.ts'
import type { CodeProperties, DiagnosticClass, DiagnosticCode, ErrorCode, NoteCode, WarningCode } from './diagnostic-codes.ts'
import { excerptAt, shown } from './excerpt.ts'
import type { Excerpt } from './excerpt.ts'
import type { Span } from './source.ts'

/** How bad a diagnostic is. */
export type Severity = 'error' | 'warning' | 'info'

/** A line of a file. */
export interface FileLine {
  readonly file: string
  /** From 1. */
  readonly line: number
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
  /** Length of the marked text in characters, at least 1. */
  readonly length: number | undefined
  /** One sentence without a final period. */
  readonly message: string
  /** What to write instead, or where to look. */
  readonly help: string | undefined
  /** The include lines that led to `file`, innermost first, at most {@link KEPT_INCLUDES}. */
  readonly includedFrom: readonly FileLine[]
  /** The line itself, secrets masked; absent when there is none to show. */
  readonly excerpt: Excerpt | undefined
}

/** How many diagnostics of one severity are kept; more are only counted, so hostile input stays cheap. */
export const KEPT_PER_SEVERITY = 1000

/** How many levels of includes a diagnostic names. */
export const KEPT_INCLUDES = 8

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
  #highestClass: DiagnosticClass = 'note'
  readonly #classes = new Set<DiagnosticClass>()
  #refusesStart = false

  /** Reports a mistake at `where`: a span, or the path of a file that has no text to point at. */
  error(code: ErrorCode, where: Span | string, message: string, help?: string): undefined {
    this.#report('error', code, where, message, help)
  }

  /** Reports something suspicious that is kept as written. */
  warning(code: WarningCode, where: Span | string, message: string, help?: string): undefined {
    this.#report('warning', code, where, message, help)
  }

  /** Reports something worth knowing. */
  info(code: NoteCode, where: Span | string, message: string, help?: string): undefined {
    this.#report('info', code, where, message, help)
  }

  /** Whether further diagnostics of this severity are only counted: then help need not be computed. */
  isFull(severity: Severity): boolean {
    return this.#counts[severity] >= KEPT_PER_SEVERITY
  }

  /** How many were reported, kept or not. */
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

  #report(severity: Severity, code: DiagnosticCode, where: Span | string, message: string, help: string | undefined): void {
    const table: Readonly<Record<string, CodeProperties>> = TABLES[severity]
    const { class: found = 'note', refusesStart = false } = table[code] ?? {}
    this.#classes.add(found)
    if (CLASS_RANK[found] > CLASS_RANK[this.#highestClass]) this.#highestClass = found
    this.#refusesStart ||= refusesStart
    if (this.#counts[severity]++ >= KEPT_PER_SEVERITY) return
    this.#kept.push({ code, severity, class: found, refusesStart, ...place(where, message), help })
  }
}

function place(
  where: Span | string,
  message: string,
): Pick<Diagnostic, 'file' | 'line' | 'column' | 'length' | 'includedFrom' | 'excerpt' | 'message'> {
  if (typeof where === 'string') {
    return { file: where, line: undefined, column: undefined, length: undefined, includedFrom: [], excerpt: undefined, message }
  }
  const { source, offset } = where
  const start = source.position(offset)
  const { excerpt, hidden } = excerptAt(where, start)
  const includedFrom: FileLine[] = []
  for (let from = source.includedFrom; from !== undefined && includedFrom.length < KEPT_INCLUDES; from = from.source.includedFrom) {
    includedFrom.push({ file: from.source.path, line: from.source.position(from.offset).line })
  }
  // What the excerpt hides, the message must not quote.
  const quoted = hidden === undefined ? message : message.replaceAll(shown(hidden.marked), shown(hidden.masked))
  return { file: source.path, ...start, length: excerpt.length, includedFrom, excerpt, message: quoted }
}
