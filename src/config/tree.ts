/**
 * Blocks without meaning: walks the tokens line by line and keeps track of braces.
 *
 * Nothing here is recursive, so nesting costs memory for one span a level and no stack.
 */
import type { Diagnostics } from './diagnostic.ts'
import { TokenKind } from './lexer.ts'
import type { Tokens } from './lexer.ts'
import { decodeText } from './source.ts'
import type { Span } from './source.ts'
import { shown } from './excerpt.ts'
import { Directive } from './words.ts'

/** Braces opened and closed in a text, beyond what its blocks explain. */
interface Balance {
  /** More `{` than `}`. */
  missingCloses: number
  /** More `}` than `{`. */
  surplusCloses: number
}

/** What {@link BlockReader.next} found. */
export type Item =
  | { readonly kind: 'directive'; readonly directive: Directive }
  /** The innermost open block ends. */
  | { readonly kind: 'close' }
  | { readonly kind: 'end' }

/** Reads lines and blocks from tokens, one at a time. */
export class BlockReader {
  readonly #tokens: Tokens
  readonly #diagnostics: Diagnostics
  readonly #balance: Balance
  /** Where each open block was opened. */
  readonly #open: Span[] = []
  #at = 0

  constructor(tokens: Tokens, diagnostics: Diagnostics) {
    this.#tokens = tokens
    this.#diagnostics = diagnostics
    this.#balance = countBraces(tokens)
  }

  /** The next line, or the end of a block or of the text. A brace that belongs to no line is reported and its block skipped. */
  next(): Item {
    for (;;) {
      if (this.#at >= this.#tokens.count) return { kind: 'end' }
      const kind = this.#tokens.kind(this.#at)
      if (kind === TokenKind.Open) {
        this.#reportStrayOpen()
      } else if (kind === TokenKind.Close) {
        const span = this.#tokens.span(this.#at++)
        if (this.#open.pop() !== undefined) return { kind: 'close' }
        this.#balance.surplusCloses--
        this.#diagnostics.error('unexpected-close-brace', span, 'this brace closes nothing')
      } else if (kind === TokenKind.LineEnd) {
        this.#at++
      } else {
        return { kind: 'directive', directive: this.#readLine() }
      }
    }
  }

  /** Enters the block of the line just read. */
  enter(directive: Directive): void {
    this.#open.push(directive.span)
    if (this.#tokens.kind(this.#at) === TokenKind.Open) this.#at++
  }

  /**
   * Enters a block whose `{` is missing, if the text has a `}` for it.
   *
   * @returns whether it did; else the block is to be taken as empty
   */
  enterWithoutBrace(directive: Directive): boolean {
    if (this.#balance.surplusCloses <= 0) return false
    this.#balance.surplusCloses--
    this.#open.push(directive.span)
    return true
  }

  /** Passes over the block of the line just read, whatever is in it. */
  skip(directive: Directive): void {
    const opened = directive.span
    let depth = 0
    do {
      const kind = this.#tokens.kind(this.#at)
      if (kind === TokenKind.Open) depth++
      else if (kind === TokenKind.Close) depth--
      this.#at++
    } while (depth > 0 && this.#at < this.#tokens.count)
    for (; depth > 0; depth--) this.#open.push(opened)
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
    const opened = this.#open.pop()
    if (opened === undefined) return
    this.#balance.missingCloses--
    const { line } = opened.source.position(opened.offset)
    const block = decodeText(opened.source.text.slice(opened.offset, opened.offset + opened.length))
    const message = `the block ${shown(block)} of line ${line} is not closed before this line`
    this.#diagnostics.error('missing-close-brace', here, message, "add a '}' above this line")
  }

  /** Reports blocks that the text leaves open, innermost first in what it says, once. */
  finish(): void {
    const innermost = this.#open.at(-1)
    if (innermost === undefined) return
    const count = this.#open.length
    const message = count === 1 ? 'this block is never closed' : `${count} blocks are never closed; this is the innermost`
    this.#diagnostics.error('missing-close-brace', innermost, message, "add a '}' where the block ends")
  }

  #readLine(): Directive {
    const first = this.#at
    let end = first + 1
    while (this.#tokens.kind(end) < TokenKind.Open) end++
    this.#at = this.#tokens.kind(end) === TokenKind.LineEnd ? end + 1 : end
    return new Directive(this.#tokens, first, end, this.#tokens.kind(this.#at) === TokenKind.Open)
  }

  #reportStrayOpen(): void {
    const span = this.#tokens.span(this.#at)
    this.#diagnostics.error('unexpected-open-brace', span, 'no block can start here; everything up to the matching brace is ignored')
    const stray = new Directive(this.#tokens, this.#at, this.#at + 1, true)
    this.skip(stray)
  }
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
