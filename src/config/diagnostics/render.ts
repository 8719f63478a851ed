/** Diagnostics for people (text with excerpt and caret) and for programs (JSON). */
import { printable } from './printable.ts'
import type { Diagnostic, Diagnostics, ExpandedFrom, Severity } from './diagnostic.ts'

/** How text is rendered. */
export interface TextOptions {
  /** ANSI colours. */
  readonly color?: boolean
  /** Diagnostics shown at most, errors before warnings before notes. */
  readonly limit?: number
}

const DEFAULT_LIMIT = 100
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info']
const NAMES = { error: 'error', warning: 'warning', info: 'note' } as const

/** Sequences of ANSI "select graphic rendition". */
const STYLES = { error: '31;1', warning: '33;1', info: '36;1', bold: '1', faint: '2' } as const
type Paint = (style: keyof typeof STYLES, text: string) => string

const plain: Paint = (_, text) => text
const colored: Paint = (style, text) => `\u001b[${STYLES[style]}m${text}\u001b[0m`

/** All diagnostics as text, in reading order; ends with a newline unless there are none. */
export function renderText(diagnostics: Diagnostics, { color = false, limit = DEFAULT_LIMIT }: TextOptions = {}): string {
  const chosen = choose([...diagnostics], limit)
  const hidden = SEVERITIES.map((severity) => [severity, diagnostics.count(severity) - countOf(chosen, severity)] as const)
  const more = hidden.filter(([, count]) => count > 0).map(([severity, count]) => counted(count, NAMES[severity]))
  return [renderEach(chosen, color), ...(more.length > 0 ? [`and ${more.join(', ')} more\n`] : [])].join('\n')
}

/** Some diagnostics as text; each ends with a newline, and has an empty line after it unless it is the last. */
export function renderEach(diagnostics: readonly Diagnostic[], color: boolean): string {
  const paint = color ? colored : plain
  return diagnostics.map((diagnostic) => renderOne(diagnostic, paint)).join('\n')
}

/** `2 errors, 1 warning`; severities without any are left out. */
export function summarize(diagnostics: Diagnostics): string {
  const parts = SEVERITIES.map((severity) => [severity, diagnostics.count(severity)] as const)
  return parts
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => counted(count, NAMES[severity]))
    .join(', ')
}

/** Diagnostics as plain data for `JSON.stringify`, with the counts of everything reported. */
export function renderJson(diagnostics: Diagnostics): object {
  const counts = { errors: diagnostics.count('error'), warnings: diagnostics.count('warning'), notes: diagnostics.count('info') }
  return { ...counts, diagnostics: [...diagnostics] }
}

/** `1 error`, `2 errors`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** The first `limit` diagnostics, those that refuse a start and then those of the highest severities, in reading order. */
function choose(all: readonly Diagnostic[], limit: number): readonly Diagnostic[] {
  if (all.length <= limit) return all
  const others = all.filter(({ refusesStart }) => !refusesStart)
  const ranked = [
    ...all.filter(({ refusesStart }) => refusesStart),
    ...SEVERITIES.flatMap((severity) => others.filter((diagnostic) => diagnostic.severity === severity)),
  ]
  const chosen = new Set(ranked.slice(0, limit))
  return all.filter((diagnostic) => chosen.has(diagnostic))
}

function countOf(diagnostics: readonly Diagnostic[], severity: Severity): number {
  return diagnostics.filter((diagnostic) => diagnostic.severity === severity).length
}

function renderOne(diagnostic: Diagnostic, paint: Paint): string {
  const { severity, code, file, line, message, help, includedFrom, expandedFrom, excerpt, fix } = diagnostic
  const place = placeOf(diagnostic)
  const head = `${paint('bold', place)}: ${paint(severity, NAMES[severity])}: ${paint('bold', printable(message))} ${paint('faint', `[${code}]`)}`
  const lines = [head]
  const gutter = ' '.repeat(String(line ?? '').length)
  const bar = paint('faint', '|')
  if (excerpt !== undefined) {
    // Tabs are repeated, so that the caret stands under its word whatever their width.
    const lead = excerpt.text.slice(0, excerpt.before).replaceAll(/[^\t]/g, ' ')
    lines.push(`  ${paint('faint', String(line ?? ''))} ${bar} ${excerpt.text}`)
    lines.push(`  ${gutter} ${bar} ${lead}${paint(severity, '^'.repeat(excerpt.length))}`)
  }
  for (const from of expandedFrom) lines.push(`  ${gutter} = in expansion of $${printable(from.name)}${whereDefined(from, file)}`)
  for (const from of includedFrom) lines.push(`  ${gutter} = included from ${printable(from.file)}:${from.line}`)
  if (help !== undefined) lines.push(`  ${gutter} = help: ${printable(help)}`)
  if (fix !== undefined) lines.push(`  ${gutter} = fix: ${printable(fix.title)} (check --fix)`)
  return `${lines.join('\n')}\n`
}

/** Where a diagnostic is: `FILE:LINE:COLUMN`, or, where its file is a program, `FILE: PROPERTY`. */
export function placeOf({ file, line, column, property }: Diagnostic): string {
  const path = printable(file)
  if (line !== undefined) return `${path}:${line}:${column ?? 1}`
  return property === undefined || property === '' ? path : `${path}: ${printable(property)}`
}

function whereDefined({ file, line }: ExpandedFrom, here: string): string {
  if (file === undefined || line === undefined) return ', which is predefined'
  return file === here ? `, defined at line ${line}` : `, defined at ${printable(file)}:${line}`
}
