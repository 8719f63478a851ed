/** JSON Schema of a configuration as a TypeScript, JSON or YAML file has it, for generate-config.ts. */
import { statusText } from '../src/config/tables/catalogue.ts'
import { ROOT } from '../src/config/keywords/root.ts'
import { modelField } from '../src/config/tables/schema.ts'
import type { Status } from '../src/config/tables/keyword-status.ts'
import type { Form, JsonSchema } from '../src/config/tables/form.ts'
import type { Block, HeaderField, LineGrammar, OptionRow, Row, SettingRow } from '../src/config/tables/schema.ts'
import { rowDoc } from './config-shapes.ts'

const DRAFT = 'https://json-schema.org/draft/2020-12/schema'
const ID = 'https://unpkg.com/ka-native/schema.json'

/** The parts of a grammar that a schema is made of. */
type Shape = Pick<LineGrammar, 'type' | 'head' | 'options' | 'inner'> & { readonly meaning: string }

/** The schema of a whole configuration. */
export function configSchema(): JsonSchema {
  const schemas = new Schemas()
  const { [ROOT.type]: root, ...types } = schemas.of(ROOT)
  return {
    $schema: DRAFT,
    $id: ID,
    title: 'A configuration of ka-native',
    ...root,
    properties: { $schema: { type: 'string', description: 'Where this schema is.' }, ...(root?.['properties'] as object) },
    $defs: types,
  }
}

/** The schemas of all types by name. */
class Schemas {
  readonly #types: Record<string, JsonSchema> = {}

  of(block: Block): Readonly<Record<string, JsonSchema>> {
    this.#addBlock(block)
    return this.#types
  }

  #addBlock({ type, meaning, header, rows, lines, status }: Block): void {
    if (this.#types[type] !== undefined) return
    // Types that contain themselves would go on for ever.
    this.#types[type] = {}
    const properties = headProperties(header.fields)
    for (const row of rows) properties[row.field] ??= this.#row(row, row.status ?? status)
    if (lines !== undefined) {
      const { line } = lines.grammar
      properties[lines.field] = { description: line.meaning, ...this.#lines(lines.grammar) }
    }
    this.#types[type] = objectSchema(meaning, properties, header.fields)
  }

  #row(row: Row, status: Status): JsonSchema {
    const said = {
      description: status.kind === 'acted on' ? rowDoc(row) : `${rowDoc(row)} Status: ${statusText(status)}.`,
      ...(row.deprecated === undefined ? {} : { deprecated: true }),
    }
    switch (row.kind) {
      case 'block': {
        this.#addBlock(row.block)
        const { type } = row.block
        return { ...said, ...(row.use === 'list' ? { type: 'array', items: reference(type) } : reference(type)) }
      }
      case 'lines':
        return { ...said, ...this.#lines(row.grammar) }
      case 'words':
        return { ...said, type: 'array', items: row.item.types.schema }
      case 'setting':
        return { ...said, ...this.#value(row.form, row), ...standardOf(row.form, row) }
    }
  }

  #lines(grammar: LineGrammar): JsonSchema {
    this.#addGrammar({ ...grammar, meaning: grammar.line.meaning })
    const line = { type: 'string', description: `A line as in keepalived.conf: ${grammar.line.syntax}` }
    return { type: 'array', items: { anyOf: [line, reference(grammar.type)] } }
  }

  #value(form: Form, { use, meaning }: Pick<SettingRow, 'use' | 'meaning'>): JsonSchema {
    const { schema, grammar } = form.types
    if (grammar !== undefined) this.#addGrammar({ ...grammar, meaning })
    return use === 'list' ? { type: 'array', items: schema } : schema
  }

  #addGrammar({ type, meaning, head, options, inner = [] }: Shape): void {
    if (this.#types[type] !== undefined) return
    this.#types[type] = {}
    const properties = headProperties(head)
    for (const option of options) {
      const { form } = option
      if (form !== undefined) properties[modelField(option, undefined)] ??= this.#option(option, form)
    }
    this.#types[type] = objectSchema(meaning, properties, head)
    for (const one of inner) this.#addGrammar({ ...one, meaning: one.line.meaning })
  }

  #option(option: OptionRow, form: Form): JsonSchema {
    return { description: rowDoc(option), ...this.#value(form, option), ...standardOf(form, option) }
  }
}

function headProperties(head: readonly HeaderField[]): Record<string, JsonSchema> {
  return Object.fromEntries(head.map(({ field, schema, meaning }) => [field, { description: meaning, ...schema }]))
}

function objectSchema(description: string, properties: Readonly<Record<string, JsonSchema>>, head: readonly HeaderField[]): JsonSchema {
  const required = head.filter(({ isOptional = false }) => !isOptional).map(({ field }) => field)
  return {
    description,
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  }
}

function standardOf(form: Form, { standard, use }: Pick<SettingRow, 'standard' | 'use'>): JsonSchema {
  return standard === undefined || use === 'list' ? {} : { default: form.toInput(standard) }
}

function reference(type: string): JsonSchema {
  return { $ref: `#/$defs/${type}` }
}
