/** `options.tsv`: every row of keepalived's table of options, in each way to write it, with what it shall do. */
import { readFileSync } from 'node:fs'

/** What a program does with a command line. */
export interface Outcome {
  readonly status: number
  /** First line of standard output. */
  readonly output: string
  /** First line of standard error. */
  readonly problem: string
}

/** A command line, and what it shall do. */
export interface OptionRow {
  /** The row of the table of options that it is about: `short | long | argument`. */
  readonly row: string
  readonly args: readonly string[]
  /** What differs from the settings without options; absent where it is no start and no test. */
  readonly settings: Readonly<Record<string, unknown>> | undefined
  readonly ours: Outcome
  /** What keepalived 2.2.7 does; absent where it cannot be run, as it would change the machine. */
  readonly keepalived: Outcome | undefined
}

/** Files that command lines name. */
export type Places = Readonly<Record<'conf' | 'including' | 'missing' | 'log', string>>

/** All rows, with these files in them. */
export function optionRows(places: Places): readonly OptionRow[] {
  const text = readFileSync(new URL('options.tsv', import.meta.url), 'utf8')
  const filled = text.replaceAll(/\{(conf|including|missing|log)\}/g, (_, name: keyof Places) => places[name])
  return filled
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => readRow(line.split('\t')))
}

function readRow([
  row = '',
  words = '',
  settings = '',
  status = '',
  output = '',
  problem = '',
  keepalived = '',
]: readonly string[]): OptionRow {
  const ours = { status: Number(status), output, problem }
  return {
    row,
    args: words.split(' '),
    settings: settings === '' ? undefined : (JSON.parse(settings) as Record<string, unknown>),
    ours,
    keepalived: keepalived === 'not run' ? undefined : keepalived === 'same' ? ours : readOutcome(keepalived),
  }
}

function readOutcome(cell: string): Outcome {
  const [status = '', output = '', problem = ''] = cell.split('|')
  return { status: Number(status), output, problem }
}
