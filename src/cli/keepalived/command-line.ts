/** A command line without subcommand, read as keepalived reads its own. */
import { readOptions } from './getopt.ts'
import type { Found } from './getopt.ts'
import type { KeepalivedOption } from './option.ts'
import { KEEPALIVED_OPTIONS } from './options.ts'
import { DEFAULT_SETTINGS } from './settings.ts'
import type { Settings } from './settings.ts'
import { signalNumber } from './signals.ts'

/** What a command line asks for. */
export type Wanted =
  | { readonly kind: 'run'; readonly settings: Settings }
  | { readonly kind: 'test'; readonly settings: Settings; readonly file?: string }
  | { readonly kind: 'help' | 'version' }
  /** The options of genhash. */
  | { readonly kind: 'genhash'; readonly args: readonly string[] }
  /** Nothing more than what is said. */
  | { readonly kind: 'end'; readonly status: number }

/** A command line, and what is to be said about it before anything else. */
export interface CommandLine {
  readonly wanted: Wanted
  /** Lines for standard output. */
  readonly output: readonly string[]
  /** Lines for standard error. */
  readonly problems: readonly string[]
}

const FAILED: Wanted = { kind: 'end', status: 1 }

/** Reads the words behind the program's name. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const output: string[] = []
  const problems: string[] = []
  const words: string[] = []
  const settings = { ...DEFAULT_SETTINGS }
  for (const [index, found] of readOptions(args, KEEPALIVED_OPTIONS).entries()) {
    if (found.kind === 'rest') {
      return { wanted: { kind: 'genhash', args: found.args }, output: [], problems: index === 0 ? [] : [ignoredBefore(found.name)] }
    } else if (found.kind === 'word') {
      words.push(found.text)
    } else if (found.kind === 'option') {
      const { option, value } = found
      if (option.kind === 'help' || option.kind === 'version') return { wanted: { kind: option.kind }, output, problems }
      if (option.kind === 'signal number') return tellSignal(value ?? '', { output, problems })
      Object.assign(settings, changeOf(option, settings, value))
    } else {
      problems.push(describe(found))
    }
  }
  if (words.length > 0) output.push(`Unexpected argument(s): ${words.join(' ')} `)
  if (problems.length > 0) return { wanted: FAILED, output, problems }
  const wanted: Wanted = settings.test === undefined ? { kind: 'run', settings } : { kind: 'test', settings, ...settings.test }
  return { wanted, output, problems: settings.mistakes.map(({ text }) => text) }
}

function changeOf(option: KeepalivedOption, settings: Settings, value: string | undefined): Partial<Settings> {
  if (option.kind === 'setting') return option.set(settings, value)
  if (option.kind === 'no effect') return { remarks: [...settings.remarks, `${nameOf(option)} has no effect: ${option.reason}`] }
  return {}
}

/** keepalived's sentence, which has the long name without its dashes. */
function ignoredBefore(name: string): string {
  return `Warning -- \`${name.replace(/^--/, '')}\` not used as first option, previous options ignored`
}

/** keepalived's sentences. */
function describe(found: Exclude<Found<KeepalivedOption>, { kind: 'option' | 'word' | 'rest' }>): string {
  return found.kind === 'unknown' ? `Unknown option ${found.text}` : `Missing parameter for option ${found.text}`
}

function tellSignal(name: string, { output, problems }: Omit<CommandLine, 'wanted'>): CommandLine {
  const number = signalNumber(name)
  if (number === undefined) return { wanted: FAILED, output, problems: [...problems, `Unknown sigfunc ${name}`] }
  return { wanted: { kind: 'end', status: 0 }, output: [...output, `${number}`], problems }
}

function nameOf({ short, long }: KeepalivedOption): string {
  return long === undefined ? `-${short ?? ''}` : `--${long}`
}
