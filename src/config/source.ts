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

/** One text: a file, with the include line that led to it. */
export class Source {
  /** The path as it is shown, relative when the main file was given so. */
  readonly path: string
  /** One character per octet. */
  readonly text: string
  /** The include line that brought this file in; absent for the main file. */
  readonly includedFrom: Span | undefined
  #lineStarts: Uint32Array | undefined
  /** Offsets where a part with secrets begins, where it ends, and so on. */
  readonly #secretBounds: number[] = []

  constructor(path: string, text: string, includedFrom?: Span) {
    this.path = path
    this.text = text
    this.includedFrom = includedFrom
  }

  /** Where an offset stands. Costs a binary search; the line table is built on first use. */
  position(offset: number): Position {
    const starts = this.#starts()
    const index = lastUpTo(starts, offset)
    const start = starts[index] ?? 0
    return { line: index + 1, column: decodeText(this.text.slice(start, offset)).length + 1 }
  }

  /** Where a line (from 1) starts. */
  lineStart(number: number): number {
    return this.#starts()[number - 1] ?? this.text.length
  }

  /** The octets of a line (from 1), at most `limit` of them, without its line end. */
  line(number: number, limit: number): string {
    const start = this.lineStart(number)
    const end = lineEnd(this.text, start, (this.#starts()[number] ?? this.text.length + 1) - 1)
    return this.text.slice(start, Math.min(end, start + limit))
  }

  /** Whether a line (from 1) begins in a block whose values must not be shown. */
  isSecretLine(number: number): boolean {
    return lastUpTo(this.#secretBounds, this.lineStart(number)) % 2 === 0
  }

  /** Says whether the text from an offset on holds values that must not be shown. Offsets ascend. */
  markSecret(offset: number, isSecret: boolean): void {
    if (isSecret === (this.#secretBounds.length % 2 === 1)) return
    this.#secretBounds.push(offset)
  }

  #starts(): Uint32Array {
    this.#lineStarts ??= findLineStarts(this.text)
    return this.#lineStarts
  }
}

/** A text as octets, one character each. */
export function encodeText(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** The text that octets mean: UTF-8 where they are UTF-8, else one character per octet. */
export function decodeText(octets: string): string {
  if (ASCII.test(octets)) return octets
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
