/**
 * Where braces were probably forgotten, when those of a text do not add up.
 *
 * There are two witnesses. A keyword that means nothing in the innermost block, but something in a block
 * around it, says that a `}` is missing above. The indentation says where: at the first line that stands no
 * deeper than the line which opens the block. Where one of them is silent, the other is believed; where they
 * contradict each other, the keyword is believed if nothing else explains the text.
 */
import { TOP_CONTEXT, contextOf, hasKeyword, takesBlock } from './block-context.ts'
import type { BlockContext } from './block-context.ts'
import { isSpace, TokenKind } from '../text/lexer.ts'
import type { Tokens } from '../text/lexer.ts'
import { decodeText } from '../text/source.ts'
import type { Source } from '../text/source.ts'

/** Braces opened and closed in a text, beyond what its blocks explain. */
export interface Balance {
  /** More `{` than `}`. */
  readonly missingCloses: number
  /** More `}` than `{`. */
  readonly surplusCloses: number
}

/** Where braces are to be read that are not there. */
export interface ForgottenBraces {
  /** How many `}` belong in front of a token. */
  readonly closes: ReadonlyMap<number, number>
  /** Whether a `{` belongs after the line that starts with a token: a line that could open a block, and does not. */
  readonly opens: ReadonlyMap<number, boolean>
}

interface Block {
  readonly context: BlockContext
  readonly source: Source | undefined
  /** Of the line that opens it; absent where that starts inside a line. */
  readonly column: number | undefined
  /** Whether what is in it stands deeper; absent until something is. */
  isIndented: boolean | undefined
  /** The first token that stands as if the block had ended. */
  suspect: number | undefined
}

/** Braces that are guessed at most. */
const MAX_GUESSES = 16
/** Blocks that are looked at from the innermost outwards: the language nests no deeper. */
const MAX_LEVELS = 8
const TAB_WIDTH = 8
const TAB = 9

/** Guesses where braces were forgotten. Costs nothing worth mentioning when none are. */
export function findForgotten(tokens: Tokens, balance: Balance): ForgottenBraces {
  const closes = new Map<number, number>()
  let { missingCloses } = balance
  for (let guesses = 0; missingCloses > 0 && guesses < MAX_GUESSES; guesses++) {
    const before = new Reading(tokens, { ...balance, missingCloses }, closes).forgottenClose()
    if (before === undefined) break
    closes.set(before, (closes.get(before) ?? 0) + 1)
    missingCloses--
  }
  if (balance.surplusCloses === 0) return { closes, opens: new Map() }
  const reading = new Reading(tokens, { ...balance, missingCloses: 0 }, closes)
  reading.forgottenClose()
  return { closes, opens: reading.opens }
}

/** One walk through a text with the braces found so far. */
class Reading {
  readonly #tokens: Tokens
  readonly #balance: Balance
  readonly #closes: ReadonlyMap<number, number>
  readonly opens: Map<number, boolean> = new Map<number, boolean>()
  readonly #blocks: Block[] = []
  #opensLeft: number
  /** Where a keyword is that contradicts the indentation. */
  #doubtful: number | undefined

  constructor(tokens: Tokens, balance: Balance, closes: ReadonlyMap<number, number>) {
    this.#tokens = tokens
    this.#balance = balance
    this.#closes = closes
    this.#opensLeft = balance.surplusCloses
  }

  /** The token in front of which the first `}` is missing. */
  forgottenClose(): number | undefined {
    const tokens = this.#tokens
    let isLineStart = true
    let line: number | undefined
    for (let index = 0; index < tokens.count; index++) {
      const kind = tokens.kind(index)
      for (let count = this.#closes.get(index) ?? 0; count > 0; count--) this.#blocks.pop()
      if (kind >= TokenKind.Open) {
        if (kind === TokenKind.Open) this.#enter(line ?? index)
        else if (kind === TokenKind.Close) this.#leave(index)
        else if (line !== undefined && this.#opensWithoutBrace(line, index)) this.#enter(line)
        // The brace may stand alone on the next line.
        line = kind === TokenKind.LineEnd && tokens.kind(index + 1) === TokenKind.Open ? line : undefined
        isLineStart = true
      } else if (isLineStart) {
        line = index
        isLineStart = false
        this.#look(index)
        const found = this.#missingBefore(index)
        if (found !== undefined) return found
      }
    }
    if (this.#balance.missingCloses === 0) return undefined
    return this.#blocks.findLast(({ suspect }) => suspect !== undefined)?.suspect ?? this.#doubtful
  }

  #enter(line: number): void {
    const context = contextOf(this.#innermost(), this.#word(line))
    const column = this.#column(line)
    this.#blocks.push({ context, source: this.#tokens.source(line), column, isIndented: undefined, suspect: undefined })
  }

  #leave(index: number): void {
    const inner = this.#blocks.pop()
    // Where this brace closes the wrong block because one inside lacks its own, that one comes first.
    this.#look(index, inner?.suspect)
  }

  #innermost(): BlockContext {
    return this.#blocks.at(-1)?.context ?? TOP_CONTEXT
  }

  #word(index: number): string {
    return decodeText(this.#tokens.text(index))
  }

  /**
   * Compares where a line stands with the blocks it is in.
   *
   * @param earlier what is suspected instead, if it is
   */
  #look(index: number, earlier: number = index): void {
    const column = this.#column(index)
    if (column === undefined) return
    const source = this.#tokens.source(index)
    for (const block of this.#blocks.slice(-MAX_LEVELS)) {
      if (block.column === undefined || block.source !== source) continue
      const isDeeper = column > block.column
      block.isIndented ??= isDeeper
      if (block.isIndented && !isDeeper) block.suspect ??= earlier
    }
  }

  /** Where a `}` is missing if the line at `index` is right. */
  #missingBefore(index: number): number | undefined {
    const { missingCloses } = this.#balance
    const inner = this.#blocks.at(-1)
    if (missingCloses === 0 || inner === undefined || inner.context.kind === 'unknown') return undefined
    const word = this.#word(index)
    if (hasKeyword(inner.context, word)) return undefined
    const around = this.#blocks.slice(-MAX_LEVELS, -1).map(({ context }) => context)
    if (this.#blocks.length <= MAX_LEVELS) around.unshift(TOP_CONTEXT)
    const home = around.findLastIndex((context) => context.kind === 'keywords' && hasKeyword(context, word))
    if (home === -1 || around.length - home > missingCloses) return undefined
    const column = this.#column(index)
    const isInside = inner.isIndented === true && column !== undefined && inner.column !== undefined && column > inner.column
    if (!isInside || inner.suspect !== undefined) return inner.suspect ?? index
    this.#doubtful ??= index
    return undefined
  }

  /** Whether a line that ends at `end` without a brace opens a block all the same. */
  #opensWithoutBrace(line: number, end: number): boolean {
    const outer = this.#innermost()
    const word = this.#word(line)
    const next = end + 1
    if (this.#opensLeft === 0 || this.#tokens.kind(next) === TokenKind.Open || !takesBlock(outer, word)) return false
    const opens = this.#startsBlock(contextOf(outer, word), outer, line, next)
    this.opens.set(line, opens)
    if (opens) this.#opensLeft--
    return opens
  }

  /** Whether the line at `next` is in the block of the line in front of it. */
  #startsBlock(inner: BlockContext, outer: BlockContext, line: number, next: number): boolean {
    const [column, nextColumn] = [this.#column(line), this.#column(next)]
    if (next >= this.#tokens.count) return false
    if (this.#tokens.kind(next) === TokenKind.Close) return column !== undefined && column === nextColumn
    const word = this.#word(next)
    const isInner = hasKeyword(inner, word)
    const isOuter = hasKeyword(outer, word)
    if (isInner !== isOuter) return isInner
    if (inner.kind === 'lines' && !isOuter) return true
    if (this.#blocks.at(-1)?.isIndented === false) return true
    return column !== undefined && nextColumn !== undefined && nextColumn > column
  }

  /** How far a token is indented; absent where something stands in front of it, or where it stands in no file. */
  #column(index: number): number | undefined {
    const { text, isFile } = this.#tokens.source(index)
    const offset = this.#tokens.offset(index) - (this.#tokens.kind(index) === TokenKind.Quoted ? 1 : 0)
    let start = offset
    while (start > 0 && isSpace(text.charCodeAt(start - 1))) start--
    if (!isFile || (start > 0 && text.charAt(start - 1) !== '\n')) return undefined
    let column = 0
    for (let at = start; at < offset; at++) column += text.charCodeAt(at) === TAB ? TAB_WIDTH - (column % TAB_WIDTH) : 1
    return column
  }
}
