/**
 * The layout of a configuration file: indentation by blocks, one blank between words, one brace a line.
 *
 * What the text means stays the same to the letter: its words come out in the same order, and lines that more
 * than the brace rules read (definitions, sequences, conditional lines, commands) keep everything but their
 * indentation where any doubt is left.
 */
import { Diagnostics } from '../diagnostics/diagnostic.ts'
import { MAX_LINE_OCTETS } from '../text/bounds.ts'
import { Depths } from './depth.ts'
import type { Brace, Condition, Unbalanced } from './depth.ts'
import { readLine } from './line.ts'
import type { Definition, Line, Part } from './line.ts'
import { References } from './references.ts'
import { isSecretBlock } from '../diagnostics/mask.ts'
import { Source, decodeText } from '../text/source.ts'

/** How to lay out. */
export interface FormatOptions {
  /** One level of indentation, blanks or a tab; four blanks unless given. */
  readonly indent?: string
}

/** The text laid out, or why it cannot be. */
export interface Formatted {
  /** One character per octet; absent when it is not known which blocks its lines are in. */
  readonly text: string | undefined
  readonly diagnostics: Diagnostics
}

/** A line of the result. */
interface OutputLine {
  readonly kind: 'code' | 'blank' | 'unread'
  readonly depth: number
  readonly text: string
  /** The text as it was written. */
  readonly written: string
  readonly comment: string
}

/** Levels that are indented at most: the language has no more than six. */
const DEEPEST = 50
/** Braces that the references of a line are taken to bring at most: definitions of definitions may hold more than any memory. */
const MAX_REFERENCE_BRACES = 16
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf'
/** A line that repeats itself: braces in it count more than once. */
const SEQUENCE = /^(?:@\S+\s+)*~/
const BLANK: OutputLine = { kind: 'blank', depth: 0, text: '', written: '', comment: '' }

/**
 * Formats the text of a file. Includes are not followed.
 *
 * @param file its name, for diagnostics
 * @param text one character per octet
 */
export function formatText(file: string, text: string, { indent = '    ' }: FormatOptions = {}): Formatted {
  const source = new Source(file, text)
  const layout = new Layout(source)
  for (let at = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0; at < text.length;) {
    const newline = text.indexOf('\n', at)
    const stop = newline === -1 ? text.length : newline
    layout.add(at, stop)
    at = stop + 1
  }
  const diagnostics = new Diagnostics()
  layout.report(diagnostics)
  return { text: diagnostics.total > 0 ? undefined : layout.render(indent), diagnostics }
}

class Layout {
  readonly #source: Source
  readonly #references: References
  readonly #depths = new Depths()
  readonly #lines: OutputLine[] = []
  /** The line that may still get the `{` that follows it. */
  #keywordLine: number | undefined
  /** The definition whose value goes on. */
  #body: { readonly definition: Definition | undefined; readonly depth: number; balance: number } | undefined
  /** Braces may come from where nobody looks. */
  #isUncertain = false
  #secretFrom: number | undefined
  readonly #openQuotes: { readonly offset: number; readonly length: number }[] = []

  constructor(source: Source) {
    this.#source = source
    this.#references = new References(source.text)
  }

  /** Reads the next line, `[start, newline)`. */
  add(start: number, newline: number): void {
    const line = readLine(this.#source.text, start, newline, this.#references, this.#body !== undefined)
    if (line.kind === 'blank') this.#addBlank()
    else if (line.kind === 'unread') this.#push({ ...BLANK, kind: 'unread', text: line.text })
    else if (line.kind === 'comment') this.#push({ kind: 'code', depth: this.#depth([]), text: line.text, written: line.text, comment: '' })
    else if (this.#body !== undefined) this.#addBody(line, this.#body)
    else this.#addCode(line, newline)
  }

  /** Reports what leaves the layout open. */
  report(diagnostics: Diagnostics): void {
    for (const span of this.#openQuotes) {
      const message = 'this quote is not closed on its line: a brace after it may or may not count'
      diagnostics.error('unterminated-quote', { source: this.#source, ...span }, message)
    }
    const { unbalanced } = this.#depths
    if (unbalanced !== undefined && !this.#isUncertain) reportBraces(unbalanced, this.#source, diagnostics)
  }

  /** The text. */
  render(indent: string): string {
    while (this.#lines.at(-1)?.kind === 'blank') this.#lines.pop()
    return this.#lines.map((line) => `${renderLine(line, indent)}\n`).join('')
  }

  #depth(conditions: readonly Condition[]): number {
    if (this.#body === undefined) return this.#depths.depth(conditions)
    return this.#body.depth + 1 + Math.max(0, this.#body.balance)
  }

  #push(line: OutputLine): void {
    this.#lines.push(line)
  }

  #addBlank(): void {
    if (this.#body !== undefined) {
      // It ends the value, so it must not go.
      this.#endBody()
      this.#push({ ...BLANK, kind: 'code' })
    } else if ((this.#lines.at(-1)?.text ?? '') !== '') {
      this.#push(BLANK)
    }
  }

  #addCode(line: Extract<Line, { kind: 'code' }>, newline: number): void {
    const { parts, comment, definition, quoteAt } = line
    if (quoteAt !== undefined && /[{}]/.test(this.#source.text.slice(quoteAt, newline))) {
      this.#openQuotes.push({ offset: quoteAt, length: 1 })
    }
    for (const [index, part] of parts.entries()) this.#addPart(part, index === parts.length - 1 ? comment : '')
    if (definition === undefined && !line.mayDefine) return
    const depth = this.#depths.depth(parts.at(-1)?.conditions ?? [])
    if (line.isContinued) this.#body = { definition, depth, balance: balanceOf(definition?.braces ?? []) }
    else if (definition !== undefined) this.#define(definition, balanceOf(definition.braces))
  }

  #addPart(part: Part, comment: string): void {
    const { conditions, closesFirst, text, written, braces } = part
    if (text === '{' && this.#join(comment)) return this.#pass(braces, conditions)
    this.#keywordLine = part.kind === 'words' ? this.#lines.length : undefined
    const depth = Math.max(0, this.#depth(conditions) - (closesFirst ? 1 : 0))
    this.#push({ kind: 'code', depth, text, written, comment })
    this.#pass(braces, conditions)
    if (part.kind === 'fixed') this.#passReferences(part)
  }

  /** Goes past the braces that the references of a line bring. */
  #passReferences({ braces, conditions, written }: Part): void {
    const balance = this.#references.balance(written)
    this.#isUncertain ||= balance !== 0 || (balanceOf(braces) !== 0 && SEQUENCE.test(written))
    const brace = { isOpen: balance > 0, at: 0, line: { offset: 0, length: 1 } }
    this.#depths.pass(
      Array.from({ length: Math.min(Math.abs(balance), MAX_REFERENCE_BRACES) }, () => brace),
      conditions,
    )
  }

  /** Puts a `{` that starts a line at the end of its keyword's line; whether it could. */
  #join(comment: string): boolean {
    const index = this.#keywordLine
    const line = index === undefined ? undefined : this.#lines[index]
    this.#keywordLine = undefined
    if (index === undefined || line === undefined || `${line.text} { ${line.comment}`.length > MAX_LINE_OCTETS) return false
    const between = this.#lines.splice(index).filter(({ kind }) => kind !== 'blank')
    const [, ...comments] = between
    const hasRoom = line.comment === '' && comments.length === 0
    this.#push({ ...line, text: `${line.text} {`, written: `${line.written} {`, comment: hasRoom ? comment : line.comment })
    for (const inner of comments) this.#push({ ...inner, depth: inner.depth + 1 })
    if (!hasRoom && comment !== '') this.#push({ kind: 'code', depth: line.depth + 1, text: comment, written: comment, comment: '' })
    return true
  }

  #addBody(line: Extract<Line, { kind: 'code' }>, body: { balance: number }): void {
    const [part] = line.parts
    if (part === undefined) return
    const { text, written, closesFirst, braces } = part
    this.#push({ kind: 'code', depth: this.#depth([]) - (closesFirst && body.balance > 0 ? 1 : 0), text, written, comment: line.comment })
    body.balance += balanceOf(braces) + this.#references.balance(written)
    if (!line.isContinued) this.#endBody()
  }

  #endBody(): void {
    const { definition, balance = 0 } = this.#body ?? {}
    if (definition !== undefined) this.#define(definition, balance)
    this.#body = undefined
  }

  #define({ name, isCertain }: Definition, balance: number): void {
    this.#references.define(name, balance, isCertain)
  }

  /** Goes past braces, and notes for {@link report} which lines hold secrets. */
  #pass(braces: readonly Brace[], conditions: readonly Condition[]): void {
    this.#depths.pass(braces, conditions)
    const [brace] = braces
    if (brace === undefined) return
    const depth = this.#depth(conditions)
    const { offset, length } = brace.line
    const keyword = decodeText(this.#source.text.slice(offset, offset + length))
    if (this.#secretFrom === undefined && brace.isOpen && isSecretBlock(keyword)) this.#secretFrom = depth
    else if (this.#secretFrom !== undefined && depth < this.#secretFrom) this.#secretFrom = undefined
    this.#source.markSecret(brace.at + 1, this.#secretFrom !== undefined)
  }
}

/** How many more braces open than close. */
function balanceOf(braces: readonly Brace[]): number {
  return braces.reduce((sum, { isOpen }) => sum + (isOpen ? 1 : -1), 0)
}

/** The line with as much of its new layout as leaves it short enough to be read. */
function renderLine({ kind, depth, text, written, comment }: OutputLine, indent: string): string {
  if (kind === 'unread') return text
  const line = comment === '' ? text : `${text} ${comment}`
  const indented = indent.repeat(Math.min(depth, DEEPEST)) + line
  if (indented.length <= MAX_LINE_OCTETS || text === '') return text === '' ? '' : indented
  return line.length <= MAX_LINE_OCTETS ? line : written + comment
}

function reportBraces({ open, surplus }: Unbalanced, source: Source, diagnostics: Diagnostics): void {
  for (const { line } of surplus) diagnostics.error('unexpected-close-brace', { source, ...line }, 'this brace closes nothing')
  const innermost = open.at(-1)
  if (innermost === undefined) return
  const message = open.length === 1 ? 'this block is never closed' : `${open.length} blocks are never closed; this is the innermost`
  diagnostics.error('missing-close-brace', { source, ...innermost.line }, message, "add a '}' where the block ends")
}
