/** Examples of keywords, made of their syntax: a test reads each of them. */
import { LANGUAGE_PATH, LINE_NAME, allEntries, openerOf } from './catalogue.ts'
import type { Entry } from './catalogue.ts'
import { OTHER_EXAMPLES, PLACEHOLDERS } from './example-words.ts'
import type { Form, JsonSchema } from './form.ts'
import type { Block, OptionRow, Row } from './schema.ts'

const INDENT = '    '
/** Words of a syntax that stand for a number; what may stand there, the form says. */
const NUMBERS: ReadonlySet<string> = new Set(
  'NUMBER SECONDS MILLISECONDS MICROSECONDS COUNT BYTES LEVEL NICE PRIO PRIORITY ID N PORT MARK LABEL DOWN_DELAY'.split(' '),
)
const USUAL_NUMBER = 10

/** Lines that use a word, with the blocks around them. */
export function exampleOf(entry: Entry): string {
  const { path, described } = entry
  const opener = openerOf(path)
  const isHeader = (line: string): boolean => opener?.row !== undefined && 'kind' in opener.row && line.startsWith(`${opener.name} `)
  const other = otherOf(entry)
  // What stands in front of the brace.
  if (isHeader(described.syntax)) return `${fill(entry)} {\n}`
  if (other !== undefined && isHeader(other)) return other
  return within(path, other?.split('\n') ?? linesOf(entry)).join('\n')
}

function otherOf({ path, name }: Pick<Entry, 'path' | 'name'>): string | undefined {
  // Routes are the same for an instance and for good, and so are addresses and rules.
  const kind = (path.split('/').at(-1) ?? '').replace(/^(?:static|virtual)_/, '')
  return OTHER_EXAMPLES[`${path} ${name}`] ?? OTHER_EXAMPLES[`${kind} ${name}`] ?? OTHER_EXAMPLES[name]
}

/** The lines of a block that has these lines. */
function within(path: string, lines: readonly string[]): readonly string[] {
  if (path === '/' || path === LANGUAGE_PATH) return lines
  const opener = openerOf(path)
  if (opener?.row === undefined) return lines
  // A grammar within a line: something is in front of it.
  if (!('kind' in opener.row)) {
    const whole = lines.map((line) => (line.startsWith(opener.name) ? `${itemOf(opener.path)} ${line}` : line))
    return within(opener.path, whole)
  }
  return within(opener.path, [`${fill(opener)} {`, ...lines.map((line) => INDENT + line), '}'])
}

function linesOf(entry: Entry): readonly string[] {
  const { path, name, row, owner } = entry
  if (name === LINE_NAME) return [itemOf(path)]
  if (row === undefined) return [fill(entry)]
  if ('kind' in row) return keywordLines(entry, row)
  if (owner === undefined) return [`${itemOf(path)} ${fill(entry)}`]
  const isValue = row.form === undefined || (owner.row !== undefined && 'form' in owner.row && owner.row.form?.types.grammar === undefined)
  const before = isValue ? owner.described.keyword : fill(owner)
  const ownerLine = owner.owner === undefined && owner.row !== undefined && !('kind' in owner.row) ? `${itemOf(path)} ${before}` : before
  return [`${ownerLine} ${fill(entry)}`]
}

function keywordLines(entry: Entry, row: Row): readonly string[] {
  const line = fill(entry)
  switch (row.kind) {
    case 'setting':
      return [line]
    case 'block':
      return [`${line} {`, ...bodyOf(row.block).map((inner) => INDENT + inner), '}']
    case 'lines':
      return [`${line} {`, INDENT + itemOf(row.grammar.path), '}']
    case 'words': {
      const [, item = ''] = /\{\s*(\w+)/.exec(row.syntax) ?? []
      return [`${line} {`, INDENT + (PLACEHOLDERS[item] ?? item), '}']
    }
  }
}

/** What a block cannot do without. */
function bodyOf({ path, lines, rows }: Block): readonly string[] {
  if (lines !== undefined) return [itemOf(lines.grammar.path)]
  const mandatory = rows.filter((row) => row.default.includes('mandatory') && row.kind === 'setting' && row.deprecated === undefined)
  const entries = allEntries().filter((entry) => entry.path === path && mandatory.some((row) => row === entry.row))
  return entries.map((entry) => otherOf(entry) ?? fill(entry))
}

/** A line of a grammar without options. */
function itemOf(path: string): string {
  const line = allEntries().find((entry) => entry.path === path && entry.name === LINE_NAME)
  return line === undefined ? '' : (otherOf(line) ?? fill(line))
}

/** A syntax with words in place of what stands for words, without what may be left out. */
function fill({ path, described: { keyword, syntax }, row }: Entry): string {
  let text = syntax.replace(/\s*\{ .*\}$/, '').replace(/\(([^|)]*)\|[^)]*\)/, '$1')
  for (let before = ''; before !== text;) [before, text] = [text, text.replaceAll(/\[[^[\]]*\]/g, '')]
  const [first = ''] = text.replaceAll('...', '').split(/ \| | or /)
  const words = first.split(/\s+/).filter((word) => word !== '')
  const filled = words.map((word, index) => {
    if (index === 0 && word === keyword) return word
    return (word.split('|')[0] ?? '').replaceAll(/[A-Z][A-Z0-9_]*/g, (name) => {
      if (NUMBERS.has(name)) return numberFor(row) ?? PLACEHOLDERS[name] ?? String(USUAL_NUMBER)
      return PLACEHOLDERS[`${path === '/' ? '' : path}/${keyword}`] ?? PLACEHOLDERS[name] ?? name
    })
  })
  return filled.join(' ')
}

/** A number that a keyword takes: its default if there is one, else a usual one. */
function numberFor(row: Row | OptionRow | undefined): string | undefined {
  if (row === undefined || !('form' in row) || row.form === undefined) return undefined
  const { form } = row
  const limits = limitsOf(form)
  if (limits === undefined) return undefined
  const standard: unknown = row.standard === undefined ? undefined : form.toInput(row.standard)
  const [min, max] = limits
  if (typeof standard === 'number' && standard >= min && standard <= max && standard !== 0) return String(standard)
  return String(Math.min(Math.max(USUAL_NUMBER, min), max))
}

function limitsOf({ types: { schema, grammar } }: Form): readonly [min: number, max: number] | undefined {
  const candidates = [...(grammar?.head ?? []).map((head) => head.schema), schema]
  for (const one of candidates.flatMap((candidate) => (candidate['anyOf'] as readonly JsonSchema[] | undefined) ?? [candidate])) {
    const { minimum, maximum = Infinity } = one
    if (typeof minimum === 'number' && typeof maximum === 'number') return [minimum, maximum]
  }
  return undefined
}
