/** The include family (language.md §4): which problems are errors, and reading the files. */
import { constants, accessSync, readFileSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { glob, systemPath } from './glob.ts'
import type { GlobBudget } from './glob.ts'
import { decodeText } from './source.ts'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import type { Span } from './source.ts'

/** Which include problems are errors; the others are only reported. Named after the words of `include_check`. */
export interface IncludeChecks {
  /** A file that is unreadable, not a plain file, or executable. */
  readonly read: boolean
  /** A pattern without wildcards that matches nothing. */
  readonly match: boolean
  /** A wildcard pattern that matches nothing. */
  readonly wildcardMatch: boolean
  /** A brace alternative that matches nothing. */
  readonly braceMatch: boolean
}

export const NO_CHECKS: IncludeChecks = { read: false, match: false, wildcardMatch: false, braceMatch: false }
export const ALL_CHECKS: IncludeChecks = { read: true, match: true, wildcardMatch: true, braceMatch: true }

/** The checks that each include word makes by itself. */
export const INCLUDE_WORDS: ReadonlyMap<string, IncludeChecks> = new Map([
  ['include', NO_CHECKS],
  ['includer', { ...NO_CHECKS, read: true }],
  ['includem', { ...NO_CHECKS, read: true, match: true }],
  ['includew', { ...ALL_CHECKS, braceMatch: false }],
  ['includeb', { ...NO_CHECKS, read: true, braceMatch: true }],
  ['includea', ALL_CHECKS],
])

const CHECK_WORDS: ReadonlyMap<string, keyof IncludeChecks> = new Map([
  ['read', 'read'],
  ['match', 'match'],
  ['wildcard_match', 'wildcardMatch'],
  ['brace_match', 'braceMatch'],
])

/** The words that `include_check` knows. */
export const INCLUDE_CHECK_WORDS: readonly string[] = [...CHECK_WORDS.keys()]

/**
 * Applies the words of an `include_check` line to the checks in force.
 *
 * Bare means all. A plain word sets, `+word` adds, `-word` removes; only the first word may set, and with
 * any word that sets come the checks of `read`, as with the include words.
 *
 * @returns the new checks, and the words that were not understood or come too late to set
 */
export function applyIncludeCheck(words: readonly string[], before: IncludeChecks): { checks: IncludeChecks; rejected: readonly string[] } {
  if (words.length === 0) return { checks: ALL_CHECKS, rejected: [] }
  const rejected: string[] = []
  const checks = { ...(isChange(words[0] ?? '') ? before : NO_CHECKS) }
  for (const [index, word] of words.entries()) {
    const check = CHECK_WORDS.get(isChange(word) ? word.slice(1) : word)
    if (check === undefined || (index > 0 && !isChange(word))) {
      rejected.push(word)
    } else {
      checks[check] = !word.startsWith('-')
      if (!isChange(word)) checks.read = true
    }
  }
  return { checks, rejected }
}

function isChange(word: string): boolean {
  return word.startsWith('+') || word.startsWith('-')
}

/** Either of two sets of checks. */
export function mergeChecks(one: IncludeChecks, other: IncludeChecks): IncludeChecks {
  return {
    read: one.read || other.read,
    match: one.match || other.match,
    wildcardMatch: one.wildcardMatch || other.wildcardMatch,
    braceMatch: one.braceMatch || other.braceMatch,
  }
}

/** The files an include pattern names, problems reported at `where`. Pattern and paths have one character per octet. */
export function resolveInclude(
  pattern: string,
  base: string,
  checks: IncludeChecks,
  where: Span,
  diagnostics: Diagnostics,
  budget: GlobBudget,
): string[] {
  const shown = decodeText(pattern)
  const { alternatives, hasBraces, truncated } = glob(pattern, base, budget)
  if (truncated) diagnostics.error('too-many-files', where, `'${shown}' stands for too many files`, 'name the files more exactly')
  const paths = alternatives.flatMap((alternative) => alternative.paths)
  const missing = alternatives.filter((alternative) => !alternative.hasWildcard && alternative.paths.length === 0)
  for (const alternative of missing) {
    const name = decodeText(alternative.pattern)
    if (hasBraces) {
      const message = `there is no file '${name}', one alternative of the braces`
      reportMissing(checks.braceMatch, where, message, diagnostics, 'it is skipped; includeb makes this an error')
    } else {
      const quotes = name.includes('"') ? 'the rest of the line is the pattern as it stands: leave the quotes out' : undefined
      reportMissing(checks.match, where, `there is no file '${name}'`, diagnostics, quotes ?? 'it is skipped; includem makes this an error')
    }
  }
  // Wildcards may match nothing as long as the pattern as a whole matches something.
  if (paths.length === 0 && missing.length === 0 && checks.wildcardMatch)
    diagnostics.error('include-failed', where, `no file matches '${shown}'`)
  return paths
}

function reportMissing(isError: boolean, where: Span, message: string, diagnostics: Diagnostics, help: string): void {
  if (isError) diagnostics.error('include-failed', where, message, help.startsWith('it is skipped') ? undefined : help)
  else diagnostics.warning('include-skipped', where, message, help)
}

/** A file as read: its text (one character per octet) and an identity that survives other spellings of its path. */
export interface ReadFile {
  readonly text: string
  readonly identity: string
}

/** Why a file is not read, in words that continue its name. */
export interface ReadProblem {
  readonly problem: string
  /** It is too large for what is left of a bound, which is no fault of its own. */
  readonly isBound: boolean
}

/** Reads a configuration file, or says why it may not be read. The path has one character per octet. */
export function readConfigurationFile(path: string, limitBytes: number): ReadFile | ReadProblem {
  try {
    const file = systemPath(path)
    const stats = statSync(file)
    const problem = unsuitable(stats)
    if (problem !== undefined) return { problem, isBound: false }
    if (stats.size > limitBytes) return { problem: `is larger than the ${limitBytes} octets that are left`, isBound: true }
    accessSync(file, constants.R_OK)
    return { text: readFileSync(file, 'latin1'), identity: `${stats.dev}:${stats.ino}` }
  } catch (error) {
    return { problem: describeReadFailure(error), isBound: false }
  }
}

function unsuitable(stats: Stats): string | undefined {
  return describeIrregular(stats) ?? ((stats.mode & 0o111) === 0 ? undefined : 'is executable')
}

/** What is there in place of a regular file, in words that continue its name; absent where it is one. */
export function describeIrregular(stats: Stats): string | undefined {
  if (stats.isDirectory()) return 'is a directory'
  return stats.isFile() ? undefined : 'is not a regular file'
}

/** Why a file cannot be read, in words that continue its name. */
export function describeReadFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  if (code === 'ENOENT') return 'does not exist'
  return code === 'EACCES' ? 'may not be read (permission denied)' : `cannot be read (${code})`
}
