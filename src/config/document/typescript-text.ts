/** Plain data as TypeScript, laid out to be read and edited. */
import { isPlainObject } from './plain-data.ts'
import type { PlainObject } from './plain-data.ts'

/** Characters of a line. */
const WIDTH = 100
const INDENT = '  '
/** An object of a list stands on one line with at most so many properties. */
const INLINE_PROPERTIES = 3

/** Comments by the object in front of which they stand, a line each. */
export type Comments = ReadonlyMap<unknown, readonly string[]>

/** A module that exports a document as its configuration. */
export function typescriptText(document: PlainObject, comments: Comments = new Map()): string {
  const body = new Printer(comments).value(document, '', 0)
  return `import { defineConfig } from 'ka-native'\n\nexport default defineConfig(${body})\n`
}

class Printer {
  readonly #comments: Comments

  constructor(comments: Comments) {
    this.#comments = comments
  }

  /** @param indent of the line that the value starts in. @param taken characters of that line, and after the value */
  value(value: unknown, indent: string, taken: number): string {
    if (Array.isArray(value)) return this.#list(value, indent, taken)
    if (isPlainObject(value)) return this.#object(value, indent)
    return scalar(value)
  }

  #object(object: PlainObject, indent: string): string {
    const entries = Object.entries(object)
    if (entries.length === 0) return '{}'
    const inner = indent + INDENT
    const lines = entries.map(([name, value]) => {
      const key = propertyName(name)
      return `${this.#lead(value, inner)}${inner}${key}: ${this.value(value, inner, inner.length + key.length + 3)},\n`
    })
    return `{\n${lines.join('')}${indent}}`
  }

  #list(items: readonly unknown[], indent: string, taken: number): string {
    const inline = this.#inlineList(items)
    if (inline !== undefined && taken + inline.length <= WIDTH) return inline
    const inner = indent + INDENT
    const lines = items.map((item) => `${this.#lead(item, inner)}${inner}${this.#item(item, inner)},\n`)
    return `[\n${lines.join('')}${indent}]`
  }

  /** Plain values, or one small object, on one line. */
  #inlineList(items: readonly unknown[]): string | undefined {
    if (items.every((item) => typeof item !== 'object' || item === null)) return `[${items.map(scalar).join(', ')}]`
    const [first] = items
    const only = items.length === 1 && !this.#comments.has(first) ? inlineObject(first) : undefined
    return only === undefined ? undefined : `[${only}]`
  }

  #item(item: unknown, indent: string): string {
    const inline = inlineObject(item)
    return inline !== undefined && indent.length + inline.length < WIDTH ? inline : this.value(item, indent, indent.length + 1)
  }

  #lead(value: unknown, indent: string): string {
    return (this.#comments.get(value) ?? []).map((line) => `${indent}//${line === '' ? '' : ` ${line}`}\n`).join('')
  }
}

/** A small object of plain values on one line. */
function inlineObject(value: unknown): string | undefined {
  if (!isPlainObject(value)) return undefined
  const entries = Object.entries(value)
  if (entries.length === 0 || entries.length > INLINE_PROPERTIES) return undefined
  if (entries.some(([, inner]) => typeof inner === 'object' && inner !== null)) return undefined
  return `{ ${entries.map(([name, inner]) => `${propertyName(name)}: ${scalar(inner)}`).join(', ')} }`
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}

function scalar(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : String(value)
}

function quoted(text: string): string {
  // As JSON escapes it, with the other quotes.
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${inner.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`
}
