/**
 * Texts being read, and places in them.
 *
 * A text is kept as one character per byte (latin1), so that an offset is a byte offset, keepalived's
 * line limit is exact and any binary input is representable. What people see is decoded with
 * {@link decodeText}.
 */

/** Strict, so that octets which are not UTF-8 stay one character each instead of becoming U+FFFD. */
const utf8 = new TextDecoder('utf-8', { fatal: true })
// oxlint-disable-next-line no-control-regex -- exactly "all ASCII" is meant
const ASCII = /^[\u0000-\u007f]*$/
const CARRIAGE_RETURN = 13
const MAX_ASCII = 127
/** Up to here a loop is faster than an expression. */
const SHORT = 32

/** Part of a text: where a word, a line or a block keyword stands. */
export interface Span {
  readonly source: Source
  /** Octets from the start of the text. */
  readonly offset: number
  /** Octets. */
  readonly length: number
}

/** A place as people count: line and column from 1, columns in characters. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** What a text was made of that is no text itself: a property of a configuration in TypeScript, JSON or YAML. */
export interface Origin {
  /** Such as `vrrpInstances[0].priority`. */
  readonly property: string
  /** Where it stands in its file; absent where nobody knows. */
  readonly span: Span | undefined
}

/** A name whose value went into a text. */
export interface ExpandedName {
  readonly name: string
  /** Absent for a predefined name. */
  readonly definedAt: Span | undefined
}

/** What a line that stands in no file was made from. */
export interface Expansion {
  /** The line of a file that was expanded. */
  readonly span: Span
  /** The names whose values went in last. */
  readonly names: readonly ExpandedName[]
  /** Whose line was expanded, when that stands in no file either. */
  readonly outer: Expansion | undefined
}

/** One text: a file, with the include line that led to it, or what was made from a line of one or from data. */
export class Source {
  /** The path as it is shown, relative when the main file was given so. */
  readonly path: string
  /** One character per octet. */
  readonly text: string
  /** The include line that brought this file in; absent for the main file. */
  readonly includedFrom: Span | undefined
  /** Whether offsets are those of the file at `path`: of other texts, no fix can be made. */
  readonly isFile: boolean
  /** What the text was made from; absent for a file. */
  readonly expandedFrom: Expansion | undefined
  #originOf: ((position: Position) => Origin) | undefined
  #lineStarts: Uint32Array | undefined
  /** Offsets where a part with secrets begins, where it ends, and so on. */
  #secretBounds: number[] | undefined

  constructor(path: string, text: string, includedFrom?: Span, expandedFrom?: Expansion, isFile: boolean = expandedFrom === undefined) {
    this.path = path
    this.text = text
    this.includedFrom = includedFrom
    this.isFile = isFile
    this.expandedFrom = expandedFrom
  }

  /** Lines made from data. @param originOf what a place in them comes from */
  static made(path: string, text: string, originOf: (position: Position) => Origin): Source {
    const source = new Source(path, text, undefined, undefined, false)
    source.#originOf = originOf
    return source
  }

  /** What the text at an offset was made of; absent for the text of a file. */
  origin(offset: number): Origin | undefined {
    return this.#originOf?.(this.position(offset))
  }

  /** A line made from one of a file. */
  static expanded(text: string, from: Expansion): Source {
    const { path, includedFrom } = from.span.source
    return new Source(path, text, includedFrom, from)
  }

  /**
   * Where an offset stands: in a file, and for a line made from one of a file, where that one starts.
   *
   * Costs a binary search; the line table is built on first use.
   */
  position(offset: number): Position {
    if (this.expandedFrom !== undefined) return this.expandedFrom.span.source.position(this.expandedFrom.span.offset)
    const starts = this.#starts()
    const index = lastUpTo(starts, offset)
    const start = starts[index] ?? 0
    return { line: index + 1, column: decodeText(this.text.slice(start, offset)).length + 1 }
  }

  /** Where a line (from 1) starts. A line made from one of a file is the only one of its text, whatever its number. */
  lineStart(number: number): number {
    return this.expandedFrom !== undefined ? 0 : (this.#starts()[number - 1] ?? this.text.length)
  }

  /** The octets of a line (from 1), at most `limit` of them, without its line end. */
  line(number: number, limit: number): string {
    if (this.expandedFrom !== undefined) return this.text.slice(0, limit)
    const start = this.lineStart(number)
    const end = lineEnd(this.text, start, (this.#starts()[number] ?? this.text.length + 1) - 1)
    return this.text.slice(start, Math.min(end, start + limit))
  }

  /** Whether a line (from 1) begins in a block whose values must not be shown. */
  isSecretLine(number: number): boolean {
    return lastUpTo(this.#secretBounds ?? [], this.lineStart(number)) % 2 === 0
  }

  /** Says whether the text from an offset on holds values that must not be shown, whatever was said of it before. */
  markSecret(offset: number, isSecret: boolean): void {
    const bounds = this.#secretBounds
    if (bounds === undefined) {
      // Most texts hold no secret, and there are many.
      if (isSecret) this.#secretBounds = [offset]
      return
    }
    // A line that a sequence repeats is passed again.
    while (bounds.length > 0 && (bounds.at(-1) ?? 0) > offset) bounds.pop()
    if (isSecret === (bounds.length % 2 === 1)) return
    bounds.push(offset)
  }

  #starts(): Uint32Array {
    this.#lineStarts ??= findLineStarts(this.text)
    return this.#lineStarts
  }
}

function isShortAscii(octets: string): boolean {
  for (let at = 0; at < octets.length; at++) if (octets.charCodeAt(at) > MAX_ASCII) return false
  return true
}

/** A place for people, in messages: `PATH:LINE`, or `PATH: PROPERTY`. */
export function placeText({ source, offset }: Span): string {
  const origin = source.origin(offset)
  if (origin?.span !== undefined) return placeText(origin.span)
  return origin === undefined ? `${source.path}:${source.position(offset).line}` : `${source.path}: ${origin.property}`
}

/** A text as octets, one character each. */
export function encodeText(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** The text that octets mean: UTF-8 where they are UTF-8, else one character per octet. */
export function decodeText(octets: string): string {
  if (octets.length <= SHORT ? isShortAscii(octets) : ASCII.test(octets)) return octets
  try {
    return utf8.decode(Buffer.from(octets, 'latin1'))
  } catch {
    return octets
  }
}

/** Where the content of a line ends that stops before `end`: without the carriage returns at its end. */
export function lineEnd(text: string, start: number, end: number): number {
  let stop = end
  while (stop > start && text.charCodeAt(stop - 1) === CARRIAGE_RETURN) stop--
  return stop
}

function findLineStarts(text: string): Uint32Array {
  let count = 1
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  const starts = new Uint32Array(count)
  for (let line = 1, at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts[line++] = at + 1
  return starts
}

/** The index of the last of ascending numbers that is not above a limit; -1: all are. */
function lastUpTo(numbers: ArrayLike<number>, limit: number): number {
  let low = -1
  let high = numbers.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if ((numbers[middle] ?? 0) <= limit) low = middle
    else high = middle - 1
  }
  return low
}
