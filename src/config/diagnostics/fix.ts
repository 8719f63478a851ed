/**
 * Fixes: changes of a file's text that are certain to be what was meant. `check --fix` applies them.
 *
 * Whoever reports a mistake may pass a {@link ProposedFix} as the last argument of `diagnostics.error` and its
 * like; the functions below make the usual ones. For a table of keywords that have a newer spelling:
 *
 * ```ts
 * diagnostics.warning('deprecated-spelling', span, message, help, respell(span, 'timer_expired_backup'))
 * ```
 *
 * A fix is dropped without a word where it cannot be made: the text does not stand in a file (it was made by
 * a definition or a sequence), or what it replaces is a secret, which fixes would show.
 */
import { encodeText } from '../text/source.ts'
import type { Position, Source, Span } from '../text/source.ts'

/** A change of the text of one file. Plain data. */
export interface TextEdit {
  readonly file: string
  /** Octets from the start of the file. */
  readonly offset: number
  /** Octets that are replaced; 0: the text is put in. */
  readonly length: number
  /** What stands there afterwards. */
  readonly text: string
  /** The same place as people and editors count. */
  readonly start: Position
  /** The first character after it. */
  readonly end: Position
}

/** Changes that belong together: all of them are made, or none. Plain data. */
export interface Fix {
  /** What is done, as an order, such as "write `timer_expired_backup`". */
  readonly title: string
  /** In one file, in no order. */
  readonly edits: readonly TextEdit[]
}

/** A fix in terms of the texts being read. */
export interface ProposedFix {
  readonly title: string
  readonly edits: readonly { readonly span: Span; readonly text: string }[]
}

/** Puts another spelling in place of a word. */
export function respell(span: Span, text: string): ProposedFix {
  return { title: `write \`${text}\``, edits: [{ span, text }] }
}

/** Takes text away. */
export function remove(span: Span, what: string): ProposedFix {
  return { title: `take ${what} away`, edits: [{ span, text: '' }] }
}

/** Puts text in at an offset. */
export function insert(source: Source, offset: number, text: string, title: string): ProposedFix {
  return { title, edits: [{ span: { source, offset, length: 0 }, text }] }
}

/**
 * Puts quotes around the words of a line from one to another, such as a script and its arguments. Absent where
 * that could mean something else: words in quotes already, on several lines, with a backslash, or a mark or a
 * brace among them.
 */
export function quoteWords(first: Span, last: Span): ProposedFix | undefined {
  const { source, offset } = first
  const end = last.offset + last.length
  if (last.source !== source || end <= offset) return undefined
  const before = source.text.charAt(offset - 1)
  const after = source.text.charAt(end)
  if (!/^[ \t]?$/.test(before) || !/^[ \t\r\n]?$/.test(after) || /["'\\{}#!$\r\n]/.test(source.text.slice(offset, end))) return undefined
  const edits = [offset, end].map((at) => ({ span: { source, offset: at, length: 0 }, text: '"' }))
  return { title: 'put quotes around the script and its arguments', edits }
}

/** Microseconds as seconds in decimal text, such as `0.25`. */
export function secondsText(us: number): string {
  return (us / 1_000_000).toFixed(6).replace(/\.?0+$/, '')
}

/** What became of fixes. */
export interface FixedText<T> {
  /** One character per octet. */
  readonly text: string
  /** Those that were made, the ones that another had made already included. */
  readonly applied: readonly T[]
}

/**
 * Makes fixes in the text of one file, one character per octet. Of those that touch each other the first is
 * made; for the others the text has to be read again.
 */
export function applyFixes<T extends { readonly fix: Fix }>(text: string, fixed: readonly T[]): FixedText<T> {
  const edits: TextEdit[] = []
  const made = new Set<string>()
  const applied: T[] = []
  for (const item of fixed) {
    const key = JSON.stringify(item.fix.edits.map(({ offset, length, text: replacement }) => [offset, length, replacement]))
    if (!made.has(key) && item.fix.edits.some((edit) => edits.some((other) => touch(edit, other)))) continue
    if (!made.has(key)) edits.push(...item.fix.edits)
    made.add(key)
    applied.push(item)
  }
  const parts: string[] = []
  let at = 0
  for (const { offset, length, text: replacement } of edits.sort((one, other) => one.offset - other.offset)) {
    parts.push(text.slice(at, offset), encodeText(replacement))
    at = offset + length
  }
  return { text: parts.join('') + text.slice(at), applied }
}

function touch(one: TextEdit, other: TextEdit): boolean {
  return one.offset <= other.offset + other.length && other.offset <= one.offset + one.length
}
