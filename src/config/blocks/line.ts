/** A view of one line of a configuration: its words, read one after the other. */
import { TokenKind, cutMark, isBackslash } from '../text/lexer.ts'
import type { Tokens } from '../text/lexer.ts'
import { decodeText } from '../text/source.ts'
import type { Span } from '../text/source.ts'

/**
 * One line. A reader has a single one and moves it from line to line: nobody keeps it.
 *
 * Words are taken with {@link next}; {@link wordSpan} and {@link octets} are about the word taken last,
 * which is the keyword until a word is taken.
 */
export class Line {
  readonly #tokens: Tokens
  #first = 0
  #end = 0
  #cursor = 0
  #keyword: string | undefined
  /** Whether a block follows: `{` as last word, or alone on the next line. */
  opensBlock = false

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  /** Moves to the line of the tokens from `first` up to, not including, `end`. */
  moveTo(first: number, end: number, opensBlock: boolean): this {
    this.#first = first
    this.#end = end
    this.#cursor = first
    this.#keyword = undefined
    this.opensBlock = opensBlock
    return this
  }

  /** The token that the line starts with: a place that can be kept. */
  get at(): number {
    return this.#first
  }

  /** The token of the word taken last. */
  get wordAt(): number {
    return this.#cursor
  }

  /** The first word. */
  get keyword(): string {
    return (this.#keyword ??= decodeText(this.#tokens.text(this.#first)))
  }

  /** How many words follow the keyword. */
  get count(): number {
    return this.#end - this.#first - 1
  }

  /** How many words are not taken yet. */
  get left(): number {
    return this.#end - this.#cursor - 1
  }

  /** Takes the next word; `undefined` at the end of the line. */
  next(): string | undefined {
    if (this.#cursor + 1 >= this.#end) return undefined
    this.#cursor++
    return decodeText(this.#tokens.text(this.#cursor))
  }

  /** The next word without taking it. */
  peek(): string | undefined {
    return this.#cursor + 1 < this.#end ? decodeText(this.#tokens.text(this.#cursor + 1)) : undefined
  }

  /** Takes words up to the first one without quotes around it that is wanted, given its octets; `undefined` when none is. */
  findWord(isWanted: (octets: string) => boolean): string | undefined {
    while (++this.#cursor < this.#end) {
      const octets = this.#tokens.text(this.#cursor)
      if (this.#tokens.kind(this.#cursor) !== TokenKind.Quoted && isWanted(octets)) return octets
    }
    this.#cursor = this.#end - 1
    return undefined
  }

  /** The words after the keyword are ahead again. */
  rewind(): this {
    this.#cursor = this.#first
    return this
  }

  /** All words are ahead, the first one too: for lines that start with no keyword. */
  restart(): this {
    this.#cursor = this.#first - 1
    return this
  }

  /** The octets of the word taken last, for what goes on the wire. */
  get octets(): string {
    return this.#tokens.text(this.#cursor)
  }

  /** Where the keyword stands. */
  get span(): Span {
    return this.#tokens.span(this.#first)
  }

  /** Where the word taken last stands. */
  get wordSpan(): Span {
    return this.#tokens.span(this.#cursor)
  }

  /** Where the next word stands; the keyword's place when there is none. */
  get nextSpan(): Span {
    return this.#tokens.span(this.#cursor + 1 < this.#end ? this.#cursor + 1 : this.#first)
  }

  /**
   * The line as it is written, comment cut, for the second reading of commands (command.ts).
   * One character per octet.
   */
  get text(): string {
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

  /** Where a word of the second reading stands: both readings agree on it unless it is written in parts. */
  spanOf(index: number, octets: string): Span {
    const at = this.#first + index
    return at < this.#end && this.#tokens.text(at) === octets ? this.#tokens.span(at) : this.span
  }
}
