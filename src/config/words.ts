/** Views of one line of a configuration, made for one handler call and never kept. */
import { TokenKind, cutMark, isBackslash } from './lexer.ts'
import type { Tokens } from './lexer.ts'
import { decodeText } from './source.ts'
import type { Span } from './source.ts'

/** One word of a line. */
export class Word {
  readonly #tokens: Tokens
  readonly #index: number

  constructor(tokens: Tokens, index: number) {
    this.#tokens = tokens
    this.#index = index
  }

  /** The word, quotes removed. */
  get text(): string {
    return decodeText(this.octets)
  }

  /** The word, one character per octet: for what goes on the wire. */
  get octets(): string {
    return this.#tokens.text(this.#index)
  }

  get span(): Span {
    return this.#tokens.span(this.#index)
  }
}

/** A keyword with the words that follow it. */
export class Directive {
  readonly #tokens: Tokens
  readonly #first: number
  readonly #end: number
  /** The first word of the line. */
  readonly keyword: string
  /** Whether a block follows: `{` as last word, or alone on the next line. */
  readonly opensBlock: boolean

  constructor(tokens: Tokens, first: number, end: number, opensBlock: boolean) {
    this.#tokens = tokens
    this.#first = first
    this.#end = end
    this.keyword = decodeText(tokens.text(first))
    this.opensBlock = opensBlock
  }

  /** Where the keyword stands. */
  get span(): Span {
    return this.#tokens.span(this.#first)
  }

  /** The words after the keyword. */
  get args(): readonly Word[] {
    return this.#wordsFrom(this.#first + 1)
  }

  /** All words, the keyword first. */
  get words(): readonly Word[] {
    return this.#wordsFrom(this.#first)
  }

  /**
   * The line as it is written, comment cut, for the second reading of commands (command.ts).
   * One character per octet.
   */
  get line(): string {
    const { source, offset } = this.span
    const quote = this.#tokens.kind(this.#first) === TokenKind.Quoted ? 1 : 0
    const raw = source.text.slice(offset - quote, this.#tokens.offset(this.#end))
    // The comment rule has already taken the backslash of \# and \! away, outside quotes.
    return raw.includes('\\') ? raw.replaceAll(/"[^"]*"|\\([#!])/g, (matched, plain: string | undefined) => plain ?? matched) : raw
  }

  /** What the line was cut off at; absent when it is as written, comment aside. */
  get cut(): 'open-quote' | 'backslash' | undefined {
    if (this.#tokens.kind(this.#end) !== TokenKind.LineEnd) return undefined
    const { text } = this.#tokens.source(this.#end)
    const mark = cutMark(text, this.#tokens.offset(this.#end))
    if (text.charAt(mark) === '"') return 'open-quote'
    return isBackslash(text, mark) ? 'backslash' : undefined
  }

  #wordsFrom(first: number): readonly Word[] {
    const words: Word[] = []
    for (let index = first; index < this.#end; index++) words.push(new Word(this.#tokens, index))
    return words
  }
}
