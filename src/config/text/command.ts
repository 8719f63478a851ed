/** The second reading of a line, for commands (language.md §1.1): both quotes, joined parts, escapes. */

import { isBlank } from './lexer.ts'

/** Words of a line, or why it has none. */
export type CommandWords =
  | { readonly words: readonly string[] }
  | { readonly problem: 'open-quote'; readonly quote: string }
  | { readonly problem: 'open-escape' }

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['E', '\u001b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])

/**
 * Splits a line into words: `"` and `'` delimit, adjacent quoted and unquoted parts join, a backslash
 * protects the next character.
 *
 * @param line one character per octet
 * @param escapes `keep` leaves backslashes in the words for a further reading, `decode` resolves them
 */
export function splitCommand(line: string, escapes: 'keep' | 'decode'): CommandWords {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (let at = 0; at < line.length;) {
    const char = line.charAt(at)
    if (char === '\\') {
      if (at + 1 >= line.length) return { problem: 'open-escape' }
      const escape = escapes === 'decode' ? decodeEscape(line, at) : { text: line.slice(at, at + 2), length: 2 }
      word = (word ?? '') + escape.text
      at += escape.length
      continue
    }
    at++
    if (char === quote) {
      quote = undefined
    } else if (quote === undefined && (char === '"' || char === "'")) {
      quote = char
      word ??= ''
    } else if (quote === undefined && isBlank(char.charCodeAt(0))) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + char
    }
  }
  if (quote !== undefined) return { problem: 'open-quote', quote }
  if (word !== undefined) words.push(word)
  return { words }
}

/** `\n` and its like, one to three octal digits, `\xHH`, `\cC`, and any other character for itself. */
function decodeEscape(line: string, at: number): { text: string; length: number } {
  const number = /^\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2}))/.exec(line.slice(at, at + 4))
  if (number !== null) {
    const [matched, octal, hex = ''] = number
    const code = octal === undefined ? Number.parseInt(hex, 16) : Number.parseInt(octal, 8)
    return { text: String.fromCharCode(code & 0xff), length: matched.length }
  }
  const next = line.charAt(at + 1)
  if (next === 'c' && at + 2 < line.length) return { text: String.fromCharCode(line.charCodeAt(at + 2) & 0x1f), length: 3 }
  return { text: NAMED_ESCAPES.get(next) ?? next, length: 2 }
}
