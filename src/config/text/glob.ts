/**
 * File patterns as glob(3) reads them: `*`, `?`, `[set]`, `\` escapes, and `{a,b}` alternatives.
 *
 * Node's own `fs.glob` starts with Node 22 and does not report which alternative matched nothing,
 * which the include rules need. Work is bounded: patterns come from configuration text. Patterns and
 * paths have one character per octet, as texts do: a file name need not be UTF-8.
 */
import { readdirSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { isLiteral, matches, readPart } from './glob-part.ts'

/** What one brace alternative (or a whole pattern without braces) matched, in glob order. */
export interface Alternative {
  readonly pattern: string
  readonly hasWildcard: boolean
  /** Paths, prefixed with the base directory when the pattern is relative. Empty: nothing matched. */
  readonly paths: readonly string[]
}

/** What a pattern matched. */
export interface GlobResult {
  readonly hasBraces: boolean
  readonly alternatives: readonly Alternative[]
  /** The pattern asked for more work than {@link MAX_ALTERNATIVES} or {@link MAX_ENTRIES} allow; the rest was not looked at. */
  readonly truncated: boolean
}

/** Brace alternatives expanded at most. */
export const MAX_ALTERNATIVES = 1024
/** Directory entries compared at most. */
export const MAX_ENTRIES = 100_000
/** Steps of such comparisons at most: a pattern of many stars takes many for a long name. */
const MAX_STEPS = 20_000_000

/** What is left of the bounds. */
interface Budget {
  entries: number
  steps: number
}

/** What all patterns of a configuration may ask for together: several times what one may. */
export class GlobBudget {
  #left: Budget = { entries: 10 * MAX_ENTRIES, steps: 10 * MAX_STEPS }

  /** What the next pattern may ask for. */
  take(): Budget {
    return { entries: Math.min(MAX_ENTRIES, this.#left.entries), steps: Math.min(MAX_STEPS, this.#left.steps) }
  }

  /** Counts what a pattern was given and did not leave. */
  spend(given: Budget, left: Budget): void {
    const { entries, steps } = this.#left
    this.#left = { entries: entries - given.entries + Math.max(0, left.entries), steps: steps - given.steps + Math.max(0, left.steps) }
  }
}

/** Expands a pattern; relative ones are looked up in `base`. */
export function glob(pattern: string, base: string, shared: GlobBudget = new GlobBudget()): GlobResult {
  const patterns = expandBraces(pattern)
  const given = shared.take()
  const budget: Budget = { ...given }
  const alternatives = patterns.slice(0, MAX_ALTERNATIVES).map((alternative): Alternative => {
    const hasWildcard = /(?:^|[^\\])(?:\\\\)*[*?[]/.test(alternative)
    const paths = hasWildcard ? walk(alternative, base, budget) : existing(unescape(alternative), base)
    return { pattern: alternative, hasWildcard, paths }
  })
  shared.spend(given, budget)
  return {
    hasBraces: unescapedIndex(pattern, '{', 0) !== -1,
    alternatives,
    truncated: patterns.length > MAX_ALTERNATIVES || budget.entries <= 0 || budget.steps <= 0,
  }
}

/** All alternatives of a pattern, at most one more than {@link MAX_ALTERNATIVES}. An unpaired brace is plain text. */
function expandBraces(pattern: string): string[] {
  const done: string[] = []
  const open = [pattern]
  while (done.length <= MAX_ALTERNATIVES) {
    const next = open.pop()
    if (next === undefined) break
    const group = firstGroup(next)
    if (group === undefined) {
      done.push(next)
      continue
    }
    const { start, end, choices } = group
    for (const choice of choices.toReversed()) open.push(next.slice(0, start) + choice + next.slice(end))
  }
  return done
}

function firstGroup(pattern: string): { start: number; end: number; choices: string[] } | undefined {
  const start = unescapedIndex(pattern, '{', 0)
  if (start === -1) return undefined
  const choices: string[] = []
  let depth = 0
  let from = start + 1
  for (let at = start; at < pattern.length; at++) {
    const char = pattern[at]
    if (char === '\\') {
      at++
    } else if (char === '{') {
      depth++
    } else if (depth === 1 && (char === ',' || char === '}')) {
      choices.push(pattern.slice(from, at))
      from = at + 1
      if (char === '}') return { start, end: at + 1, choices }
    } else if (char === '}') {
      depth--
    }
  }
  return undefined
}

function unescapedIndex(text: string, wanted: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === wanted) return at
  }
  return -1
}

/** A path as the system takes it. */
export function systemPath(path: string): Buffer {
  return Buffer.from(path, 'latin1')
}

function existing(path: string, base: string): string[] {
  const full = isAbsolute(path) ? path : join(base, path)
  return status(full) === undefined ? [] : [full]
}

/** Whatever stands in the way (no such file, a loop of links, no permission), there is nothing to match. */
function status(path: string): Stats | undefined {
  try {
    return statSync(systemPath(path))
  } catch {
    return undefined
  }
}

function walk(pattern: string, base: string, budget: Budget): string[] {
  const names = pattern.split('/').filter((name) => name !== '')
  let found = [isAbsolute(pattern) ? '/' : base]
  for (const name of names) {
    const part = readPart(name)
    found = found.flatMap((directory) => {
      if (isLiteral(part)) return existing(String.fromCharCode(...part), directory)
      return entries(directory)
        .filter((entry) => budget.entries-- > 0 && budget.steps > 0 && matches(part, entry, budget))
        .map((entry) => join(directory, entry))
    })
  }
  return pattern.endsWith('/') ? found.filter((path) => status(path)?.isDirectory()) : found
}

function entries(directory: string): string[] {
  try {
    return readdirSync(systemPath(directory), 'latin1').sort()
  } catch {
    // Not a directory, or not ours to read: glob(3) finds nothing there.
    return []
  }
}

function unescape(pattern: string): string {
  return pattern.replaceAll(/\\(.)/g, '$1')
}
