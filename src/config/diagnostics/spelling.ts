/** Which word was meant: the nearest spelling. */

/** Longer words are no misspelt keywords; it also bounds the comparison. */
const LONGEST = 48

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

/** Characters that editors and web pages put in place of plain ones. */
const LOOKALIKES: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/[\u00a0\u2007\u202f]/, 'a no-break space, which separates no words: type a blank'],
  [/[\u200b-\u200d\u2060\ufeff]/, 'a character that cannot be seen: type the word anew'],
  [/[\u2018-\u201f\u00ab\u00bb]/, 'a typographic quote, which quotes nothing: type a plain one'],
  [/[\u2010-\u2015\u2212]/, 'a dash that is no plain one: type `-`'],
  [/;$/, 'a semicolon, which ends no line here: leave it out'],
]

/** What a word holds that only looks like a plain character, as help; absent when nothing does. */
export function lookalikeHelp(word: string): string | undefined {
  const found = LOOKALIKES.find(([pattern]) => pattern.test(word))
  return found === undefined ? undefined : `the word holds ${found[1]}`
}

/** A name after a dollar sign; those that start with an underscore are predefined. */
const REFERENCE = /\$(?:\{([A-Za-z]\w*)\}|([A-Za-z]\w*))([^ \t,)])?/

/**
 * Says why a reference was not replaced, in front of other help; absent when the word holds none.
 *
 * @param isDefined whether a definition of a name was read
 */
export function referenceHelp(word: string, isDefined: (name: string) => boolean, help: string | undefined): string | undefined {
  const [matched, braced, plain, next] = REFERENCE.exec(word) ?? []
  const name = braced ?? plain
  if (matched === undefined || name === undefined) return undefined
  const isOpen = braced === undefined && next !== undefined
  if (isDefined(name) && !isOpen) return undefined
  const reason = isDefined(name)
    ? `a name that other characters follow is written \`\${${name}}\``
    : `no definition of \`$${name}\` is read above this line`
  return help === undefined ? reason : `${reason}; ${help}`
}
