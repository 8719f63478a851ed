/** Blocks whose lines are keywords of a table, and what happens to a word that the table does not hold. */
import { shown } from '../diagnostics/printable.ts'
import type { Line } from './line.ts'
import { blockSpan } from './places.ts'
import { modelField } from '../tables/schema.ts'
import type { Block, BlockRow, Draft, LinesRow, OpenDraft, ReadContext, Row, SettingRow, WordsRow } from '../tables/schema.ts'

import type { LineResult, OpenBlock } from './reader.ts'
import { placeText } from '../text/source.ts'
import { reportDeprecated, reportOddWords, reportStatus } from './status.ts'
import { reportUnknown } from './unknown.ts'

/** A row as reading needs it. */
interface PlannedRow {
  readonly row: Row
  /** Its field in a draft. */
  readonly field: string
  readonly isActedOn: boolean
}

/** A block as reading needs it: worked out once. */
interface Plan {
  readonly block: Block
  readonly rows: ReadonlyMap<string, PlannedRow>
  readonly newDraft: NewDraft
}

type NewDraft = new (at: number) => Draft

const plans = new WeakMap<Block, Plan>()
const NO_SIBLINGS: readonly Draft[] = []

function planOf(block: Block): Plan {
  const known = plans.get(block)
  if (known !== undefined) return known
  const plan = { block, rows: new Map(block.rows.map((row) => [row.keyword, plannedRow(row, block)])), newDraft: draftClass() }
  plans.set(block, plan)
  return plan
}

function plannedRow(row: Row, block: Block): PlannedRow {
  const field = row.kind === 'setting' ? modelField(row, row.form) : row.field
  return { row, field, isActedOn: (row.status ?? block.status).kind === 'acted on' }
}

/** A class for the drafts of each block, so that the engine finds out for each how many fields its drafts have. */
function draftClass(): NewDraft {
  return class implements Draft {
    readonly at: number;
    [field: string]: unknown

    constructor(at: number) {
      this.at = at
    }
  }
}

/** A block read by its table into a draft. */
export class KeywordBlock implements OpenBlock, OpenDraft {
  readonly draft: Draft
  readonly around: OpenDraft | undefined
  readonly #plan: Plan
  /** The block as a whole is not acted on, which is said already. */
  readonly #isQuiet: boolean

  constructor(block: Block, draft: Draft, isQuiet = false, around?: OpenDraft) {
    this.draft = draft
    this.around = around
    this.#plan = planOf(block)
    this.#isQuiet = isQuiet
  }

  line(line: Line, context: ReadContext): LineResult {
    const { block, rows } = this.#plan
    const planned = rows.get(line.keyword)
    if (planned === undefined) {
      if (block.lines !== undefined) return readItem(block.lines, this.draft, line, context)
      reportUnknown(block.path, line, context)
      return 'skip'
    }
    const { row, isActedOn } = planned
    if (!isActedOn && !this.#isQuiet) reportStatus(row, row.status ?? block.status, line.span, context)
    if (row.deprecated !== undefined) reportDeprecated(row.keyword, row.deprecated, line, context)
    if (row.kind === 'setting') {
      const { total } = context.diagnostics
      readSetting(row, planned.field, this, line, context)
      if (line.count > 0 && context.diagnostics.total === total) reportOddWords(row, rows, line, context)
      return 'setting'
    }
    return this.#open(row, this.#isQuiet || !isActedOn, line, context)
  }

  #open(row: BlockRow | LinesRow | WordsRow, isQuiet: boolean, line: Line, context: ReadContext): OpenBlock | 'skip' {
    if (row.kind === 'block') return openBlock(row, this, isQuiet, line, context) ?? 'skip'
    if (line.left > 0) {
      const message = `'${row.keyword}' takes no name: ${shown(line.peek() ?? '')} is ignored`
      context.diagnostics.error('unexpected-word', line.nextSpan, message)
    }
    if (row.kind === 'lines') return new LinesBlock(row, this.draft)
    if (row.isOnce === true && this.draft[row.field] !== undefined) {
      return (
        context.diagnostics.error('duplicate-setting', line.span, `there is a '${row.keyword}' already; this block is ignored`) ?? 'skip'
      )
    }
    this.draft[row.field] ??= []
    return new WordsBlock(row, this.draft)
  }
}

function readSetting(row: SettingRow, field: string, block: OpenDraft, line: Line, context: ReadContext): void {
  const value = row.form.read(line, context, row.keyword)
  if (value === undefined) return
  if (row.store !== undefined) row.store(block.draft, value, line, context, block)
  else if (row.use === undefined || row.use === 'last') block.draft[field] = value
  else store(row, field, block.draft, value, line, context)
}

function store(row: SettingRow, field: string, draft: Draft, value: unknown, line: Line, { diagnostics }: ReadContext): void {
  const before = draft[field]
  if (row.use === 'list') {
    if (Array.isArray(before)) before.push(value)
    else draft[field] = [value]
    return
  }
  if (before !== undefined && row.use === 'first') {
    diagnostics.error('duplicate-setting', line.span, `'${row.keyword}' is set already; this line is ignored`)
    return
  }
  if (before !== undefined && row.use === 'overwrite') {
    diagnostics.error('duplicate-setting', line.span, `'${row.keyword}' is set already; this line replaces it`)
  }
  draft[field] = value
}

function openBlock(row: BlockRow, around: OpenDraft, isQuiet: boolean, line: Line, context: ReadContext): OpenBlock | undefined {
  const { block, field, use } = row
  const parent = around.draft
  const before = parent[field]
  if (use === 'merge' && before !== undefined) return new KeywordBlock(block, before as Draft, isQuiet, around)
  const draft = new (planOf(block).newDraft)(line.at)
  const siblings = use === 'list' && before !== undefined ? (before as Draft[]) : NO_SIBLINGS
  if (!block.header.read(line, draft, context, siblings, around)) return undefined
  if (use === 'replace' && before !== undefined) {
    const message = `there is a '${row.keyword}' block already; this one replaces it`
    context.diagnostics.error('duplicate-setting', line.span, message, `the first is at ${placeText(blockSpan(before as Draft, context))}`)
  }
  if (use !== 'list') parent[field] = draft
  else if (before === undefined) parent[field] = [draft]
  else (before as Draft[]).push(draft)
  return new KeywordBlock(block, draft, isQuiet, around)
}

function readItem({ field, grammar }: NonNullable<Block['lines']>, draft: Draft, line: Line, context: ReadContext): 'setting' {
  const item = grammar.read(line, context, draft)
  if (item === undefined) return 'setting'
  const before = draft[field]
  if (Array.isArray(before)) before.push(item)
  else draft[field] = [item]
  return 'setting'
}

/** A block of which every line is an item. */
class LinesBlock implements OpenBlock {
  readonly #row: LinesRow
  readonly #draft: Draft

  constructor(row: LinesRow, draft: Draft) {
    this.#row = row
    this.#draft = draft
    draft[row.field] ??= []
  }

  line(line: Line, context: ReadContext): LineResult {
    const item = this.#row.grammar.read(line, context, this.#draft)
    if (item === undefined) return 'setting'
    if (this.#row.store !== undefined) this.#row.store(this.#draft, item, line, context)
    else (this.#draft[this.#row.field] as object[]).push(item)
    return 'setting'
  }
}

/** A block of which every word is an item, whatever line it is on. */
class WordsBlock implements OpenBlock {
  readonly #row: WordsRow
  readonly #items: unknown[]

  constructor(row: WordsRow, draft: Draft) {
    this.#row = row
    this.#items = draft[row.field] as unknown[]
  }

  line(line: Line, context: ReadContext): LineResult {
    line.restart()
    while (line.left > 0) {
      const item = this.#row.item.read(line, context, this.#row.keyword)
      if (item !== undefined) this.#items.push(item)
    }
    return 'setting'
  }
}
