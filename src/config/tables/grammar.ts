/** Lines that follow a grammar: something in front, then option words in any order. */
import { shown } from '../diagnostics/printable.ts'
import { lineWords } from '../blocks/line-words.ts'
import type { Line } from '../blocks/line.ts'
import { modelField } from './schema.ts'
import type { Form } from './form.ts'
import type { Draft, LineGrammar, OptionRow, ReadContext } from './schema.ts'
import { nearest } from '../diagnostics/spelling.ts'
import { reportDeprecated, reportStatus } from '../blocks/status.ts'

/** A line while its options are read: values by field name. */
export interface Item {
  /** The token that the line starts with. */
  readonly at: number
  [field: string]: unknown
}

/** What a grammar is made of. */
export interface GrammarRules extends Omit<LineGrammar, 'read' | 'toInput' | 'toWords'> {
  /** For messages: "the address", "the peer". */
  readonly what: string
  /** For messages about a word of it, where its first word says more than {@link what}. */
  readonly isNamedByFirstWord?: boolean
  /** What comes of a word that is no option: it alone is ignored, or the line is. */
  readonly onUnknown: 'skip' | 'drop'
  /** What comes of an option without its value: the line is dropped, or keepalived ends there. */
  readonly onMissing: 'drop' | 'end'
  /** What comes of a bad value, unless the option says. */
  readonly onBadValue: 'drop' | 'ignore'
  /**
   * Reads what stands in front of the options: all words are ahead.
   *
   * @returns false when the line is dropped, which is then reported
   */
  readHead(line: Line, item: Item, context: ReadContext, draft: Draft): boolean
  /** Completes an item whose options are read; `undefined` when it is dropped, which is then reported. */
  finish?(item: Item, line: Line, context: ReadContext, draft: Draft): Item | undefined
  /** Whether a word ends what this grammar reads of a line: it and what follows are for the grammar around this one. */
  isEnd?(text: string, item: Item, line: Line): boolean
  /** A word that is no option, where it may be something else; `undefined`: it is unknown. */
  readOther?(text: string, line: Line, item: Item, context: ReadContext): 'read' | 'drop' | undefined
  /** Whether a value is the one that a line without the option has; those of the table aside. */
  isImplied?(field: string, item: Item): boolean
  /** The fields of the head as input. */
  headInput(item: Item): Readonly<Record<string, unknown>>
  /** The words of the head for an input object; `undefined` when one is of another type. */
  headWords(input: Readonly<Record<string, unknown>>): readonly string[] | undefined
}

/** Makes a grammar of its rules. */
export function grammar(rules: GrammarRules): LineGrammar {
  const { path, type, line: described, head, options, inner, derived } = rules
  return {
    path,
    type,
    line: described,
    head,
    options,
    ...(inner === undefined ? {} : { inner }),
    ...(derived === undefined ? {} : { derived }),
    read(line, context, draft) {
      const item: Item = { at: line.at }
      line.restart()
      return readItem(rules, item, line, context, draft)
    },
    toInput: (item) => itemInput(rules, item as Item),
    toWords: (input) => itemWords(rules, input),
  }
}

/** A keyword whose own line follows a grammar: its words come after the keyword. */
export function grammarForm(rules: GrammarRules): Form<object> {
  return {
    types: {
      model: rules.type,
      input: `string | ${rules.type}Input`,
      schema: { anyOf: [{ type: 'string' }, { $ref: `#/$defs/${rules.type}` }] },
      grammar: rules,
    },
    isBare: true,
    read: (line, context) => readItem(rules, { at: line.wordAt }, line, context, { at: line.wordAt }),
    toInput: (item) => itemInput(rules, item as Item),
    toWords: (input) => itemWords(rules, input),
  }
}

const optionMaps = new WeakMap<readonly OptionRow[], ReadonlyMap<string, OptionRow>>()

function optionsByWord(options: readonly OptionRow[]): ReadonlyMap<string, OptionRow> {
  const known = optionMaps.get(options)
  if (known !== undefined) return known
  const map = new Map(
    options.filter(({ form, isPositional = false }) => form !== undefined && !isPositional).map((option) => [option.keyword, option]),
  )
  optionMaps.set(options, map)
  return map
}

function readItem(rules: GrammarRules, item: Item, line: Line, context: ReadContext, draft: Draft): Item | undefined {
  if (!rules.readHead(line, item, context, draft)) return undefined
  const known = optionsByWord(rules.options)
  while (line.left > 0) {
    if (rules.isEnd?.(line.peek() ?? '', item, line) === true) break
    const text = line.next() ?? ''
    const option = known.get(text)
    const outcome = option === undefined ? readOther(rules, text, line, item, context) : readOption(rules, option, line, item, context)
    if (outcome === 'drop') return undefined
  }
  return rules.finish === undefined ? item : rules.finish(item, line, context, draft)
}

function readOther(rules: GrammarRules, text: string, line: Line, item: Item, context: ReadContext): 'read' | 'drop' {
  const other = rules.readOther?.(text, line, item, context)
  if (other !== undefined) return other
  const { diagnostics } = context
  const name = nameOf(rules, line)
  const meant = diagnostics.isFull('error') ? undefined : nearest(text, optionsByWord(rules.options).keys())
  const consequence = rules.onUnknown === 'drop' ? `${rules.what} is ignored` : 'it is ignored'
  const help = meant === undefined ? undefined : `did you mean \`${meant}\`?`
  diagnostics.error('invalid-option', line.wordSpan, `unknown option ${shown(text)} of ${name}; ${consequence}`, help)
  return rules.onUnknown === 'drop' ? 'drop' : 'read'
}

function nameOf({ what, isNamedByFirstWord = false }: GrammarRules, line: Line): string {
  return isNamedByFirstWord ? shown(line.keyword) : what
}

function readOption(rules: GrammarRules, option: OptionRow, line: Line, item: Item, context: ReadContext): 'read' | 'drop' {
  const { form, keyword } = option
  if (form === undefined) return 'read'
  if (form.isBare !== true && line.left === 0) {
    const code = rules.onMissing === 'end' ? 'missing-value' : 'invalid-option'
    context.diagnostics.error(code, line.wordSpan, `'${keyword}' of ${nameOf(rules, line)} has no value; ${rules.what} is ignored`)
    return 'drop'
  }
  const { wordAt } = line
  if (option.deprecated !== undefined) reportDeprecated(option.keyword, option.deprecated, line, context)
  if (option.status !== undefined) reportStatus(option, option.status, line.wordSpan, context)
  const value = form.read(line, context, keyword)
  if (value === undefined) return (option.onBadValue ?? rules.onBadValue) === 'drop' ? 'drop' : 'read'
  if (option.store !== undefined) return option.store(item, value, line, context) ?? 'read'
  const field = modelField(option, form)
  if (item[field] !== undefined && option.use === 'first') {
    context.diagnostics.error('duplicate-setting', context.tokens.span(wordAt), `a second '${keyword}' is ignored`)
    return 'read'
  }
  const before = item[field]
  if (option.use !== 'list') item[field] = value
  else if (Array.isArray(before)) before.push(value)
  else item[field] = [value]
  return 'read'
}

function itemInput(rules: GrammarRules, item: Item): Readonly<Record<string, unknown>> {
  const input: Record<string, unknown> = { ...rules.headInput(item) }
  // Of several spellings the first that can say it does.
  const said = new Set(Object.keys(input))
  for (const option of rules.options) {
    const { form } = option
    if (form === undefined) continue
    const field = modelField(option, form)
    const value = item[field]
    const name = modelField(option, undefined)
    if (value === undefined || said.has(name)) continue
    const isFlag = form.isBare === true && typeof value !== 'object'
    if (isFlag && value !== option.standard && form.toWords(value) === undefined) continue
    said.add(name)
    // In what is written, a default that is written may mean more than its absence.
    const isDefault = value === option.standard && !('at' in item)
    if (isDefault || rules.isImplied?.(field, item) === true) continue
    if (option.use !== 'list') input[name] = form.toInput(value)
    else if ((value as unknown[]).length > 0) input[name] = (value as unknown[]).map((one) => form.toInput(one))
  }
  return input
}

function itemWords(rules: GrammarRules, input: unknown): readonly string[] | undefined {
  if (typeof input === 'string') return lineWords(input)
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined
  const object = input as Readonly<Record<string, unknown>>
  const head = rules.headWords(object)
  if (head === undefined) return undefined
  let words = head
  // Of several spellings the first that can say it is written.
  const written = new Set<string>()
  const unwritten = new Set<string>()
  for (const option of rules.options) {
    const name = modelField(option, undefined)
    const { form } = option
    const value = object[name]
    if (form === undefined || value === undefined || written.has(name)) continue
    const read = option.use === 'list' && Array.isArray(value) ? listWords(option.keyword, form, value) : form.toWords(value)
    if (read === undefined) {
      if (typeof value !== 'boolean') unwritten.add(name)
      continue
    }
    words = words.concat(option.use === 'list' || option.isPositional === true ? read : [option.keyword, ...read])
    written.add(name)
  }
  return [...unwritten].every((name) => written.has(name)) ? words : undefined
}

function listWords(keyword: string, form: Form, values: readonly unknown[]): readonly string[] | undefined {
  const words: string[] = []
  for (const value of values) {
    const read = form.toWords(value)
    if (read === undefined) return undefined
    words.push(keyword, ...read)
  }
  return words
}
