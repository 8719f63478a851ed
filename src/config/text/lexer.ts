/**
 * Lines to tokens (language.md: comments, quotes, brace splitting, words).
 *
 * The rules are keepalived's: `"` quotes, `#` and `!` outside quotes start a comment anywhere, `\#` and
 * `\!` are plain, an unquoted brace ends the line it stands in, there is no escape inside quotes.
 */
import { MAX_LINE_OCTETS } from './bounds.ts'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import { insert } from '../diagnostics/fix.ts'
import type { Source } from './source.ts'
import { TokenKind } from './tokens.ts'
import type { Tokens } from './tokens.ts'

export { TokenKind, Tokens } from './tokens.ts'

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
const MARK = /[#!\\]/

/** Blank, tab, line feed, vertical tab, form feed, carriage return. */
export function isBlank(code: number): boolean {
  return code === SPACE || (code >= TAB && code <= CARRIAGE_RETURN)
}

/** Blank and tab, which alone may stand in front of what is special at the start of a line, and behind its last backslash. */
export function isSpace(code: number): boolean {
  return code === SPACE || code === TAB
}

/**
 * Where the content of a line ends: at its comment, or at a backslash that ends the line, without trailing
 * blanks. {@link cutMark} tells which.
 *
 * An odd number of quotes is reported: keepalived keeps the words before the quote and loses what follows.
 */
export function contentEnd(source: Source, start: number, end: number, diagnostics: Diagnostics): number {
  const { text } = source
  const { commentAt, quoteAt } = scanLine(text, start, end)
  const stop = withoutBlanks(text, start, commentAt)
  if (quoteAt !== undefined) {
    const span = { source, offset: quoteAt, length: stop - quoteAt }
    const fix = isOneQuotedWord(text, start, quoteAt, stop) ? insert(source, stop, '"', 'close the quote') : undefined
    const help = 'put the closing quote where the text ends, on the same line: words after an open quote are lost'
    diagnostics.error('unterminated-quote', span, 'this quote is not closed on its line', help, fix)
    return stop
  }
  return commentAt === end && endsInBackslash(text, start, stop) ? withoutBlanks(text, start, stop - 1) : stop
}

/** Whether a quote starts the last word of a plain line: then it can be closed in one place only. */
function isOneQuotedWord(text: string, start: number, quoteAt: number, stop: number): boolean {
  const before = text.slice(start, quoteAt)
  if (stop - start >= MAX_LINE_OCTETS) return false
  return /^[ \t]*(?!include[rmwbea]?[ \t])[A-Za-z][^{}]*[ \t]$/.test(before) && /^[^\s"'\\{}#!$]+$/.test(text.slice(quoteAt + 1, stop))
}

/** Where a line's comment starts, or its end, and the quote that is open there. */
export function scanLine(text: string, start: number, end: number): { commentAt: number; quoteAt: number | undefined } {
  let quoteAt: number | undefined
  let at = start
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) quoteAt = quoteAt === undefined ? at : undefined
    else if (quoteAt === undefined && isCommentMark(code)) break
    else if (quoteAt === undefined && code === BACKSLASH && text.charCodeAt(at + 1) !== QUOTE) at++
  }
  return { commentAt: Math.min(at, end), quoteAt }
}

/** Whether a line whose content stops at `stop`, without a comment, ends in a backslash that protects nothing. */
export function endsInBackslash(text: string, start: number, stop: number): boolean {
  return stop > start && text.charCodeAt(stop - 1) === BACKSLASH && !isEscaped(text, start, stop - 1)
}

/** A line as comment removal leaves it, as a text of its own: `\#` and `\!` are plain marks in it. */
export interface Uncommented {
  readonly text: string
  /** Whether a mark lost the backslash that protected it. */
  readonly isUnescaped: boolean
  /** Whether a comment was cut off. */
  readonly isCut: boolean
}

/** Removes the comment from a line, and the backslashes in front of plain marks. */
export function removeComment(line: string): Uncommented {
  if (!MARK.test(line)) return { text: line.slice(0, withoutBlanks(line, 0, line.length)), isUnescaped: false, isCut: false }
  let text = ''
  let isQuoted = false
  let from = 0
  let at = 0
  for (; at < line.length; at++) {
    const code = line.charCodeAt(at)
    if (code === QUOTE) {
      isQuoted = !isQuoted
    } else if (!isQuoted && isCommentMark(code)) {
      break
    } else if (!isQuoted && code === BACKSLASH && line.charCodeAt(at + 1) !== QUOTE) {
      if (isCommentMark(line.charCodeAt(at + 1))) {
        text += line.slice(from, at)
        from = at + 1
      }
      at++
    }
  }
  text += line.slice(from, at)
  return { text: text.slice(0, withoutBlanks(text, 0, text.length)), isUnescaped: from > 0, isCut: at < line.length }
}

/** Where a quote stands that is not closed; -1: nowhere. */
export function openQuote(text: string): number {
  let opening = -1
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) opening = opening === -1 ? at : -1
  return opening
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

/** The end of `[start, end)` without the blanks at its end. */
export function withoutBlanks(text: string, start: number, end: number): number {
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
export function lexLine(tokens: Tokens, { text }: Source, start: number, end: number): number {
  const before = tokens.count
  let at = start
  let stop = end
  while (at < stop) {
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
      const closing = closingQuote(text, at, end)
      if (closing === -1) {
        // Not closed, which is reported elsewhere: what follows it is lost.
        stop = withoutBlanks(text, start, at)
      } else {
        tokens.push(TokenKind.Quoted, at + 1, closing - at - 1)
        at = closing + 1
      }
    } else {
      at = lexWord(tokens, text, at, end)
    }
  }
  if (tokens.count > before) tokens.push(TokenKind.LineEnd, stop, 0)
  return end
}

function closingQuote(text: string, opening: number, end: number): number {
  for (let at = opening + 1; at < end; at++) if (text.charCodeAt(at) === QUOTE) return at
  return -1
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
