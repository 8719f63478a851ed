/**
 * Blocks without meaning: walks the tokens line by line and keeps track of braces.
 *
 * Nothing here is recursive, so nesting costs memory for one span a level and no stack.
 */
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import { hidesSecret } from '../diagnostics/excerpt.ts'
import { findForgotten } from './forgotten.ts'
import type { Balance, ForgottenBraces } from './forgotten.ts'
import { TokenKind } from '../text/lexer.ts'
import type { Tokens } from '../text/lexer.ts'
import { Line } from './line.ts'
import { decodeText } from '../text/source.ts'
import type { Span } from '../text/source.ts'
import { shown } from '../diagnostics/printable.ts'

/**
 * What {@link BlockReader.next} found: a line, the end of the innermost block, a brace that belongs to no line
 * and whose block is to be passed over, or the end of the text.
 */
export type Item = 'line' | 'close' | 'stray' | 'end'

/** The blocks of the top level by keyword. */
export interface TopLevel {
  /** Those that exist there only: inside another block, a brace was forgotten. */
  readonly all: ReadonlySet<string>
  /** Those among them that must not be lost. */
  readonly kept: ReadonlySet<string>
}

/** What {@link BlockReader.skip} passed over. */
export interface Skipped {
  /** Blocks that are open where it stopped: the text has ended, or a block of the top level starts. */
  readonly left: number
  /** The first block among what was passed over that must not be lost. */
  readonly swallowed: { readonly keyword: string; readonly span: Span } | undefined
}

/** Reads lines and blocks from tokens, one at a time. */
export class BlockReader {
  readonly #tokens: Tokens
  readonly #diagnostics: Diagnostics
  readonly #topLevel: TopLevel
  readonly #balance: { -readonly [K in keyof Balance]: Balance[K] }
  readonly #forgotten: ForgottenBraces
  /** Forgotten `}` in front of this token that were taken as read already. */
  #closed = { at: -1, count: 0 }
  /** The tokens that each open block's line starts with. */
  readonly #open: number[] = []
  /** The line just read. Moved by {@link next}. */
  readonly line: Line
  #at = 0

  constructor(tokens: Tokens, topLevel: TopLevel, diagnostics: Diagnostics) {
    this.#tokens = tokens
    this.line = new Line(tokens)
    this.#topLevel = topLevel
    this.#diagnostics = diagnostics
    this.#balance = countBraces(tokens)
    this.#forgotten = findForgotten(tokens, this.#balance)
  }

  /** The next line, or the end of a block or of the text. */
  next(): Item {
    for (;;) {
      if (this.#at >= this.#tokens.count) return 'end'
      if (this.#closesForgotten()) return 'close'
      const kind = this.#tokens.kind(this.#at)
      if (kind === TokenKind.Open) {
        this.line.moveTo(this.#at, this.#at + 1, true)
        return 'stray'
      } else if (kind === TokenKind.Close) {
        const brace = this.#at++
        if (this.#open.pop() !== undefined) return 'close'
        this.#balance.surplusCloses--
        this.#diagnostics.error('unexpected-close-brace', this.#tokens.span(brace), 'this brace closes nothing')
      } else if (kind === TokenKind.LineEnd) {
        this.#at++
      } else {
        this.#readLine()
        return 'line'
      }
    }
  }

  /** Enters the block of the line just read. */
  enter(): void {
    this.#open.push(this.line.at)
    if (this.#tokens.kind(this.#at) === TokenKind.Open) this.#at++
  }

  /**
   * Enters a block whose `{` is missing, if the text has a `}` for it.
   *
   * @returns whether it did; else the block is to be taken as empty
   */
  enterWithoutBrace(): boolean {
    if (this.#balance.surplusCloses <= 0 || this.#forgotten.opens.get(this.line.at) === false) return false
    this.#balance.surplusCloses--
    this.#open.push(this.line.at)
    return true
  }

  /** Whether a line starts a block that exists at the top level only. */
  isTopLevel({ keyword, opensBlock }: Line): boolean {
    return opensBlock && this.#topLevel.all.has(keyword)
  }

  /** Whether a line stands inside a block and starts one that must not be lost. */
  isSwallowed({ keyword, opensBlock }: Line): boolean {
    return opensBlock && this.depth > 0 && this.#topLevel.kept.has(keyword)
  }

  /**
   * Passes over the block of the line just read, whatever is in it, but where a `}` is missing only up to
   * the next block of the top level.
   */
  skip(): Skipped {
    const tokens = this.#tokens
    const before = this.#open.length
    let line = this.line.at
    let isLineStart = false
    let swallowed: Skipped['swallowed']
    while (this.#at < tokens.count) {
      if (this.#open.length > before && this.#closesForgotten()) {
        if (this.#open.length === before) break
        continue
      }
      const kind = tokens.kind(this.#at)
      if (kind < TokenKind.Open) {
        if (isLineStart && this.#startsTopLevel()) {
          if (this.lacksClose) break
          const keyword = tokens.text(this.#at)
          if (this.#topLevel.kept.has(keyword)) swallowed ??= { keyword, span: tokens.span(this.#at) }
        }
        if (isLineStart) line = this.#at
        isLineStart = false
      } else {
        if (kind === TokenKind.Open) this.#open.push(line)
        isLineStart = true
      }
      this.#at++
      if (kind === TokenKind.LineEnd && this.#forgotten.opens.get(line) === true) this.#openForgotten(line)
      if (kind === TokenKind.Close) {
        this.#open.pop()
        if (this.#open.length === before) break
      }
    }
    return { left: this.#open.length - before, swallowed }
  }

  /** Blocks open at this point. */
  get depth(): number {
    return this.#open.length
  }

  /** Whether somewhere in the rest of the text a `}` is missing. */
  get lacksClose(): boolean {
    return this.#balance.missingCloses > 0
  }

  /** Takes the innermost block as closed before `here`: its `}` was forgotten. */
  closeForgotten(here: Span): void {
    const index = this.#open.pop()
    if (index === undefined) return
    const opened = this.#tokens.span(index)
    this.#balance.missingCloses--
    const { line } = opened.source.position(opened.offset)
    const block = decodeText(opened.source.text.slice(opened.offset, opened.offset + opened.length))
    // What stands in front of a brace may be a secret.
    const name = hidesSecret(opened) ? '' : ` ${shown(block)}`
    const message = `the block${name} of line ${line} is not closed before this line`
    this.#diagnostics.error('missing-close-brace', here, message, "add a '}' above this line")
  }

  /** Opens the block of a line in which the `{` was forgotten. */
  #openForgotten(line: number): void {
    this.#balance.surplusCloses--
    this.#open.push(line)
    reportMissingOpen(decodeText(this.#tokens.text(line)), this.#tokens.span(line), this.#diagnostics)
  }

  /** Closes the innermost block if its `}` was forgotten at this point; whether it did. */
  #closesForgotten(): boolean {
    if (this.#forgotten.closes.size === 0) return false
    if (this.#closed.at !== this.#at) this.#closed = { at: this.#at, count: 0 }
    if (this.#open.length === 0 || this.#closed.count >= (this.#forgotten.closes.get(this.#at) ?? 0)) return false
    this.#closed.count++
    this.closeForgotten(this.#tokens.span(this.#at))
    return true
  }

  /** Reports blocks that the text leaves open, innermost first in what it says, once. */
  finish(): void {
    const innermost = this.#open.at(-1)
    if (innermost === undefined) return
    const count = this.#open.length
    const message = count === 1 ? 'this block is never closed' : `${count} blocks are never closed; this is the innermost`
    this.#diagnostics.error('missing-close-brace', this.#tokens.span(innermost), message, "add a '}' where the block ends")
  }

  #readLine(): void {
    const first = this.#at
    const end = this.#endOfWords(first)
    this.#at = this.#tokens.kind(end) === TokenKind.LineEnd ? end + 1 : end
    this.line.moveTo(first, end, this.#tokens.kind(this.#at) === TokenKind.Open)
  }

  #endOfWords(first: number): number {
    let end = first + 1
    while (this.#tokens.kind(end) < TokenKind.Open) end++
    return end
  }

  /** Whether the line at this point starts a block of the top level. */
  #startsTopLevel(): boolean {
    if (!this.#topLevel.all.has(this.#tokens.text(this.#at))) return false
    const end = this.#endOfWords(this.#at)
    return this.#tokens.kind(this.#tokens.kind(end) === TokenKind.LineEnd ? end + 1 : end) === TokenKind.Open
  }
}

/** Reports a block that nothing opens. */
export function reportMissingOpen(keyword: string, span: Span, diagnostics: Diagnostics): void {
  const help = "write '{' at the end of this line, or alone on the next"
  diagnostics.error('missing-open-brace', span, `'${keyword}' starts a block, but no '{' follows`, help)
}

function countBraces(tokens: Tokens): Balance {
  let depth = 0
  let surplusCloses = 0
  for (let index = 0; index < tokens.count; index++) {
    const kind = tokens.kind(index)
    if (kind === TokenKind.Open) depth++
    else if (kind === TokenKind.Close && depth > 0) depth--
    else if (kind === TokenKind.Close) surplusCloses++
  }
  return { missingCloses: depth, surplusCloses }
}
