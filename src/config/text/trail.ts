/**
 * Which block a text is in while its lines are still being read: what lines mean is not known then, but
 * `include_check` acts in global_defs alone, and messages must not show what stands in `authentication`.
 */
import { isSecretBlock } from '../diagnostics/mask.ts'
import type { LineObserver } from './plain-lines.ts'
import { decodeText } from './source.ts'
import { TokenKind } from './tokens.ts'
import type { Tokens } from './tokens.ts'

const MAX_COMPARED = 1000

/** Follows the braces of all texts in reading order. */
export class Trail implements LineObserver {
  readonly #tokens: Tokens
  #depth = 0
  /** The first token of the last line that had words. */
  #lastLine = -1
  #isLineStart = true
  /** The outermost block is global_defs. */
  #isGlobals = false
  /** Names of blocks that were compared with those of secrets: most texts repeat a few. */
  readonly #compared = new Map<string, boolean>()
  /** Depth outside the block of secrets, while in one. */
  #secretFrom: number | undefined

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  /** Whether this is global_defs, blocks in it included. */
  get isInGlobalDefs(): boolean {
    return this.#isGlobals && this.#depth > 0
  }

  /** Whether this is global_defs itself. */
  get isGlobalDefs(): boolean {
    return this.#isGlobals && this.#depth === 1
  }

  /** Whether what follows holds secrets. */
  get isSecret(): boolean {
    return this.#secretFrom !== undefined
  }

  /** Takes notice of a line without braces. */
  plainLine(first: number): void {
    this.#lastLine = first
    this.#isLineStart = true
  }

  /** Takes notice of the tokens from `first` on. */
  follow(first: number): void {
    for (let index = first; index < this.#tokens.count; index++) this.#step(index)
  }

  #step(index: number): void {
    const tokens = this.#tokens
    const kind = tokens.kind(index)
    if (kind < TokenKind.Open) {
      if (this.#isLineStart) this.#lastLine = index
      this.#isLineStart = false
      return
    }
    this.#isLineStart = true
    if (kind === TokenKind.Open) this.#open()
    else if (kind === TokenKind.Close) this.#depth = Math.max(0, this.#depth - 1)
    if (this.#secretFrom !== undefined && this.#depth <= this.#secretFrom) this.#secretFrom = undefined
    if (kind !== TokenKind.LineEnd) tokens.source(index).markSecret(tokens.offset(index) + 1, this.isSecret)
  }

  #open(): void {
    const keyword = this.#lastLine === -1 ? '' : decodeText(this.#tokens.text(this.#lastLine))
    this.#lastLine = -1
    if (this.#depth === 0) this.#isGlobals = keyword === 'global_defs'
    else if (this.#secretFrom === undefined && this.#holdsSecrets(keyword)) this.#secretFrom = this.#depth
    this.#depth++
  }

  #holdsSecrets(keyword: string): boolean {
    const known = this.#compared.get(keyword)
    if (known !== undefined) return known
    const holds = isSecretBlock(keyword)
    if (this.#compared.size < MAX_COMPARED) this.#compared.set(keyword, holds)
    return holds
  }
}
