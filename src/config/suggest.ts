/** Which keyword was meant: the nearest spelling, or the block where a keyword belongs. */
import { KNOWN } from './keywords/known.ts'
import type { KnownKeyword } from './keywords/known.ts'

/** Longer words are no misspelt keywords; it also bounds the comparison. */
const LONGEST = 48

interface KnownBlock {
  readonly keywords: ReadonlyMap<string, KnownKeyword>
}

const blocks = new Map<string, KnownBlock>()

/** The keywords of a block by name, option words and line grammars left out. */
export function keywordsOf(path: string): ReadonlyMap<string, KnownKeyword> {
  const found = blocks.get(path)
  if (found !== undefined) return found.keywords
  const rows = Object.hasOwn(KNOWN, path) ? (KNOWN[path] ?? []) : []
  const keywords = new Map(rows.filter(([name]) => !/[ (]/.test(name)).map(([name, ...known]) => [name, known] as const))
  blocks.set(path, { keywords })
  return keywords
}

/** The paths of all blocks that have this keyword. */
export function blocksWith(keyword: string): readonly string[] {
  return Object.keys(KNOWN).filter((path) => path !== '(language)' && path !== 'block' && keywordsOf(path).has(keyword))
}

/** The candidate that a word most probably misspells: at most a third of its letters differ. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(one: string, other: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      const replaced = (last[column - 1] ?? 0) + (same ? 0 : 1)
      let cost = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replaced)
      if (one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1] && row > 1 && column > 1) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1)
      }
      current.push(cost)
    }
    ;[beforeLast, last] = [last, current]
  }
  return last[other.length] ?? 0
}
