/** What is said already: one mistake is reported once, however often reading comes across it. */
import type { DiagnosticCode } from './codes.ts'
import type { Source, Span } from '../text/source.ts'

/** Codes of what follows where a quote is not closed: the words behind it are lost. */
const BEHIND_OPEN_QUOTE: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>(['missing-value', 'unterminated-quote'])

/** Remembers what is reported, as far as it can come up again. */
export class Said {
  /** By the file. */
  readonly #reported = new WeakMap<Source, Set<string>>()
  /** Lines with a quote that is not closed. */
  readonly #openQuotes = new WeakMap<Source, Set<number>>()

  /** Whether a diagnostic says nothing new; else it is remembered. */
  isKnown(code: DiagnosticCode, where: Span, message: string): boolean {
    return (BEHIND_OPEN_QUOTE.has(code) && this.#isBehindQuote(code, where)) || this.#isRepeated(code, where, message)
  }

  #isBehindQuote(code: DiagnosticCode, { source, offset }: Span): boolean {
    const { line } = source.position(offset)
    const lines = this.#openQuotes.get(source)
    if (lines?.has(line) === true) return true
    if (code === 'unterminated-quote') this.#openQuotes.set(source, (lines ?? new Set()).add(line))
    return false
  }

  /** A sequence repeats the mistakes of its line, a definition those of its text. */
  #isRepeated(code: DiagnosticCode, where: Span, message: string): boolean {
    const { expandedFrom } = where.source
    const { source, offset } = expandedFrom?.span ?? where
    let key = `${code} ${offset} ${message}`
    for (let from = expandedFrom; from !== undefined; from = from.outer) {
      for (const { name, definedAt } of from.names) key += `\n${name} ${definedAt?.source.path} ${definedAt?.offset}`
    }
    const known = this.#reported.get(source) ?? new Set()
    if (known.has(key)) return true
    this.#reported.set(source, known.add(key))
    return false
  }
}
