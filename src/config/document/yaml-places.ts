/** Where the properties of a YAML or JSON file stand in it. */
import { isAlias, isMap, isPair, isScalar, isSeq, visit } from 'yaml'
import type { Document, LineCounter, Pair, ParsedNode } from 'yaml'
import type { PropertyPlaces } from './source.ts'
import type { PropertyPath } from './property-path.ts'
import { encodeText, Source } from '../text/source.ts'
import type { Span } from '../text/source.ts'

/** Characters of the text, the end not included. */
interface Range {
  readonly start: number
  readonly end: number
}

/** A file as the library read it. */
export interface ParsedText {
  readonly file: string
  readonly text: string
  readonly document: Document.Parsed
  readonly lines: LineCounter
}

/** The places of a file, in a copy of its text without secrets. */
export class YamlPlaces implements PropertyPlaces {
  readonly #document: Document.Parsed
  readonly #lines: LineCounter
  readonly #shown: string
  readonly #source: Source
  /** What aliases stand for: the library would look through the whole file for each. */
  readonly #meanings: ReadonlyMap<unknown, unknown>

  /** @param secrets whose values are not to be shown */
  constructor({ file, text, document, lines }: ParsedText, secrets: readonly PropertyPath[]) {
    this.#document = document
    this.#lines = lines
    this.#meanings = meaningsOf(document)
    this.#shown = masked(
      text,
      secrets.map((property) => this.#range(property, 'whole value')),
    )
    this.#source = new Source(file, encodeText(this.#shown), undefined, undefined, false)
  }

  find(property: PropertyPath, part: 'name' | 'value'): Span {
    const { start, end } = this.#range(property, part)
    return textSpan(this.#source, this.#shown, this.#lines, start, end)
  }

  /** A property that is not there stands where the nearest one around it does. */
  #range(property: PropertyPath, part: 'name' | 'value' | 'whole value'): Range {
    let node: unknown = this.#document.contents
    let pair: Pair | undefined
    let range = { start: 0, end: 1 }
    for (const key of property.keys) {
      const inner = this.#inner(node, key)
      if (inner === undefined) break
      pair = isPair(inner) ? inner : undefined
      node = pair === undefined ? inner : pair.value
      range = rangeOf(pair, node, part) ?? range
    }
    return range
  }

  #inner(node: unknown, key: string | number): unknown {
    const resolved = isAlias(node) ? this.#meanings.get(node) : node
    if (isMap(resolved)) return resolved.items.find(({ key: name }) => (isScalar(name) ? String(name.value) : undefined) === String(key))
    return isSeq(resolved) && typeof key === 'number' ? resolved.items[key] : undefined
  }
}

/** Each alias with the node that was given its name last before it. */
function meaningsOf(document: Document.Parsed): ReadonlyMap<unknown, unknown> {
  const named = new Map<string, unknown>()
  const meanings = new Map<unknown, unknown>()
  visit(document, {
    Alias: (_, node) => void meanings.set(node, named.get(node.source)),
    Value: (_, node) => void (node.anchor === undefined ? undefined : named.set(node.anchor, node)),
  })
  return meanings
}

/** Part of a text as octets, from characters: counted from the start of its line, which the source knows. */
export function textSpan(source: Source, text: string, lines: LineCounter, start: number, end: number): Span {
  const { line, col } = lines.linePos(start)
  const lead = Buffer.byteLength(text.slice(start - col + 1, start))
  return { source, offset: source.lineStart(Math.max(1, line)) + lead, length: Buffer.byteLength(text.slice(start, end)) }
}

function rangeOf(pair: Pair | undefined, node: unknown, part: 'name' | 'value' | 'whole value'): Range | undefined {
  const name = pair === undefined ? undefined : nodeRange(pair.key)
  const value = nodeRange(node)
  if (part === 'whole value') return value
  if (part === 'name' && name !== undefined) return name
  if (isScalar(node) || isAlias(node)) return value
  // A list or an object is best seen where it is named.
  return name ?? (isMap(node) ? nodeRange(node.items[0]?.key) : undefined) ?? value
}

function nodeRange(node: unknown): Range | undefined {
  const range = (node as ParsedNode | null | undefined)?.range
  return range === null || range === undefined ? undefined : { start: range[0], end: range[1] }
}

/** A text of the same length with asterisks in place of what is in the ranges. */
function masked(text: string, ranges: readonly Range[]): string {
  let shown = ''
  let at = 0
  for (const { start, end } of ranges.toSorted((one, other) => one.start - other.start)) {
    if (end <= at) continue
    shown += text.slice(at, Math.max(at, start)) + text.slice(Math.max(at, start), end).replaceAll(/[^\r\n]/g, '*')
    at = end
  }
  return shown + text.slice(at)
}
