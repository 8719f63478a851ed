/** `ka-native fmt`: lays configuration files out anew. What they mean stays the same. */
import { readFileSync } from 'node:fs'
import { formatText } from '../config/format/format.ts'
import { loadConfig } from '../config/load.ts'
import { kindOfFile } from '../config/load-file.ts'
import { counted, renderEach } from '../config/diagnostics/render.ts'
import type { Diagnostic } from '../config/diagnostics/diagnostic.ts'
import { printable } from '../config/diagnostics/printable.ts'
import { decodeText, encodeText } from '../config/text/source.ts'
import { describeFailure, rewriteFile } from './rewrite.ts'

/** Stands for standard input in place of a file. */
const STANDARD_INPUT = '-'

/** A file differs from its layout. */
const EXIT_DIFFERS = 1
/** A file could not be read, understood or written. */
const EXIT_FAILED = 2

/** What `fmt` is asked. */
export interface FmtOptions {
  /** Paths; {@link STANDARD_INPUT} stands for standard input. */
  readonly files: readonly string[]
  /** `print` the one file there is, `write` all of them, or `check` which ones would change. */
  readonly mode: 'print' | 'write' | 'check'
  /** One level of indentation; four blanks unless given. */
  readonly indent?: string
  /** ANSI colours in {@link FmtResult.problems}. */
  readonly color?: boolean
}

/** What `fmt` answers. */
export interface FmtResult {
  /** For standard output, one character per octet. */
  readonly output: string
  /** For standard error. */
  readonly problems: string
  readonly exitCode: number
}

/** A file laid out, or why it is not. */
type Attempt = { readonly before: string; readonly text: string } | { readonly problem: string }

/** Formats files. One that cannot be formatted does not keep the others from it. */
export function runFmt({ files, mode, indent, color = false }: FmtOptions): FmtResult {
  let output = ''
  let problems = ''
  let exitCode = 0
  for (const file of files) {
    const name = printable(file === STANDARD_INPUT ? '<stdin>' : file)
    const attempt = attemptOn(file, name, indent, color)
    const problem = 'problem' in attempt ? attempt.problem : finish(mode, file, name, attempt)
    if (problem !== undefined) {
      problems += problem
      exitCode = EXIT_FAILED
    } else if ('text' in attempt) {
      const differs = attempt.text !== attempt.before
      if (mode === 'print') output += attempt.text
      else if (differs) output += encodeText(mode === 'write' ? `formatted ${name}\n` : `${name}\n`)
      if (mode === 'check' && differs) exitCode = Math.max(exitCode, EXIT_DIFFERS)
    }
  }
  return { output, problems, exitCode }
}

function attemptOn(file: string, name: string, indent: string | undefined, color: boolean): Attempt {
  if (file !== STANDARD_INPUT && kindOfFile(file) !== 'conf') {
    return { problem: `ka-native: ${name} is left as it is: its name says that it is no keepalived.conf\n` }
  }
  try {
    const before = readFileSync(file === STANDARD_INPUT ? 0 : file, 'latin1')
    const { text, diagnostics } = formatText(name, before, indent === undefined ? {} : { indent })
    if (text !== undefined) return { before, text }
    const reasons = explain(name, before, [...diagnostics])
    return { problem: `${renderEach(reasons, color)}\n${name}: not formatted, ${counted(reasons.length, 'error')}\n` }
  } catch (error) {
    return { problem: `ka-native: ${name} cannot be read: ${describeFailure(error)}\n` }
  }
}

/** Why a file is refused, as `check` says it: that knows which blocks there are, and where a brace was probably forgotten. */
function explain(name: string, octets: string, found: readonly Diagnostic[]): readonly Diagnostic[] {
  const { diagnostics } = loadConfig({ file: name, text: decodeText(octets) })
  const known = [...diagnostics].filter(({ code, file }) => file === name && found.some((reason) => sameMatter(reason.code, code)))
  return known.length > 0 ? known : found
}

function sameMatter(one: string, other: string): boolean {
  return one === other || (one.endsWith('-brace') && other.endsWith('-brace'))
}

/** Writes the file where that is asked for and its text has changed; why it could not. */
function finish(
  mode: FmtOptions['mode'],
  file: string,
  name: string,
  { before, text }: { before: string; text: string },
): string | undefined {
  if (mode !== 'write' || text === before) return undefined
  const problem = rewriteFile(file, text)
  return problem === undefined ? undefined : `ka-native: ${name} cannot be written: ${problem}\n`
}
