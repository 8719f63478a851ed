/**
 * Lines that need what is not read yet: definitions, sequences, conditional lines and references to
 * predefined names (language.md §3, §5, §6). The rest of the text would mean something else without them.
 */
import { isBackslash } from './lexer.ts'
import { lineEnd } from './source.ts'
import type { Source, Span } from './source.ts'

const EXPANSION = /[ \t]*(?:(@)|(~SEQx?|~LST)|(\$[A-Za-z_]\w*)=)/y
/** Unknown names stay as they are written; names defined in the text are reported where they are defined. */
const REFERENCE = /\$(?:\{_(?:PWD|INSTANCE|RANDOM|HASH|BANG)\}|\{_(?:RANDOM|ENV)[ \t]|_(?:PWD|INSTANCE|RANDOM|HASH|BANG)(?=[ \t,)]|$))/
const MAYBE_REFERENCE = /\$\{?_(?:PWD|INSTANCE|RANDOM|ENV|HASH|BANG)/

/** Something not supported yet and where it stands. */
export interface Unsupported {
  readonly what: string
  readonly span: Span
}

/** Whether a text may hold references at all: most hold none. */
export function mayHaveReferences(text: string): boolean {
  return MAYBE_REFERENCE.test(text)
}

/** What a line from `start` to the end of its content needs; absent when it can be read. */
export function findExpansion(source: Source, start: number, stop: number): Unsupported | undefined {
  EXPANSION.lastIndex = start
  const found = EXPANSION.exec(source.text)
  if (found === null || start + found[0].length > stop) return undefined
  const [matched, condition, sequence] = found
  const length = matched.trimStart().length
  const span = { source, offset: start + matched.length - length, length }
  if (condition !== undefined) return { what: 'conditional lines (@ID)', span }
  return { what: sequence === undefined ? 'definitions ($NAME=...)' : `sequences (${sequence})`, span }
}

/** The first reference to a predefined name between two offsets. */
export function findReference(source: Source, start: number, stop: number): Unsupported | undefined {
  const found = REFERENCE.exec(source.text.slice(start, stop))
  if (found === null) return undefined
  return { what: 'references (${NAME})', span: { source, offset: start + found.index, length: found[0].length } }
}

/** The end of the lines that follow one which ends in a backslash: up to the first that does not. */
export function continuationEnd(text: string, from: number): number {
  let position = from
  for (let isContinued = true; isContinued && position < text.length;) {
    const newline = text.indexOf('\n', position)
    const stop = newline === -1 ? text.length : newline
    isContinued = isBackslash(text, lineEnd(text, position, stop) - 1)
    position = stop + 1
  }
  return position
}
