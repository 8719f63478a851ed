/** The line a diagnostic shows: cut to a readable width, made printable, secrets masked. */
import { maskLine } from './mask.ts'
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
// oxlint-disable-next-line no-control-regex -- control characters are what must not reach a terminal
const UNPRINTABLE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** An excerpt, and whether the marked text itself is hidden in it. */
export interface Shown {
  readonly excerpt: Excerpt
  /** The marked text as it is and as it may be quoted; absent when that is the same. */
  readonly hidden: { readonly marked: string; readonly masked: string } | undefined
}

/** The excerpt for a span that starts at `start`. */
export function excerptAt(span: Span, start: Position): Shown {
  const { source } = span
  const octets = source.line(start.line, LINE_OCTETS)
  const hiding = maskLine(octets, source.isSecretLine(start.line))
  const from = span.offset - source.lineStart(start.line)
  const to = from + Math.min(span.length, LINE_OCTETS)
  // Three texts, because octets that are not UTF-8 in one of them do not concern the others.
  const before = decodeText(hiding.slice(0, from))
  const masked = decodeText(hiding.slice(from, to))
  const line = printable(before + masked + decodeText(hiding.slice(to)))
  const cut = Math.max(0, Math.min(before.length - LEAD, line.length - WIDTH))
  const text = line.slice(cut, cut + WIDTH)
  const lead = Math.min(before.length - cut, text.length)
  const marked = decodeText(octets.slice(from, to))
  return {
    excerpt: { text, before: lead, length: Math.max(1, Math.min(masked.length, text.length - lead)) },
    hidden: marked === masked ? undefined : { marked, masked },
  }
}

/** Text that a terminal shows as it is: control and direction characters replaced one for one. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\u{fffd}')
}

/** A word as a message quotes it: printable and not longer than a message can hold. */
export function shown(text: string): string {
  const clean = printable(text)
  return clean.length > 60 ? `'${clean.slice(0, 57)}...'` : `'${clean}'`
}
