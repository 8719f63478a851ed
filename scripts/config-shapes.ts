/** What the types of a configuration consist of, gathered from the keyword tables, for config-types.ts. */
import { ROOT } from '../src/config/keywords/root.ts'
import { modelField } from '../src/config/tables/schema.ts'
import type { Form } from '../src/config/tables/form.ts'
import type { Block, Described, LineGrammar, OptionRow, Row } from '../src/config/tables/schema.ts'

/** One field of an interface. */
export interface Field {
  readonly name: string
  /** Its name in input, where no unit is part of it. */
  readonly inputName: string
  readonly model: string
  readonly input: string
  readonly draft: string
  readonly doc: string
  /** It always has a value in `Config`. */
  readonly isFilled: boolean
  readonly isRequiredInput: boolean
}

/** One interface. */
export interface Shape {
  readonly type: string
  readonly doc: string
  readonly fields: readonly Field[]
  readonly derived: readonly Field[]
  readonly scratch: readonly Field[]
  /** Its input may also be a line as in keepalived.conf. */
  readonly isLine: boolean
}

/** All interfaces, each once, in the order of the tables. */
export function shapes(): readonly Shape[] {
  const found = new Map<string, Shape>()
  addBlock(ROOT, found)
  return [...found.values()]
}

function addBlock(block: Block, found: Map<string, Shape>): void {
  if (found.has(block.type)) return
  const header = block.header.fields.map((field) => headField(field))
  const rows = unique(block.rows.map(rowField))
  const lines = block.lines === undefined ? [] : [linesField(block.lines.field, block.lines.grammar, block.lines.grammar.line)]
  found.set(block.type, {
    type: block.type,
    doc: block.meaning,
    fields: [...header, ...rows, ...lines],
    derived: derivedFields(block.derived),
    scratch: derivedFields(block.scratch),
    isLine: false,
  })
  if (block.lines !== undefined) addGrammar(block.lines.grammar, found)
  for (const row of block.rows) {
    if (row.kind === 'block') addBlock(row.block, found)
    else if (row.kind === 'lines') addGrammar(row.grammar, found)
    else if (row.kind === 'setting') addForm(row.form, row, found)
  }
}

function addForm(form: Form | undefined, row: Described, found: Map<string, Shape>): void {
  const { grammar } = form?.types ?? {}
  if (grammar !== undefined) addGrammar({ ...grammar, line: row }, found)
}

type GrammarShape = Pick<LineGrammar, 'type' | 'line' | 'head' | 'options' | 'derived' | 'inner'>

function addGrammar(grammar: GrammarShape, found: Map<string, Shape>): void {
  const { type, line, head, options, inner = [] } = grammar
  if (found.has(type)) return
  const fields = unique([...head.map((field) => headField(field)), ...options.flatMap(optionField)])
  found.set(type, { type, doc: line.meaning, fields, derived: derivedFields(grammar.derived), scratch: [], isLine: true })
  for (const option of options) addForm(option.form, option, found)
  for (const one of inner) addGrammar(one, found)
}

function derivedFields(derived: Block['derived'] = []): readonly Field[] {
  return derived.map(({ field, model, meaning }) => {
    return {
      name: field,
      inputName: field,
      model,
      input: model,
      draft: model,
      doc: meaning,
      isFilled: !model.includes('undefined'),
      isRequiredInput: false,
    }
  })
}

function headField(field: LineGrammar['head'][number]): Field {
  const { field: inputName, unit = '', model, input, meaning, isOptional = false, isFilled = !isOptional } = field
  return { name: inputName + unit, inputName, model, input, draft: model, doc: meaning, isFilled, isRequiredInput: !isOptional }
}

function rowField(row: Row): Field {
  const doc = rowDoc(row)
  const isOptional = { doc, isRequiredInput: false }
  switch (row.kind) {
    case 'block': {
      const { type } = row.block
      const list = row.use === 'list'
      const of = (suffix: string): string => (list ? `readonly ${type}${suffix}[]` : `${type}${suffix}`)
      const draft = list ? `${type}Draft[]` : `${type}Draft`
      return {
        name: row.field,
        inputName: row.field,
        model: of(''),
        input: of('Input'),
        draft,
        ...isOptional,
        isFilled: list || row.isFilled === true,
      }
    }
    case 'lines':
      return { ...linesField(row.field, row.grammar, row), doc }
    case 'words': {
      const { model, input } = row.item.types
      return {
        name: row.field,
        inputName: row.field,
        model: `readonly ${model}[]`,
        input: `readonly ${input}[]`,
        draft: `${model}[]`,
        ...isOptional,
        isFilled: true,
      }
    }
    case 'setting': {
      const { model, input } = row.form.types
      const isList = row.use === 'list'
      const name = modelField(row, row.form)
      const isFilled = isList || row.standard !== undefined || row.isFilled === true || model === 'boolean'
      const draft = row.form.types.grammar === undefined ? model : `${model}Draft`
      const listed = (type: string): string => (isList ? `readonly (${type})[]` : type)
      return {
        name,
        inputName: row.field,
        model: listed(model),
        input: listed(input),
        draft: isList ? `(${draft})[]` : draft,
        ...isOptional,
        isFilled,
      }
    }
  }
}

function linesField(field: string, { type }: Pick<LineGrammar, 'type'>, { meaning }: Described): Field {
  const input = `readonly (string | ${type}Input)[]`
  return {
    name: field,
    inputName: field,
    model: `readonly ${type}[]`,
    input,
    draft: `${type}Draft[]`,
    doc: meaning,
    isFilled: true,
    isRequiredInput: false,
  }
}

function optionField(row: OptionRow): readonly Field[] {
  const { form } = row
  if (form === undefined) return []
  const { model, input, grammar } = form.types
  const isList = row.use === 'list'
  const listed = (type: string): string => (isList ? `readonly (${type})[]` : type)
  const draft = grammar === undefined ? model : `${model}Draft`
  const isFilled = isList || row.standard !== undefined || row.isFilled === true || model === 'boolean'
  const name = modelField(row, form)
  return [
    {
      name,
      inputName: modelField(row, undefined),
      model: listed(model),
      input: listed(input),
      draft: isList ? `(${draft})[]` : draft,
      doc: rowDoc(row),
      isFilled,
      isRequiredInput: false,
    },
  ]
}

/** Input has no units in its names: the first row of a field is the one that documents it. */
function unique(fields: readonly Field[]): readonly Field[] {
  const known = new Map<string, Field>()
  for (const field of fields) if (!known.has(field.name)) known.set(field.name, field)
  return [...known.values()]
}

/** What is said about a keyword, in one paragraph. */
export function rowDoc({ syntax, meaning, range, default: standard, note }: Described): string {
  const facts = [
    ...(range === '-' || range === 'flag' ? [] : [`Range: ${range}.`]),
    ...(standard === '-' ? [] : [`Default: ${standard}.`]),
    ...(note === undefined ? [] : [`${note}.`]),
  ]
  return [`\`${syntax}\`: ${meaning}`, ...facts].join(' ').replaceAll('*/', '* /')
}
