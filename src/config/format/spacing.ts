/**
 * Blanks between words: made fewer only where both readings of a line (language.md §1 and §1.1) see them
 * between words.
 */
import { isBlank } from '../text/lexer.ts'

/** Words with one blank for each run of blanks and tabs between them; `undefined` where a word of the second reading has no end. */
export function respace(words: string): string | undefined {
  let isQuoted = false
  let isEscaped = false
  let quote: string | undefined
  let spaced = ''
  for (let at = 0; at < words.length;) {
    const char = words.charAt(at)
    const run = isQuoted || quote !== undefined || isEscaped ? at : blanksEnd(words, at)
    if (run > at) {
      const blanks = words.slice(at, run)
      spaced += /[^ \t]/.test(blanks) ? blanks : ' '
      at = run
      continue
    }
    if (char === '"') isQuoted = !isQuoted
    if (!isEscaped && quote === undefined && (char === '"' || char === "'")) quote = char
    else if (!isEscaped && char === quote) quote = undefined
    isEscaped = !isEscaped && char === '\\'
    spaced += char
    at++
  }
  return isEscaped || quote !== undefined ? undefined : spaced
}

function blanksEnd(text: string, start: number): number {
  let end = start
  while (end < text.length && isBlank(text.charCodeAt(end))) end++
  return end
}
