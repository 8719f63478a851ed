/**
 * The table language: what the keywords of a block are, how their values are read, and the walk that
 * applies tables to a text.
 *
 * A table maps keywords to {@link Keyword}s made by the functions below; each holds its limits as data,
 * so that documentation and tests read the same table as the decoder.
 */
import type { Diagnostics } from './diagnostic.ts'
import type { Host } from './host.ts'
import type { Span } from './source.ts'
import type { BlockReader, Skipped } from './tree.ts'
import { decodeBoolean, decodeInteger, decodeSeconds, parseInteger, requiredWord, US_PER_S } from './values.ts'
import type { DurationBounds, IntegerBounds } from './values.ts'
import type { Directive } from './words.ts'

/** What a decoder may use. */
export interface ReadContext {
  readonly diagnostics: Diagnostics
  readonly host: Host
}

/** An open block: what each of its lines means. */
export interface OpenBlock {
  /** Reads one line. The directive is not to be kept. */
  line(directive: Directive, context: ReadContext): LineResult
}

/** What a line is: a block to read, a block to pass over, or a plain setting, which has no block. */
export type LineResult = OpenBlock | 'skip' | 'setting'

/** The form of a value, with its limits. */
export type ValueSyntax =
  | { readonly form: 'flag' }
  | { readonly form: 'boolean' }
  | ({ readonly form: 'integer' } & IntegerBounds)
  | ({ readonly form: 'seconds' } & DurationBounds)
  | { readonly form: 'words' }

/** A keyword with a value, stored into a `T`. */
export interface Setting<T> {
  readonly kind: 'setting'
  readonly value: ValueSyntax
  readonly decode: (directive: Directive, target: T, context: ReadContext) => void
}

/** A keyword that opens a block. */
export interface BlockKeyword<T> {
  readonly kind: 'block'
  /** Starts the block; `undefined` passes over it, after reporting why. */
  readonly open: (directive: Directive, target: T, context: ReadContext) => OpenBlock | undefined
}

/** A keyword of a block whose settings go into a `T`. */
export type Keyword<T> = Setting<T> | BlockKeyword<T>

/** The keywords of one block. */
export type KeywordTable<T> = ReadonlyMap<string, Keyword<T>>

/** Stores a decoded value. */
export type Assign<T, V> = (target: T, value: V, directive: Directive) => void

/** A keyword that is said or not; further words mean nothing. */
export function flag<T>(assign: (target: T, directive: Directive) => void): Setting<T> {
  return { kind: 'setting', value: { form: 'flag' }, decode: (directive, target) => assign(target, directive) }
}

/** A keyword with an optional boolean. */
export function boolean<T>(assign: Assign<T, boolean>): Setting<T> {
  return {
    kind: 'setting',
    value: { form: 'boolean' },
    decode(directive, target, { diagnostics }) {
      const value = decodeBoolean(directive, diagnostics)
      if (value !== undefined) assign(target, value, directive)
    },
  }
}

/** A keyword with a whole number. */
export function integer<T>(min: number, max: number, assign: Assign<T, number>, invalid?: number): Setting<T> {
  return {
    kind: 'setting',
    value: { form: 'integer', min, max },
    decode(directive, target, { diagnostics }) {
      const word = requiredWord(directive, `a number from ${min} to ${max}`, diagnostics)
      if (word === undefined) return
      // `invalid`: for these keywords a bad value replaces the earlier one.
      const value = decodeInteger(word, directive.keyword, { min, max }, diagnostics, invalid) ?? invalid
      if (value !== undefined) assign(target, value, directive)
    },
  }
}

/** A count of at least 1; 0, allowed by old configurations, is reported and becomes 1. */
export function count<T>(max: number, assign: Assign<T, number>): Setting<T> {
  const decoder = integer<T>(0, max, (target, value, directive) => assign(target, Math.max(1, value), directive))
  return {
    kind: 'setting',
    value: { form: 'integer', min: 1, max },
    decode(directive, target, context) {
      const [word] = directive.args
      if (word !== undefined && parseInteger(word.text) === 0) {
        context.diagnostics.error('value-replaced', word.span, `'${directive.keyword}' must be at least 1; 1 is used`)
      }
      decoder.decode(directive, target, context)
    },
  }
}

/** A keyword with whole seconds, stored as microseconds. */
export function wholeSeconds<T>(maxS: number, assign: Assign<T, number>, invalidS?: number): Setting<T> {
  return integer(0, maxS, (target, seconds, directive) => assign(target, seconds * US_PER_S, directive), invalidS)
}

/** A keyword with decimal seconds, stored as microseconds. */
export function seconds<T>(minS: number, maxS: number, assign: Assign<T, number>, invalidUs?: number): Setting<T> {
  const bounds = { minUs: Math.round(minS * US_PER_S), maxUs: Math.round(maxS * US_PER_S) }
  return {
    kind: 'setting',
    value: { form: 'seconds', ...bounds },
    decode(directive, target, { diagnostics }) {
      const us = decodeSeconds(directive, bounds, diagnostics) ?? (directive.args.length > 0 ? invalidUs : undefined)
      if (us !== undefined) assign(target, us, directive)
    },
  }
}

/** A keyword with a grammar of its own and one result. */
export function custom<T, V>(decode: (directive: Directive, context: ReadContext) => V | undefined, assign: Assign<T, V>): Setting<T> {
  return words((directive, target, context) => {
    const value = decode(directive, context)
    if (value !== undefined) assign(target, value, directive)
  })
}

/** A keyword with a grammar of its own that stores what it reads itself. */
export function words<T>(decode: (directive: Directive, target: T, context: ReadContext) => void): Setting<T> {
  return { kind: 'setting', value: { form: 'words' }, decode }
}

/** A keyword that opens a block. */
export function block<T>(open: (directive: Directive, target: T, context: ReadContext) => OpenBlock | undefined): BlockKeyword<T> {
  return { kind: 'block', open }
}

/** The contents of a block that is passed over. */
export const UNREAD: OpenBlock = { line: () => 'skip' }

/** Reads a text, starting at its top level. Iterative: nesting is bounded by memory alone. */
export function readBlocks(reader: BlockReader, root: OpenBlock, context: ReadContext): void {
  const open = [root]
  for (let item = reader.next(); item.kind !== 'end'; item = reader.next()) {
    if (item.kind === 'close') {
      if (open.length > 1) open.pop()
      continue
    }
    const { directive } = item
    if (item.kind === 'stray') {
      const message = 'no block can start here; everything up to the matching brace is ignored'
      context.diagnostics.error('unexpected-open-brace', directive.span, message)
      leave(reader.skip(), open, context)
      continue
    }
    if (reader.isTopLevel(directive)) {
      while (reader.depth > 0 && reader.lacksClose) {
        reader.closeForgotten(directive.span)
        open.pop()
      }
    }
    if (reader.isSwallowed(directive)) {
      reportSwallowed(directive, context)
      leave({ ...reader.skip(), swallowed: undefined }, open, context)
      continue
    }
    const result = (open.at(-1) ?? root).line(directive, context)
    if (typeof result === 'object') enter(reader, directive, result, open, context)
    else if (directive.opensBlock) {
      if (result === 'setting') reportNoBlock(directive, context)
      leave(reader.skip(), open, context)
    }
  }
  reader.finish()
}

function enter(reader: BlockReader, directive: Directive, inner: OpenBlock, open: OpenBlock[], { diagnostics }: ReadContext): void {
  if (directive.opensBlock) {
    reader.enter()
    open.push(inner)
    return
  }
  const help = `write '{' at the end of this line, or alone on the next`
  diagnostics.error('missing-open-brace', directive.span, `'${directive.keyword}' starts a block, but no '{' follows`, help)
  if (reader.enterWithoutBrace()) open.push(inner)
}

/** Goes on after what was passed over: with the blocks that it left open, and never without an instance that was in it. */
function leave({ left, swallowed }: Skipped, open: OpenBlock[], context: ReadContext): void {
  for (let level = 0; level < left; level++) open.push(UNREAD)
  if (swallowed !== undefined) reportSwallowed(swallowed, context)
}

function reportSwallowed({ keyword, span }: { readonly keyword: string; readonly span: Span }, { diagnostics }: ReadContext): void {
  const message = `this '${keyword}' is inside another block: it would be lost`
  diagnostics.error('misplaced-block', span, message, "close the blocks above it with '}', or take the block away")
}

function reportNoBlock({ keyword, span }: Directive, { diagnostics }: ReadContext): void {
  diagnostics.error('unexpected-open-brace', span, `'${keyword}' takes no block; everything up to the matching brace is ignored`)
}
