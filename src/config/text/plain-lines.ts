/**
 * The fast way through lines that mean what they say: no reference, condition, sequence, include, escape or
 * fault. Nearly all lines are such, so they are read in one pass, without an object or a string for each.
 *
 * The result is exactly that of contentEnd() and lexLine() (lexer.ts), which read the other lines.
 */
import { MAX_LINE_OCTETS } from './bounds.ts'
import { TokenKind } from './tokens.ts'
import type { Tokens } from './tokens.ts'

const WORD = 0
const BLANK = 1
const LINE_FEED = 2
const QUOTE = 3
const OPEN = 4
const CLOSE = 5
const COMMENT = 6
/** Means something beyond words wherever it stands. */
const SPECIAL = 7
/** Means something beyond words at the start of a line. */
const LEADING = 8

const CLASSES = new Uint8Array(256)
for (const char of ' \t\v\f\r') CLASSES[char.charCodeAt(0)] = BLANK
for (const char of '\0\\$') CLASSES[char.charCodeAt(0)] = SPECIAL
for (const char of '@~i') CLASSES[char.charCodeAt(0)] = LEADING
for (const char of '#!') CLASSES[char.charCodeAt(0)] = COMMENT
CLASSES[10] = LINE_FEED
CLASSES[34] = QUOTE
CLASSES[123] = OPEN
CLASSES[125] = CLOSE

const CARRIAGE_RETURN = 13
const LOWER_I = 105

/** Hears of the lines that were read. */
export interface LineObserver {
  /** A line without braces, given its first token. */
  plainLine(first: number): void
  /** A line with braces, whose tokens begin at `first`. */
  follow(first: number): void
}

/**
 * Adds the tokens of lines from `start` on, up to the first line that is not plain.
 *
 * @param hasNul whether the text holds a NUL byte anywhere: then comments are not passed over unread
 * @returns where that line starts; the length of the text when there is none
 */
export function lexPlainLines(tokens: Tokens, text: string, hasNul: boolean, start: number, observer: LineObserver): number {
  const end = text.length
  let lineStart = start
  let wordsFrom = -1
  while (lineStart < end) {
    const before = tokens.count
    let logical = before
    let hasBraces = false
    // Behind the last word.
    let content = lineStart
    let at = lineStart
    for (;;) {
      const code = at < end ? text.charCodeAt(at) : 10
      const kind = CLASSES[code] ?? WORD
      if (kind === BLANK) {
        at++
      } else if (kind === WORD || (kind === LEADING && (tokens.count > logical || isPlainLead(text, at, code)))) {
        const from = at
        at = wordEnd(text, at + 1, end)
        tokens.push(TokenKind.Word, from, at - from)
        content = at
      } else if (kind === LINE_FEED) {
        break
      } else if (kind === OPEN) {
        tokens.push(TokenKind.Open, at++, 1)
        logical = tokens.count
        hasBraces = true
      } else if (kind === CLOSE) {
        if (tokens.count > logical) tokens.push(TokenKind.LineEnd, at, 0)
        tokens.push(TokenKind.Close, at++, 1)
        logical = tokens.count
        hasBraces = true
      } else if (kind === QUOTE) {
        const closing = tokens.count === logical && text.startsWith('include', at + 1) ? -1 : closingQuote(text, at + 1, end)
        if (closing === -1) return stopAt(tokens, before, lineStart, wordsFrom, observer)
        tokens.push(TokenKind.Quoted, at + 1, closing - at - 1)
        at = closing + 1
        content = at
      } else if (kind === COMMENT && !hasNul) {
        at = text.indexOf('\n', at)
        if (at === -1) at = end
        break
      } else {
        return stopAt(tokens, before, lineStart, wordsFrom, observer)
      }
    }
    if (at - lineStart > MAX_LINE_OCTETS && !fits(text, lineStart, at)) return stopAt(tokens, before, lineStart, wordsFrom, observer)
    if (tokens.count > logical) tokens.push(TokenKind.LineEnd, content, 0)
    if (hasBraces) {
      if (wordsFrom !== -1) observer.plainLine(wordsFrom)
      wordsFrom = -1
      observer.follow(before)
    } else if (tokens.count > before) {
      wordsFrom = before
    }
    lineStart = at + 1
  }
  return stopAt(tokens, tokens.count, end, wordsFrom, observer)
}

function stopAt(tokens: Tokens, count: number, lineStart: number, wordsFrom: number, observer: LineObserver): number {
  tokens.truncate(count)
  if (wordsFrom !== -1) observer.plainLine(wordsFrom)
  return lineStart
}

/** Words that read files, and `include_check`, are for others to read. */
function isPlainLead(text: string, at: number, code: number): boolean {
  return code === LOWER_I && !text.startsWith('include', at)
}

function wordEnd(text: string, start: number, end: number): number {
  let at = start
  while (at < end) {
    const kind = CLASSES[text.charCodeAt(at)] ?? WORD
    if (kind !== WORD && kind !== LEADING) break
    at++
  }
  return at
}

/** The quote that closes, or -1 when the line has none before something that is not plain. */
function closingQuote(text: string, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const kind = CLASSES[text.charCodeAt(at)] ?? WORD
    if (kind === QUOTE) return at
    if (kind === LINE_FEED || kind === SPECIAL) return -1
  }
  return -1
}

/** Whether a line is short enough when the carriage returns at its end do not count. */
function fits(text: string, start: number, end: number): boolean {
  let stop = end
  while (stop > start && text.charCodeAt(stop - 1) === CARRIAGE_RETURN) stop--
  return stop - start <= MAX_LINE_OCTETS
}
