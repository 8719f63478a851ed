/** A document as lines of a keepalived.conf, each with the property that it comes from. */
import { isPlainObject } from './plain-data.ts'
import type { PlainObject } from './plain-data.ts'
import { printable, shown } from '../diagnostics/printable.ts'
import { PropertyPath } from './property-path.ts'
import { isSecretForm } from '../tables/form.ts'
import { modelField } from '../tables/schema.ts'
import type { Form } from '../tables/form.ts'
import type { Block, BlockRow, LineGrammar, Row, SettingRow, WordsRow } from '../tables/schema.ts'
import { nearest } from '../diagnostics/spelling.ts'

/** One line of a keepalived.conf, and the property of the document that it comes from. */
export interface DocumentLine {
  /** Without indentation. */
  readonly text: string
  /** Blocks around it. */
  readonly depth: number
  readonly property: PropertyPath
}

/** A property that cannot be read. */
export interface DocumentProblem {
  readonly property: PropertyPath
  readonly code: 'unknown-property' | 'invalid-property'
  readonly message: string
  readonly help?: string
}

/** The lines of a document, and what in it has no line. */
export interface DocumentLines {
  readonly lines: readonly DocumentLine[]
  readonly problems: readonly DocumentProblem[]
  /** Properties whose values no message and no excerpt may show. */
  readonly secrets: readonly PropertyPath[]
}

/** Writes a document of plain data as lines. */
export function documentLines(root: Block, document: unknown): DocumentLines {
  const writer = new Writer()
  if (isPlainObject(document)) writer.body(root, document, PropertyPath.ROOT, 0)
  else writer.problem(PropertyPath.ROOT, `${describe(document)} is no configuration`, 'expected an object')
  return writer
}

/** The lines as text, indented. */
export function linesText(lines: readonly DocumentLine[], indent = '    '): string {
  return lines.map(({ text, depth }) => (text === '' ? '\n' : `${indent.repeat(depth)}${text}\n`)).join('')
}

class Writer implements DocumentLines {
  readonly lines: DocumentLine[] = []
  readonly problems: DocumentProblem[] = []
  readonly secrets: PropertyPath[] = []

  problem(property: PropertyPath, message: string, help?: string): void {
    this.problems.push({ property, code: 'invalid-property', message, ...(help === undefined ? {} : { help }) })
  }

  /** What a block holds between its braces. */
  body(block: Block, document: PlainObject, property: PropertyPath, depth: number): void {
    const fields = fieldsOf(block)
    for (const [field, rows] of fields) {
      const value = document[field]
      if (value !== undefined && value !== null) this.#rows(rows, value, property.child(field), depth)
    }
    const { lines } = block
    if (lines !== undefined && document[lines.field] !== undefined) {
      this.#items(lines.grammar, document[lines.field], property.child(lines.field), depth)
    }
    // JSON and YAML files name their schema so, for editors.
    const isSchema = (name: string): boolean => name === '$schema' && depth === 0
    const isKnown = (name: string): boolean =>
      isSchema(name) || fields.has(name) || name === lines?.field || block.header.fields.some(({ field }) => field === name)
    for (const name of Object.keys(document)) {
      if (!isKnown(name)) this.#unknown(name, property, [...block.header.fields.map(({ field }) => field), ...fields.keys()])
    }
  }

  /** The lines of one field, which several keywords may say. */
  #rows(rows: readonly [Row, ...Row[]], value: unknown, property: PropertyPath, depth: number): void {
    const [row] = rows
    switch (row.kind) {
      case 'setting':
        return this.#settings(rows.filter(isSetting), value, property, depth)
      case 'block':
        return this.#blocks(row, value, property, depth)
      case 'lines':
        this.#line([row.keyword], property, depth, ' {')
        this.#items(row.grammar, value, property, depth + 1)
        return this.#close(property, depth)
      case 'words':
        return this.#wordBlock(row, value, property, depth)
    }
  }

  #settings(rows: readonly SettingRow[], value: unknown, property: PropertyPath, depth: number): void {
    const [first] = rows
    if (first?.use !== 'list') return this.#setting(rows, value, property, depth)
    if (!Array.isArray(value)) return this.problem(property, `${describe(value, first.form)} is no list for '${first.keyword}'`)
    for (const [index, one] of value.entries()) this.#setting(rows, one, property.child(index), depth)
  }

  /** The line of the keyword that can say the value. */
  #setting(rows: readonly SettingRow[], value: unknown, property: PropertyPath, depth: number): void {
    for (const { form, keyword } of rows) {
      if (isSecretForm(form)) this.secrets.push(property)
      const words = form.toWords(value)
      if (words === undefined) continue
      if (isPlainObject(value)) this.#unknownFields(fieldNames(form), value, property)
      return this.#line([keyword, ...words], property, depth)
    }
    // What a flag leaves as it is needs no line.
    if (typeof value === 'boolean' && rows.some(({ form }) => form.flag !== undefined)) return
    for (const { form, keyword } of rows.slice(0, 1)) {
      this.problem(property, `${describe(value, form)} is no value for '${keyword}'`, `expected ${form.types.input}`)
    }
  }

  #blocks({ block, keyword, use }: BlockRow, value: unknown, property: PropertyPath, depth: number): void {
    const values: unknown = use === 'list' ? value : [value]
    if (!Array.isArray(values)) return this.problem(property, `${describe(value)} is no list of '${keyword}'`)
    for (const [index, one] of values.entries()) {
      const place = use === 'list' ? property.child(index) : property
      const header = isPlainObject(one) ? block.header.toWords(one) : undefined
      if (header === undefined || !isPlainObject(one)) {
        const fields = block.header.fields.filter(({ isOptional }) => isOptional !== true).map(({ field }) => `'${field}'`)
        const help = `expected an object${fields.length === 0 ? '' : ` with ${fields.join(', ')}`}`
        this.problem(place, `${describe(one)} is no '${keyword}'`, help)
        continue
      }
      this.#line([keyword, ...header], place, depth, ' {')
      this.body(block, one, place, depth + 1)
      this.#close(place, depth)
    }
  }

  #items(grammar: LineGrammar, value: unknown, property: PropertyPath, depth: number): void {
    if (!Array.isArray(value)) return this.problem(property, `${describe(value)} is no list of lines`)
    for (const [index, item] of value.entries()) {
      const place = property.child(index)
      if (isPlainObject(item)) this.#unknownFields(grammarFields(grammar), item, place)
      const words = grammar.toWords(item)
      if (words === undefined) this.problem(place, `${describe(item)} is no line of this kind`, `expected ${grammar.line.syntax}`)
      else this.#line(words, place, depth)
    }
  }

  #wordBlock({ keyword, item }: WordsRow, value: unknown, property: PropertyPath, depth: number): void {
    if (!Array.isArray(value)) return this.problem(property, `${describe(value)} is no list for '${keyword}'`)
    this.#line([keyword], property, depth, ' {')
    for (const [index, one] of value.entries()) {
      const words = item.toWords(one)
      if (words === undefined) this.problem(property.child(index), `${describe(one)} is no value for '${keyword}'`)
      else this.#line(words, property.child(index), depth + 1)
    }
    this.#close(property, depth)
  }

  #unknownFields(known: ReadonlySet<string> | undefined, value: PlainObject, property: PropertyPath): void {
    if (known === undefined) return
    for (const name of Object.keys(value)) if (!known.has(name)) this.#unknown(name, property, known)
  }

  #unknown(name: string, property: PropertyPath, known: Iterable<string>): void {
    const meant = nearest(name, known)
    const help = meant === undefined ? {} : { help: `did you mean \`${meant}\`?` }
    this.problems.push({ property: property.child(name), code: 'unknown-property', message: `unknown property ${shown(name)}`, ...help })
  }

  #close(property: PropertyPath, depth: number): void {
    this.lines.push({ text: '}', depth, property })
  }

  #line(words: readonly string[], property: PropertyPath, depth: number, end = ''): void {
    // A blank line in front of each block of the top level.
    if (depth === 0 && end !== '' && this.lines.length > 0) this.lines.push({ text: '', depth: 0, property })
    if (words.some(isUnwritable)) this.problem(property, 'a word of a configuration can hold neither double quotes nor line ends')
    this.lines.push({ text: words.map(quoted).join(' ') + end, depth, property })
  }
}

const fieldsByBlock = new WeakMap<Block, ReadonlyMap<string, [Row, ...Row[]]>>()

/** The rows of a block by field, in the order of the table. */
function fieldsOf(block: Block): ReadonlyMap<string, readonly [Row, ...Row[]]> {
  const known = fieldsByBlock.get(block)
  if (known !== undefined) return known
  const fields = new Map<string, [Row, ...Row[]]>()
  for (const row of block.rows) {
    const rows = fields.get(row.field)
    if (rows === undefined) fields.set(row.field, [row])
    else rows.push(row)
  }
  fieldsByBlock.set(block, fields)
  return fields
}

function isSetting(row: Row): row is SettingRow {
  return row.kind === 'setting'
}

const namesOf = new WeakMap<object, ReadonlySet<string>>()

function grammarFields(grammar: Pick<LineGrammar, 'head' | 'options'>): ReadonlySet<string> {
  const known = namesOf.get(grammar)
  if (known !== undefined) return known
  const { head, options } = grammar
  const names = new Set([...head.map(({ field }) => field), ...options.map((option) => modelField(option, undefined))])
  namesOf.set(grammar, names)
  return names
}

/** What an object may hold that is a value of a form; `undefined` where the form takes none. */
function fieldNames({ types: { grammar, schema } }: Form): ReadonlySet<string> | undefined {
  if (grammar !== undefined) return grammarFields(grammar)
  const properties = propertiesOf(schema) ?? (Array.isArray(schema['anyOf']) ? schema['anyOf'].map(propertiesOf).find(Boolean) : undefined)
  return properties === undefined ? undefined : new Set(Object.keys(properties))
}

function propertiesOf(schema: unknown): PlainObject | undefined {
  return isPlainObject(schema) && isPlainObject(schema['properties']) ? schema['properties'] : undefined
}

function isUnwritable(word: string): boolean {
  return /["\0\r\n]/.test(word)
}

/** A word as the language reads it again, whatever else it could mean at the start of a line. */
function quoted(word: string): string {
  const isPlain = /^[\p{L}\p{N}_./:,*+%=-]+$/u.test(word) && !/^include[rmwbea]?$/.test(word)
  return isPlain ? word : `"${word.replaceAll(/["\0\r\n]/g, '?')}"`
}

/** @param form for which a value is meant: a secret is not repeated */
function describe(value: unknown, form?: Form): string {
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'this object'
  if (form !== undefined && isSecretForm(form)) return `a ${typeof value}`
  return typeof value === 'string' ? shown(value) : printable(JSON.stringify(value) ?? typeof value)
}
