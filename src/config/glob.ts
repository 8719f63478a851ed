/**
 * File patterns as glob(3) reads them: `*`, `?`, `[set]`, `\` escapes, and `{a,b}` alternatives.
 *
 * Node's own `fs.glob` starts with Node 22 and does not report which alternative matched nothing,
 * which the include rules need. Work is bounded: patterns come from configuration text.
 */
import { readdirSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

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

/** Expands a pattern; relative ones are looked up in `base`. */
export function glob(pattern: string, base: string): GlobResult {
  const patterns = expandBraces(pattern)
  const budget = { entries: MAX_ENTRIES }
  const alternatives = patterns.slice(0, MAX_ALTERNATIVES).map((alternative): Alternative => {
    const hasWildcard = /(?:^|[^\\])(?:\\\\)*[*?[]/.test(alternative)
    const paths = hasWildcard ? walk(alternative, base, budget) : existing(unescape(alternative), base)
    return { pattern: alternative, hasWildcard, paths }
  })
  return {
    hasBraces: patterns.length > 1 || patterns[0] !== pattern,
    alternatives,
    truncated: patterns.length > MAX_ALTERNATIVES || budget.entries <= 0,
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

function existing(path: string, base: string): string[] {
  const full = isAbsolute(path) ? path : join(base, path)
  try {
    statSync(full)
    return [full]
  } catch {
    // Whatever stands in the way (no such file, a loop of links, no permission), nothing is matched.
    return []
  }
}

function walk(pattern: string, base: string, budget: { entries: number }): string[] {
  const parts = pattern.split('/').filter((part) => part !== '')
  let found = [isAbsolute(pattern) ? '/' : base]
  for (const part of parts) {
    found = found.flatMap((directory) => {
      if (!/[*?[\\]/.test(part)) return existing(part, directory)
      return entries(directory)
        .filter((name) => budget.entries-- > 0 && (!name.startsWith('.') || part.startsWith('.')) && matches(part, name))
        .map((name) => join(directory, name))
    })
  }
  return found
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch {
    // Not a directory, or not ours to read: glob(3) finds nothing there.
    return []
  }
}

/** Whether one file name matches one pattern part; linear in practice, never exponential. */
function matches(pattern: string, name: string): boolean {
  let at = 0
  let inName = 0
  let starAt = -1
  let starInName = 0
  while (inName < name.length) {
    const step = at < pattern.length && pattern[at] !== '*' ? matchOne(pattern, at, name.charAt(inName)) : 0
    if (step > 0) {
      at += step
      inName++
    } else if (pattern[at] === '*') {
      starAt = at++
      starInName = inName
    } else if (starAt !== -1) {
      at = starAt + 1
      inName = ++starInName
    } else {
      return false
    }
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

/** How many characters of the pattern match this character: 0 when they do not. */
function matchOne(pattern: string, at: number, char: string): number {
  const code = pattern[at]
  if (code === '?') return 1
  if (code === '[') {
    const set = /^\[([!^]?)(\]?[^\]]*)\]/.exec(pattern.slice(at))
    if (set !== null) return inSet(set[2] ?? '', char) === (set[1] === '') ? set[0].length : 0
  }
  if (code === '\\' && at + 1 < pattern.length) return pattern[at + 1] === char ? 2 : 0
  return code === char ? 1 : 0
}

function inSet(set: string, char: string): boolean {
  for (let at = 0; at < set.length; at++) {
    const from = set.charAt(at)
    if (set[at + 1] === '-' && at + 2 < set.length) {
      if (from <= char && char <= set.charAt(at + 2)) return true
      at += 2
    } else if (from === char) {
      return true
    }
  }
  return false
}

function unescape(pattern: string): string {
  return pattern.replaceAll(/\\(.)/g, '$1')
}
