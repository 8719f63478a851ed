/**
 * One line as keepalived reads it (language.md §1): condition, definition, sequence, references, include,
 * braces, words; over again for what follows a brace and for what came of references.
 *
 * Nothing here calls itself: what produces more lines becomes a frame of the reader (expand.ts).
 */
import { MAX_EXPANDED_LINES, MAX_EXPANDED_OCTETS, MAX_EXPANSION_DEPTH, MAX_SUBSTITUTIONS } from './bounds.ts'
import type { Budget } from './bounds.ts'
import { isName, matchDefinition, nameOfLine } from './definitions.ts'
import type { Definitions } from './definitions.ts'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Iteration, Region, ValueLines } from './frames.ts'
import { cutMark, isBackslash, isSpace, openQuote, removeComment, withoutBlanks } from './lexer.ts'
import { parseSequence, startsSequence } from './sequence.ts'
import { decodeText } from './source.ts'
import type { ExpandedName, Expansion, Source, Span } from './source.ts'
import { hasReference, substitute } from './substitute.ts'
import type { ReferenceProblem } from './substitute.ts'

const AT = 64
const CARET = 94
const DOLLAR = 36
const TILDE = 126

/** What a line needs of the reader that it belongs to. */
export interface LineReader {
  readonly budget: Budget
  readonly definitions: Definitions
  /** One character per octet. */
  readonly configId: string
  /** A line made from one of a file. */
  makeLine(text: string, from: Expansion): Source
  /** Whether the lines that a frame produces follow; else everything that came of the line is given up. */
  push(frame: ValueLines | Iteration, where: Span): boolean
  /** Nothing more is expanded, anywhere. */
  stopExpanding(): void
  /** The next line of what the current one belongs to, for a definition that goes on. */
  continuation(): Region | undefined
  /** Reads words up to a brace or the end, or an include line; returns where it stopped. */
  readWords(source: Source, start: number, stop: number): number
}

/** What became of a line: `dropped` by a condition, `lost` with an error. */
export type Ending = 'read' | 'dropped' | 'defined' | 'lost'

/** Reads lines, each as far as it is a line of its own. */
export class LineExpander {
  readonly #reader: LineReader
  readonly #diagnostics: Diagnostics

  constructor(reader: LineReader, diagnostics: Diagnostics) {
    this.#reader = reader
    this.#diagnostics = diagnostics
  }

  /** Reads a line, and the lines that braces split it into. */
  read(line: Region): Ending {
    let region = line
    let at = line.start
    // Whether no reference is left that can be replaced.
    let isSettled = false
    for (let rounds = 0; ;) {
      const { source, stop } = region
      const { text } = source
      while (at < stop && isSpace(text.charCodeAt(at))) at++
      if (at >= stop) return 'read'
      const code = text.charCodeAt(at)
      const definition = code === DOLLAR ? matchDefinition(text, at, stop) : undefined
      if (code === AT) {
        const rest = this.#meetCondition(text, at + 1, stop)
        if (rest === undefined) return 'dropped'
        at = rest
      } else if (definition !== undefined) {
        this.#define(region, at, definition)
        return 'defined'
      } else if (code === TILDE && startsSequence(text.slice(at, stop))) {
        this.#repeat({ ...region, start: at })
        return 'read'
      } else if (!isSettled && text.slice(at, stop).includes('$')) {
        const expanded = rounds++ < MAX_EXPANSION_DEPTH ? this.#substitute({ ...region, start: at }) : this.#reportRounds(region)
        if (expanded === undefined) return 'lost'
        ;({ region, isSettled } = expanded)
        at = region.start
      } else {
        at = this.#reader.readWords(source, at, stop)
      }
    }
  }

  /** @returns where the rest of a line starts, if the condition in front of it is met */
  #meetCondition(text: string, at: number, stop: number): number | undefined {
    const isNegated = text.charCodeAt(at) === CARET
    const start = isNegated ? at + 1 : at
    let end = start
    while (end < stop && !isSpace(text.charCodeAt(end))) end++
    return (text.slice(start, end) === this.#reader.configId) === isNegated ? undefined : end
  }

  #define(region: Region, at: number, { name, valueStart }: { readonly name: string; readonly valueStart: number }): void {
    const lines: string[] = []
    const linesAt: Span[] = []
    let line: Region | undefined = { ...region, start: valueStart }
    while (line !== undefined) {
      const { text, isContinued } = valueOf(line)
      if (text !== '') {
        lines.push(text)
        linesAt.push(spanOf(line))
      }
      line = isContinued ? this.#reader.continuation() : undefined
    }
    const definedAt = { source: region.source, offset: at, length: name.length + 1 }
    this.#diagnostics.noteDefinition(name)
    const long = lines.length > 1 ? { linesAt } : {}
    this.#reader.definitions.set({ name, lines: lines.length === 0 ? [''] : lines, definedAt, ...long })
  }

  #repeat(region: Region): void {
    const { budget, definitions } = this.#reader
    if (budget.isExhausted) return
    const { source, start, stop } = region
    const span = spanOf(region)
    const sequence = parseSequence(source.text.slice(start, stop), (text) => {
      const expanded = substitute(text, definitions, region.ancestry, budget)
      for (const problem of expanded.problems) this.#report({ ...problem, reference: undefined }, region)
      return expanded.text
    })
    if (budget.isExhausted) return this.reportExhausted(span)
    if ('problem' in sequence) return this.#diagnostics.error('invalid-sequence', span, sequence.problem, sequence.help)
    const { names, values, textStart } = sequence
    const definedAt = { ...span, length: textStart }
    for (const name of names) this.#diagnostics.noteDefinition(name)
    const wrong = names.find((name) => !isName(name))
    if (wrong !== undefined) {
      this.#diagnostics.info(
        'no-effect',
        definedAt,
        `nothing can refer to ${shown(decodeText(wrong))}: a name has letters, digits and underscores`,
      )
    }
    this.#reader.push({ kind: 'sequence', names, values, definedAt, region: { ...region, start: start + textStart } }, span)
  }

  /** @returns what the line became, in a text of its own when it changed; `undefined` when it is lost */
  #substitute(region: Region): { readonly region: Region; readonly isSettled: boolean } | undefined {
    const { budget, definitions } = this.#reader
    const { source, start, stop, end, ancestry } = region
    const written = source.text.slice(start, stop)
    if (budget.isExhausted) return hasReference(written, definitions) ? undefined : { region, isSettled: true }
    const { text, isUnescaped } = unescaped(written, source)
    const expanded = substitute(text, definitions, ancestry, budget)
    const span = spanOf(region)
    if (expanded.outcome === 'exhausted') return this.reportExhausted(span)
    const line = expanded.isChanged ? removeComment(expanded.text) : undefined
    // Where a comment is cut off, other references may come to stand at the end: the line is searched again.
    const isSettled = line?.isCut !== true || expanded.outcome === 'failed'
    for (const problem of expanded.problems) {
      if (isSettled || problem.severity === 'error') this.#report(isUnescaped ? { ...problem, reference: undefined } : problem, region)
    }
    if (line === undefined) return { region, isSettled }
    if (isUnescaped && line.isCut) this.#noteLostEscape(span)
    const mark = cutMark(source.text, stop)
    const tail = mark < end && isBackslash(source.text, mark) ? ' \\' : ''
    if (!budget.octets(line.text.length)) return this.reportExhausted(span)
    const expansion = expansionOf(
      region,
      expanded.used.map((definition) => nameOfLine(definition, 0)),
    )
    const made = this.#reader.makeLine(line.text + tail, expansion)
    this.#reportOpenQuote(text, line.text, made)
    for (const { definition, ancestry } of expanded.following) {
      const others = expansion.names.filter((_, index) => expanded.used[index] !== definition)
      const frame = { kind: 'values', definition, expansion, others, ancestry, next: 1 } as const
      if (!this.#reader.push(frame, span)) return undefined
    }
    return { region: { source: made, start: 0, stop: line.text.length, end: made.text.length, ancestry }, isSettled }
  }

  /** Reports that a bound over all files is exceeded, and stops all expansion. */
  reportExhausted(span: Span): undefined {
    const bounds = `${MAX_EXPANDED_LINES} lines, ${MAX_EXPANDED_OCTETS} octets or ${MAX_SUBSTITUTIONS} references`
    const help = 'every line from here on that needs it is ignored'
    this.#diagnostics.error('expansion-too-large', span, `references and sequences make more than ${bounds} of this configuration`, help)
    this.#reader.stopExpanding()
  }

  #reportRounds(region: Region): undefined {
    const message = 'the comments in what references stand for bring up references over and over: the line is dropped'
    this.#diagnostics.error('circular-definition', spanOf(region), message)
  }

  #report({ severity, code, message, reference }: ReferenceProblem, region: Region): void {
    const { source, start } = region
    const where = reference === undefined ? spanOf(region) : { source, offset: start + reference.offset, length: reference.length }
    if (severity === 'error') this.#diagnostics.error(code, where, message)
    else this.#diagnostics.warning(code, where, message)
  }

  /** A quote that was open before is reported already. */
  #reportOpenQuote(before: string, after: string, source: Source): void {
    const offset = openQuote(after)
    if (offset === -1 || openQuote(before) !== -1) return
    const span = { source, offset, length: after.length - offset }
    this.#diagnostics.error('unterminated-quote', span, 'this quote is not closed on its line')
  }

  #noteLostEscape(span: Span): void {
    const message = 'where references are replaced, a mark after a backslash starts a comment all the same, as in keepalived'
    this.#diagnostics.info('no-effect', span, message, 'put quotes around the word with the mark')
  }
}

/** Text of a file still has the backslashes in front of plain marks; text that was made from it has none. */
function unescaped(text: string, source: Source): { readonly text: string; readonly isUnescaped: boolean } {
  return source.expandedFrom === undefined ? removeComment(text) : { text, isUnescaped: false }
}

/** One line of the text of a definition, and whether the next line belongs to it. */
function valueOf({ source, start, stop, end }: Region): { readonly text: string; readonly isContinued: boolean } {
  let last = end - 1
  while (last > start && isSpace(source.text.charCodeAt(last))) last--
  const isContinued = last >= start && isBackslash(source.text, last)
  // The last backslash of several, or behind an open quote, was not cut off.
  const value = isContinued && last < stop ? withoutBackslash(source.text.slice(start, last)) : source.text.slice(start, stop)
  return { text: unescaped(value, source).text, isContinued }
}

/** The blanks in front of backslashes that end a value line go, as they do in front of one. */
function withoutBackslash(value: string): string {
  let backslashes = value.length
  while (backslashes > 0 && isBackslash(value, backslashes - 1)) backslashes--
  return value.slice(0, withoutBlanks(value, 0, backslashes)) + value.slice(backslashes)
}

function spanOf({ source, start, stop }: Region): Span {
  return { source, offset: start, length: stop - start }
}

function expansionOf(region: Region, names: readonly ExpandedName[]): Expansion {
  const outer = region.source.expandedFrom
  return { span: outer?.span ?? spanOf(region), names, outer }
}
