/**
 * One physical line, read for its layout: parts that may stand on lines of their own, and what must stay as
 * it is written.
 *
 * No blanks are put between words that touch. A line that may be read otherwise stays as it is.
 */
import { MAX_LINE_OCTETS } from '../text/bounds.ts'
import { respace } from './spacing.ts'
import { endsInBackslash, isBlank, scanLine, withoutBlanks } from '../text/lexer.ts'
import { lineEnd } from '../text/source.ts'
import type { Brace, Condition } from './depth.ts'
import type { References } from './references.ts'

/** What can stand on a line of its own. */
export interface Part {
  /** `words` may get the `{` of the next line; `open` ends in a brace; `close` is one; nothing is done to `fixed`. */
  readonly kind: 'words' | 'open' | 'close' | 'fixed'
  /** As it is to be written, without indentation. */
  readonly text: string
  /** As it is written, without indentation. */
  readonly written: string
  readonly closesFirst: boolean
  readonly braces: readonly Brace[]
  readonly conditions: readonly Condition[]
}

/** A definition, and the braces in the first line of its value. */
export interface Definition {
  readonly name: string
  readonly braces: readonly Brace[]
  /** It depends on no condition and no sequence. */
  readonly isCertain: boolean
}

/** A physical line. */
export type Line =
  | { readonly kind: 'blank' }
  /** Nothing but a comment. */
  | { readonly kind: 'comment'; readonly text: string }
  /** Too long, or with a NUL octet: nobody reads it. */
  | { readonly kind: 'unread'; readonly text: string }
  | {
      readonly kind: 'code'
      readonly parts: readonly Part[]
      /** From its mark on; empty without one. */
      readonly comment: string
      readonly definition: Definition | undefined
      /** It ends in a backslash: if it is in a definition, the next line is too. */
      readonly isContinued: boolean
      /** Somewhere in it a definition may start. */
      readonly mayDefine: boolean
      /** Where a quote is open at the end of the line. */
      readonly quoteAt: number | undefined
    }

const INCLUDE = /include[rmwbea]?/y
const SPECIAL = /[@~]|\$[A-Za-z_]\w*=/y
/** It becomes an include line where it gets a blank or an end of line after it. */
const ALMOST_INCLUDE = /^include[rmwbea]?$/
const ANY_SPECIAL = /(?<![^ \t{})])\$[A-Za-z_]\w*=|(?:^|[{}][ \t]*)[@~]/
const CONDITION = /@(\^?)([^ \t]+)[ \t]+/y
const DEFINITION = /(?:~(?:SEQx?|LST)\([^)]*\)[ \t]*)*\$([A-Za-z_]\w*)=/y
const BRACED_REFERENCE = /\$\{[A-Za-z_]\w*(?:[ \t][^{}]*)?\}/y
const BLANKS = /[ \t]*/y

/** Whether one of the sticky patterns above matches at a place; its match. */
function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** Reads the line `[start, newline)`; offsets are those of the text. */
export function readLine(text: string, start: number, newline: number, references: References, isBody: boolean): Line {
  const end = lineEnd(text, start, newline)
  const whole = text.slice(start, end)
  if (end - start > MAX_LINE_OCTETS || whole.includes('\0')) return { kind: 'unread', text: whole }
  const first = start + (match(BLANKS, text, start)?.[0].length ?? 0)
  const { commentAt, quoteAt } = scanLine(text, Math.min(first, end), end)
  const stop = withoutBlanks(text, first, commentAt)
  if (stop <= first) return commentAt < end ? { kind: 'comment', text: text.slice(commentAt, end) } : { kind: 'blank' }
  const isEscaped = text.charAt(stop - 1) === '\\'
  // In a value, a backslash in a comment or a quote counts as well: a line too many in it does no harm.
  const isContinued = isBody
    ? text.charAt(withoutBlanks(text, first, end) - 1) === '\\'
    : commentAt === end && (quoteAt === undefined ? endsInBackslash(text, first, stop) : isEscaped)
  const reader = new PartReader(text, quoteAt ?? stop)
  if (isBody || isEscaped || quoteAt !== undefined || !references.arePlain(text.slice(first, stop))) {
    // What follows an escaped blank or an open quote is not told from its content.
    const isWhole = isEscaped || quoteAt !== undefined
    const part = reader.fixed(first, isWhole ? end : stop, true)
    const comment = isWhole ? '' : text.slice(commentAt, end)
    return {
      kind: 'code',
      parts: [part],
      comment,
      definition: reader.definition,
      isContinued,
      mayDefine: ANY_SPECIAL.test(part.written),
      quoteAt,
    }
  }
  const parts = reader.split(first) ?? [reader.fixed(first, stop, true)]
  return { kind: 'code', parts, comment: text.slice(commentAt, end), definition: reader.definition, isContinued, mayDefine: false, quoteAt }
}

class PartReader {
  readonly #text: string
  /** Where what counts ends. */
  readonly #stop: number
  #definition: Definition | undefined

  constructor(text: string, stop: number) {
    this.#text = text
    this.#stop = stop
  }

  /** The definition among the parts read so far. */
  get definition(): Definition | undefined {
    return this.#definition
  }

  /** The parts from `start` on; `undefined` where the second reading sees no end of a word. */
  split(start: number): readonly Part[] | undefined {
    const parts: Part[] = []
    const text = this.#text
    for (let at = start; at < this.#stop;) {
      at += match(BLANKS, text, at)?.[0].length ?? 0
      if (at >= this.#stop) break
      if (this.#isSpecial(at)) return [...parts, this.fixed(at, this.#stop, false)]
      const brace = this.#braceAfter(at)
      const end = withoutBlanks(text, at, brace)
      const words = respace(text.slice(at, end))
      if (words === undefined || ALMOST_INCLUDE.test(words)) return undefined
      const plain = { written: text.slice(at, end), closesFirst: false, conditions: [] }
      if (text.charAt(brace) === '{' && brace < this.#stop) {
        const braces = [{ isOpen: true, at: brace, line: this.#word(at) }]
        const opened = words === '' ? '{' : `${words} {`
        parts.push({ ...plain, kind: 'open', text: opened, written: text.slice(at, brace + 1), braces })
      } else {
        if (words !== '') parts.push({ ...plain, kind: 'words', text: words, braces: [] })
        const braces = [{ isOpen: false, at: brace, line: { offset: brace, length: 1 } }]
        if (brace < this.#stop) parts.push({ ...plain, kind: 'close', text: '}', written: '}', closesFirst: true, braces })
      }
      at = brace + 1
    }
    return parts
  }

  /** A part of which everything stays on one line, and of which nothing changes when `isAsWritten`. */
  fixed(start: number, end: number, isAsWritten: boolean): Part {
    const text = this.#text
    const conditions: Condition[] = []
    let at = start
    for (let found = match(CONDITION, text, at); found !== null && at + found[0].length < this.#stop; found = match(CONDITION, text, at)) {
      conditions.push({ id: found[2] ?? '', isNegated: found[1] === '^' })
      at += found[0].length
    }
    const written = text.slice(start, end)
    const part = { kind: 'fixed', written, closesFirst: text.charAt(at) === '}', conditions } as const
    const definition = match(DEFINITION, text, at)
    if (definition !== null && at + definition[0].length <= this.#stop) {
      this.#definition = {
        name: definition[1] ?? '',
        braces: this.#braces(at + definition[0].length),
        isCertain: text.charAt(start) === '$',
      }
      return { ...part, text: written, braces: [] }
    }
    const include = this.#includeAt(at)
    if (include !== undefined) {
      // The rest of the line is the pattern, blanks in it included.
      const pattern = written.slice(include.length).replace(/^[ \t]+/, '')
      const spaced = pattern === '' ? include : `${include} ${pattern}`
      return { ...part, text: isAsWritten || conditions.length > 0 ? written : spaced, braces: [] }
    }
    const isPlain = !isAsWritten && conditions.length > 0 && !this.#isSpecial(at)
    return { ...part, text: (isPlain ? respace(written) : undefined) ?? written, braces: this.#braces(at) }
  }

  #isSpecial(at: number): boolean {
    return match(SPECIAL, this.#text, at) !== null || this.#includeAt(at) !== undefined
  }

  /** The include word at a place, which a blank or the end follows. */
  #includeAt(at: number): string | undefined {
    const word = match(INCLUDE, this.#text, at)?.[0]
    if (word === undefined) return undefined
    const end = at + word.length
    return end >= this.#stop || ' \t'.includes(this.#text.charAt(end)) ? word : undefined
  }

  /** All braces from `start` on that count; blocks are named after the word there. */
  #braces(start: number): readonly Brace[] {
    const braces: Brace[] = []
    const line = this.#word(start)
    for (let at = this.#braceAfter(start); at < this.#stop; at = this.#braceAfter(at + 1)) {
      const isOpen = this.#text.charAt(at) === '{'
      braces.push({ isOpen, at, line: isOpen ? line : { offset: at, length: 1 } })
    }
    return braces
  }

  /** The first brace outside quotes and references, or where what counts ends. */
  #braceAfter(start: number): number {
    const text = this.#text
    let isQuoted = false
    let at = start
    for (; at < this.#stop; at++) {
      const char = text.charAt(at)
      if (char === '"') isQuoted = !isQuoted
      else if (!isQuoted && (char === '{' || char === '}')) break
      else if (char === '$') at += (match(BRACED_REFERENCE, text, at)?.[0].length ?? 1) - 1
    }
    return Math.min(at, this.#stop)
  }

  #word(start: number): Brace['line'] {
    let end = start
    while (end < this.#stop && !isBlank(this.#text.charCodeAt(end)) && !'{}"'.includes(this.#text.charAt(end))) end++
    return { offset: start, length: Math.max(1, end - start) }
  }
}
