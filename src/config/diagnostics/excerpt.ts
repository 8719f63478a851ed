/** The line a diagnostic shows: cut to a readable width, made printable, secrets masked. */
import { maskLine } from './mask.ts'
import { printable } from './printable.ts'
import { decodeText } from '../text/source.ts'
import type { Position, Span } from '../text/source.ts'

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

/** Whether what a span marks is hidden, because it may be a secret. */
export function hidesSecret(span: Span): boolean {
  return span.length > 0 && excerptAt(span, span.source.position(span.offset)).hidden !== undefined
}
