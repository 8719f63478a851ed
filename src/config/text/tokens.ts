/**
 * The words of a text in typed arrays: offset and length over the text they come from, no object per token.
 *
 * A token belongs to the text that was in use when it was added; texts are kept as runs of tokens.
 */
import { Source } from './source.ts'
import type { Span } from './source.ts'

/** What a token is. */
export const TokenKind = {
  /** An unquoted word. */
  Word: 0,
  /** An unquoted word in which `\#` or `\!` stands for the plain character. */
  EscapedWord: 1,
  /** The text between two double quotes. */
  Quoted: 2,
  /** `{`, which also ends its line. */
  Open: 3,
  /** `}`, always a line of its own. */
  Close: 4,
  /** The end of a line; the offset is where its content ends. */
  LineEnd: 5,
} as const

/** One of {@link TokenKind}. */
export type TokenKind = (typeof TokenKind)[keyof typeof TokenKind]

const INITIAL_CAPACITY = 1024
/** Octets of a usual configuration for each of its tokens, line ends included. */
const OCTETS_PER_TOKEN = 6
/** Stands for "no token": past the end of every list. */
const NOWHERE: Source = new Source('', '')

/** A growing list of tokens over any number of texts. */
export class Tokens {
  #count = 0
  #kinds = new Uint8Array(INITIAL_CAPACITY)
  #offsets = new Uint32Array(INITIAL_CAPACITY)
  #lengths = new Uint32Array(INITIAL_CAPACITY)
  /** The first token of each run of tokens of one text, and that text. */
  readonly #runStarts: number[] = []
  readonly #runSources: Source[] = []
  /** The run that was asked for last, from its first token up to, not including, its last. */
  #run = NOWHERE
  #runFrom = 0
  #runTo = 0

  /** How many tokens there are. */
  get count(): number {
    return this.#count
  }

  /** Names the text of the tokens added from here on. */
  use(source: Source): void {
    const last = this.#runStarts.length - 1
    if (this.#runSources[last] === source) return
    if (this.#runStarts[last] === this.#count) {
      this.#runSources[last] = source
    } else {
      this.#runStarts.push(this.#count)
      this.#runSources.push(source)
    }
    this.#runTo = 0
  }

  /** Makes room for what a text of so many octets usually holds. */
  expect(octets: number): void {
    const wanted = this.#count + Math.ceil(octets / OCTETS_PER_TOKEN)
    if (wanted > this.#kinds.length) this.#grow(wanted)
  }

  push(kind: TokenKind, offset: number, length: number): void {
    const index = this.#count
    if (index === this.#kinds.length) this.#grow(index * 2)
    this.#kinds[index] = kind
    this.#offsets[index] = offset
    this.#lengths[index] = length
    this.#count = index + 1
  }

  /** Takes back the tokens from an index on. */
  truncate(count: number): void {
    this.#count = count
  }

  /** The kind at an index; `LineEnd` past the end. */
  kind(index: number): TokenKind {
    return index < this.#count ? ((this.#kinds[index] ?? TokenKind.LineEnd) as TokenKind) : TokenKind.LineEnd
  }

  offset(index: number): number {
    return this.#offsets[index] ?? 0
  }

  source(index: number): Source {
    if (index < this.#runFrom || index >= this.#runTo) this.#findRun(index)
    return this.#run
  }

  /** The octets of a token as the language reads them. */
  text(index: number): string {
    const offset = this.#offsets[index] ?? 0
    const raw = this.source(index).text.slice(offset, offset + (this.#lengths[index] ?? 0))
    return this.#kinds[index] === TokenKind.EscapedWord ? raw.replaceAll(/\\([#!])/g, '$1') : raw
  }

  span(index: number): Span {
    return { source: this.source(index), offset: this.#offsets[index] ?? 0, length: this.#lengths[index] ?? 0 }
  }

  #findRun(index: number): void {
    const starts = this.#runStarts
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((starts[middle] ?? 0) <= index) low = middle
      else high = middle - 1
    }
    this.#run = this.#runSources[low] ?? NOWHERE
    this.#runFrom = starts[low] ?? 0
    this.#runTo = starts[low + 1] ?? this.#count
  }

  #grow(capacity: number): void {
    const kinds = new Uint8Array(capacity)
    const offsets = new Uint32Array(capacity)
    const lengths = new Uint32Array(capacity)
    kinds.set(this.#kinds)
    offsets.set(this.#offsets)
    lengths.set(this.#lengths)
    this.#kinds = kinds
    this.#offsets = offsets
    this.#lengths = lengths
  }
}
