/**
 * Lines to tokens (language.md: comments, quotes, brace splitting, words).
 *
 * Tokens live in typed arrays, offset and length over the text they come from: no object per token.
 * The rules are keepalived's: `"` quotes, `#` and `!` outside quotes start a comment anywhere, `\#` and
 * `\!` are plain, an unquoted brace ends the line it stands in, there is no escape inside quotes.
 */
import type { Diagnostics } from './diagnostic.ts'
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
/** Stands for "no token": past the end of every list. */
const NOWHERE: Source = new Source('', '')

/** A growing list of tokens over any number of texts. */
export class Tokens {
  #count = 0
  #kinds = new Uint8Array(INITIAL_CAPACITY)
  #offsets = new Uint32Array(INITIAL_CAPACITY)
  #lengths = new Uint32Array(INITIAL_CAPACITY)
  #sourceIds = new Uint32Array(INITIAL_CAPACITY)
  readonly #sources: Source[] = []
  #currentSourceId = 0

  /** How many tokens there are. */
  get count(): number {
    return this.#count
  }

  /** Names the text of the tokens added from here on. */
  enter(source: Source): number {
    this.#currentSourceId = this.#sources.push(source) - 1
    return this.#currentSourceId
  }

  /** Continues a text that was interrupted by an include. */
  resume(sourceId: number): void {
    this.#currentSourceId = sourceId
  }

  push(kind: TokenKind, offset: number, length: number): void {
    if (this.#count === this.#kinds.length) this.#grow()
    const index = this.#count++
    this.#kinds[index] = kind
    this.#offsets[index] = offset
    this.#lengths[index] = length
    this.#sourceIds[index] = this.#currentSourceId
  }

  /** The kind at an index; `LineEnd` past the end. */
  kind(index: number): TokenKind {
    return index < this.#count ? ((this.#kinds[index] ?? TokenKind.LineEnd) as TokenKind) : TokenKind.LineEnd
  }

  offset(index: number): number {
    return this.#offsets[index] ?? 0
  }

  source(index: number): Source {
    return this.#sources[this.#sourceIds[index] ?? 0] ?? NOWHERE
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

  #grow(): void {
    const capacity = this.#kinds.length * 2
    const kinds = new Uint8Array(capacity)
    kinds.set(this.#kinds)
    this.#kinds = kinds
    this.#offsets = grown(this.#offsets, capacity)
    this.#lengths = grown(this.#lengths, capacity)
    this.#sourceIds = grown(this.#sourceIds, capacity)
  }
}

function grown(array: Uint32Array<ArrayBuffer>, capacity: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(capacity)
  larger.set(array)
  return larger
}

const TAB = 9
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const SPACE = 32
const BANG = 33
const QUOTE = 34
const HASH = 35
const BACKSLASH = 92
const OPEN = 123
const CLOSE = 125

/** Blank, tab, line feed, vertical tab, form feed, carriage return. */
export function isBlank(code: number): boolean {
  return code === SPACE || (code >= TAB && code <= CARRIAGE_RETURN)
}

/**
 * Where the content of a line ends: at its comment, at a quote that is not closed, or at a backslash
 * that ends the line, without trailing blanks. {@link cutMark} tells which.
 *
 * An odd number of quotes is reported: keepalived keeps the words before the quote and loses what follows.
 */
export function contentEnd(source: Source, start: number, end: number, diagnostics: Diagnostics): number {
  const { text } = source
  let quoted = -1
  let at = start
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) quoted = quoted === -1 ? at : -1
    else if (quoted === -1 && (code === HASH || code === BANG)) break
    else if (quoted === -1 && code === BACKSLASH && text.charCodeAt(at + 1) !== QUOTE) at++
  }
  const stop = withoutBlanks(text, start, Math.min(at, end))
  if (quoted !== -1) {
    diagnostics.error('unterminated-quote', { source, offset: quoted, length: stop - quoted }, 'this quote is not closed on its line')
    return withoutBlanks(text, start, quoted)
  }
  const isContinued = stop > start && at >= end && text.charCodeAt(stop - 1) === BACKSLASH && !isEscaped(text, start, stop - 1)
  return isContinued ? withoutBlanks(text, start, stop - 1) : stop
}

/** What {@link contentEnd} cut a line off at, given where that was: the offset of the first octet that is no blank. */
export function cutMark(text: string, contentStop: number): number {
  let at = contentStop
  while (at < text.length && text.charCodeAt(at) !== LINE_FEED && isBlank(text.charCodeAt(at))) at++
  return at
}

/** Whether a line ends in a backslash, which continues nothing here, given where {@link cutMark} is. */
export function isBackslash(text: string, at: number): boolean {
  return text.charCodeAt(at) === BACKSLASH
}

function withoutBlanks(text: string, start: number, end: number): number {
  let stop = end
  while (stop > start && isBlank(text.charCodeAt(stop - 1))) stop--
  return stop
}

function isEscaped(text: string, start: number, at: number): boolean {
  let backslashes = 0
  while (at - backslashes > start && text.charCodeAt(at - backslashes - 1) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

/**
 * Splits one logical line off `[start, end)`, whose comment is already cut, and adds its tokens.
 *
 * @returns where the next logical line starts: after a brace, or at `end`
 */
export function lexLine(tokens: Tokens, source: Source, start: number, end: number): number {
  const { text } = source
  const before = tokens.count
  let at = start
  while (at < end) {
    const code = text.charCodeAt(at)
    if (isBlank(code)) {
      at++
    } else if (code === OPEN) {
      tokens.push(TokenKind.Open, at, 1)
      return at + 1
    } else if (code === CLOSE) {
      // The brace stands alone: words before it are a line of their own.
      if (tokens.count > before) tokens.push(TokenKind.LineEnd, at, 0)
      tokens.push(TokenKind.Close, at, 1)
      return at + 1
    } else if (code === QUOTE) {
      // Quotes are paired within the line: contentEnd() has cut an open one off.
      const closing = text.indexOf('"', at + 1)
      tokens.push(TokenKind.Quoted, at + 1, closing - at - 1)
      at = closing + 1
    } else {
      at = lexWord(tokens, text, at, end)
    }
  }
  if (tokens.count > before) tokens.push(TokenKind.LineEnd, end, 0)
  return end
}

function lexWord(tokens: Tokens, text: string, start: number, end: number): number {
  let kind: TokenKind = TokenKind.Word
  let at = start
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (isBlank(code) || code === QUOTE || code === OPEN || code === CLOSE) break
    if (code === BACKSLASH && at + 1 < end && isCommentMark(text.charCodeAt(at + 1))) kind = TokenKind.EscapedWord
  }
  tokens.push(kind, start, at - start)
  return at
}

function isCommentMark(code: number): boolean {
  return code === HASH || code === BANG
}
