/** The line a diagnostic shows: cut to a readable width, made printable, secrets masked. */
import { decodeText } from './source.ts'
import type { Position, Span } from './source.ts'

/** Part of a source line and the marked text in it. */
export interface Excerpt {
  /** Printable text; tabs kept, so that a caret line can repeat them. */
  readonly text: string
  /** Characters of `text` before the marked part. */
  readonly before: number
  /** Characters marked, at least 1. */
  readonly length: number
}

/** Characters of a line that are shown at most. */
const WIDTH = 160
/** Characters kept in front of the marked part of a line that is cut. */
const LEAD = 40
/** Octets of a line that are looked at: the language's own limit, where the last mark can stand. */
const LINE_OCTETS = 1023
/**
 * Secrets of the language: the value of `auth_pass`, however the keyword is misspelt, and of
 * `key ID VALUE` (auth_hmac).
 */
const SECRETS = [/(\b\w*(?:pass|aut\w*pa)\w*[ \t]+)([^\s{}][^{}]*)/gi, /(\bkey[ \t]+\d+[ \t]+)([^\s{}][^{}]*)/gi]
// oxlint-disable-next-line no-control-regex -- control characters are what must not reach a terminal
const UNPRINTABLE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** The excerpt for a span that starts at `start`. */
export function excerptAt(span: Span, start: Position): Excerpt {
  const line = printable(maskSecrets(decodeText(span.source.line(start.line, LINE_OCTETS))))
  const column = start.column - 1
  const cut = Math.max(0, Math.min(column - LEAD, line.length - WIDTH))
  const text = line.slice(cut, cut + WIDTH)
  const before = Math.min(column - cut, text.length)
  const marked = decodeText(span.source.text.slice(span.offset, span.offset + Math.min(span.length, LINE_OCTETS))).length
  return { text, before, length: Math.max(1, Math.min(marked, text.length - before)) }
}

/** Text that a terminal shows as it is: control and direction characters replaced one for one. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\u{fffd}')
}

function maskSecrets(line: string): string {
  const mask = (_: string, keyword: string, value: string): string => keyword + '*'.repeat(value.length)
  return SECRETS.reduce((text, pattern) => text.replaceAll(pattern, mask), line)
}
