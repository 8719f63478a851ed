/** What `explain` prints. */
import { LANGUAGE_PATH } from '../config/tables/catalogue.ts'
import type { CodeEntry } from '../config/diagnostics/texts.ts'
import type { Explanation } from './explain.ts'

/** Characters of a line. */
const WIDTH = 100
const INDENT = '  '
const SEVERITIES = { error: 'error', warning: 'warning', info: 'note' } as const

/** One meaning with everything that is known about it. */
export function explainFully(explanation: Explanation): string {
  const {
    syntax,
    meaning,
    default: standard,
    range,
    note,
    status,
    property,
    options,
    keywords,
    related,
    blocks,
    optionOf,
    example,
  } = explanation
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Option of', optionOf],
    ['Block', blocks.map(blockName).join(', ')],
    ['Default', standard === '-' ? undefined : standard],
    ['Range', range === '-' ? undefined : range],
    ['Status', status],
    ['Note', note],
    ['Property', property],
    ['Related', related.length === 0 ? undefined : related.join(', ')],
  ]
  const parts = [
    `${syntax}\n`,
    paragraph(meaning, INDENT),
    factLines(facts),
    section('Options', optionLines(options)),
    section('Keywords', keywords.length === 0 ? '' : paragraph(keywords.join(' '), INDENT.repeat(2))),
    section('Example', example.replaceAll(/^/gm, INDENT.repeat(2)) + '\n'),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

/** Several meanings, a few words each. */
export function explainShortly(query: string, explanations: readonly Explanation[]): string {
  const parts = explanations.map(({ syntax, meaning, blocks, status }) => {
    const title = `${syntax}\n${paragraph(`in ${blocks.map(blockName).join(', ')}`, INDENT.repeat(2))}`
    return title + paragraph(status === 'acted on' ? meaning : `${meaning} (${status})`, INDENT)
  })
  return `${parts.join('\n')}\nka-native explain '${query}' --in BLOCK says more.\n`
}

/** A diagnostic code. */
export function explainCode({ code, severity, class: found, refusesStart, meaning, remedy }: CodeEntry): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Severity', SEVERITIES[severity]],
    ['Class', found],
    ['Start', refusesStart === true ? 'refused, and so is a reload' : undefined],
    ['What to do', remedy],
  ]
  return [`${code}\n`, paragraph(meaning, INDENT), factLines(facts)].join('\n')
}

function blockName(path: string): string {
  if (path === LANGUAGE_PATH) return 'any'
  return path === '/' ? 'the top level' : path
}

function factLines(facts: readonly (readonly [name: string, said: string | undefined])[]): string {
  const said = facts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const]))
  const width = Math.max(...said.map(([name]) => name.length)) + INDENT.length
  return said.map(([name, text]) => paragraph(text, INDENT, name.padEnd(width))).join('')
}

function optionLines(options: Explanation['options']): string {
  return options
    .map(
      ({ syntax, meaning, range }) =>
        `${INDENT.repeat(2)}${syntax}\n${paragraph(range === '-' ? meaning : `${meaning.replace(/\.$/, '')} (${range}).`, INDENT.repeat(3))}`,
    )
    .join('')
}

function section(title: string, body: string): string {
  return body === '' ? '' : `${INDENT}${title}\n${body}`
}

/** Text in lines of a readable width; those after the first one start below its first word. */
function paragraph(text: string, indent: string, title = ''): string {
  const lines: string[] = []
  let line = indent + title
  const start = ' '.repeat(line.length)
  let isEmpty = true
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + word.length >= WIDTH) {
      lines.push(line)
      ;[line, isEmpty] = [start, true]
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].map((one) => `${one}\n`).join('')
}
