/**
 * A configuration as plain data, as a TypeScript, JSON or YAML file has it, made of `Config` or of a draft. The tables say
 * how each value looks; lines.ts writes it as lines of a keepalived.conf.
 */
import { isDeepStrictEqual } from 'node:util'
import type { PlainObject } from './plain-data.ts'
import { isSecretForm } from '../tables/form.ts'
import { modelField } from '../tables/schema.ts'
import type { Form } from '../tables/form.ts'
import type { Block, LineGrammar, Row, SettingRow } from '../tables/schema.ts'

/** What stands in place of a secret. */
const MASK = '********'

/** How a document is made. */
export interface DocumentOptions {
  /** Passwords and keys as they are; asterisks unless given. */
  readonly revealSecrets?: boolean
  /** Is told which object of the document was made of which block. */
  readonly onBlock?: (document: PlainObject, block: object) => void
}

/** The document of `Config`, or of a draft: what has a value is in it, in the order of the tables. */
export function toDocument(root: Block, value: object, options: DocumentOptions = {}): PlainObject {
  return blockDocument(root, value, { ...options, config: value })
}

/** Options, and the whole that is written. */
interface Writing extends DocumentOptions {
  readonly config: object
}

function blockDocument(block: Block, value: object, options: Writing): PlainObject {
  const values = value as PlainObject
  const document: Record<string, unknown> = {}
  for (const { field, unit = '' } of block.header.fields) {
    const said = values[field + unit]
    if (said !== undefined) document[field] = said
  }
  for (const row of block.rows) {
    if (document[row.field] !== undefined || row.isImplied?.(value, options.config) === true) continue
    const input = rowInput(row, values, options)
    if (input !== undefined) document[row.field] = input
  }
  if (block.lines !== undefined) document[block.lines.field] = itemsInput(values[block.lines.field], block.lines.grammar)
  options.onBlock?.(document, value)
  return document
}

function rowInput(row: Row, values: PlainObject, options: Writing): unknown {
  if (row.kind === 'setting') {
    const refused = row.refused === undefined ? undefined : values[row.refused]
    const stored = row.recall === undefined ? values[modelField(row, row.form)] : row.recall(values)
    return refused ?? settingInput(row, stored, options)
  }
  const value = values[row.field]
  if (value === undefined || value === null) return undefined
  switch (row.kind) {
    case 'block':
      if (row.use !== 'list') return blockDocument(row.block, value, options)
      return listOf(value, (one) => blockDocument(row.block, one as object, options))
    case 'lines':
      return listOf(value, (one) => itemInput(row.grammar, one as object))
    case 'words':
      return listOf(value, (one) => row.item.toInput(one))
  }
}

function settingInput({ form, use }: SettingRow, value: unknown, { revealSecrets = false }: DocumentOptions): unknown {
  if (value === undefined || (form.flag !== undefined && value !== form.flag)) return undefined
  return use === 'list' ? listOf(value, (one) => hide(form, one, revealSecrets)) : hide(form, value, revealSecrets)
}

/** A list that says nothing is left out. */
function listOf(values: unknown, toInput: (one: unknown) => unknown): readonly unknown[] | undefined {
  const list = values as readonly unknown[]
  return list.length === 0 ? undefined : list.map(toInput)
}

function hide(form: Form, value: unknown, revealSecrets: boolean): unknown {
  const input = form.toInput(value)
  if (revealSecrets || !isSecretForm(form)) return input
  return typeof input === 'object' && input !== null && 'value' in input ? { ...input, value: MASK } : MASK
}

function itemsInput(items: unknown, grammar: LineGrammar): readonly unknown[] {
  return ((items ?? []) as readonly object[]).map((item) => itemInput(grammar, item))
}

/** A line that is one word is written as that word. */
function itemInput(grammar: LineGrammar, item: object): unknown {
  const input = grammar.toInput(item)
  const values: readonly unknown[] = typeof input === 'object' && input !== null ? Object.values(input) : []
  const [word] = values
  const isWord = values.length === 1 && typeof word === 'string' && isDeepStrictEqual(grammar.toWords(word), grammar.toWords(input))
  return isWord ? word : input
}
