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
  /** A brace that belongs to no line: its block is to be passed over. */
  | { readonly kind: 'stray'; readonly directive: Directive }
  | { readonly kind: 'end' }

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
  readonly #balance: Balance
  /** The tokens that each open block's line starts with. */
  readonly #open: number[] = []
  /** The first token of the line just read. */
  #line = 0
  #at = 0

  constructor(tokens: Tokens, topLevel: TopLevel, diagnostics: Diagnostics) {
    this.#tokens = tokens
    this.#topLevel = topLevel
    this.#diagnostics = diagnostics
    this.#balance = countBraces(tokens)
  }

  /** The next line, or the end of a block or of the text. */
  next(): Item {
    for (;;) {
      if (this.#at >= this.#tokens.count) return { kind: 'end' }
      const kind = this.#tokens.kind(this.#at)
      if (kind === TokenKind.Open) {
        this.#line = this.#at
        return { kind: 'stray', directive: new Directive(this.#tokens, this.#at, this.#at + 1, true) }
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
  enter(): void {
    this.#open.push(this.#line)
    if (this.#tokens.kind(this.#at) === TokenKind.Open) this.#at++
  }

  /**
   * Enters a block whose `{` is missing, if the text has a `}` for it.
   *
   * @returns whether it did; else the block is to be taken as empty
   */
  enterWithoutBrace(): boolean {
    if (this.#balance.surplusCloses <= 0) return false
    this.#balance.surplusCloses--
    this.#open.push(this.#line)
    return true
  }

  /** Whether a line starts a block that exists at the top level only. */
  isTopLevel({ keyword, opensBlock }: Directive): boolean {
    return opensBlock && this.#topLevel.all.has(keyword)
  }

  /** Whether a line stands inside a block and starts one that must not be lost. */
  isSwallowed({ keyword, opensBlock }: Directive): boolean {
    return opensBlock && this.depth > 0 && this.#topLevel.kept.has(keyword)
  }

  /**
   * Passes over the block of the line just read, whatever is in it, but where a `}` is missing only up to
   * the next block of the top level.
   */
  skip(): Skipped {
    const tokens = this.#tokens
    const before = this.#open.length
    let line = this.#line
    let isLineStart = false
    let swallowed: Skipped['swallowed']
    while (this.#at < tokens.count) {
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
    const message = `the block ${shown(block)} of line ${line} is not closed before this line`
    this.#diagnostics.error('missing-close-brace', here, message, "add a '}' above this line")
  }

  /** Reports blocks that the text leaves open, innermost first in what it says, once. */
  finish(): void {
    const innermost = this.#open.at(-1)
    if (innermost === undefined) return
    const count = this.#open.length
    const message = count === 1 ? 'this block is never closed' : `${count} blocks are never closed; this is the innermost`
    this.#diagnostics.error('missing-close-brace', this.#tokens.span(innermost), message, "add a '}' where the block ends")
  }

  #readLine(): Directive {
    const first = this.#at
    this.#line = first
    let end = first + 1
    while (this.#tokens.kind(end) < TokenKind.Open) end++
    this.#at = this.#tokens.kind(end) === TokenKind.LineEnd ? end + 1 : end
    return new Directive(this.#tokens, first, end, this.#tokens.kind(this.#at) === TokenKind.Open)
  }

  /** Whether the line at this point starts a block of the top level. */
  #startsTopLevel(): boolean {
    if (!this.#topLevel.all.has(this.#tokens.text(this.#at))) return false
    const at = this.#at
    const line = this.#line
    const { opensBlock } = this.#readLine()
    this.#at = at
    this.#line = line
    return opensBlock
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
