/**
 * Secrets in what people see: the words of a line that may be a password or a key become asterisks.
 *
 * It goes by words, not by correct lines: a password is most often shown because its line is wrong. From
 * the first word that looks like the keyword of a secret, or in `authentication` and `auth_hmac` from the
 * second word, everything up to the end of the line is hidden, whatever quotes, braces or comments follow.
 */
import { nearest } from './spelling.ts'
import { blocksWith } from '../tables/suggest.ts'

/** Blocks of which every value is hidden. */
const SECRET_BLOCKS = ['authentication', 'auth_hmac'] as const
/** Keywords whose value is a secret, and what people write instead. */
const SECRET_KEYWORDS = ['auth_pass', 'auth_key', 'passphrase', 'password', 'passwd', 'pass', 'secret', 'key'] as const
const KEYWORDS_OF_SECRET_BLOCKS = ['auth_type', 'active_key', 'time_window', 'anti_replay', 'mode', ...SECRET_KEYWORDS] as const
/** Anywhere in a word: then the word and what follows is about a secret. */
const SECRET_STEM = /auth_?p[as]*|pass|psas|secret|pwd|(?:^|_)key(?![a-z])/i
const AUTHENTICATION_TYPES = ['PASS', 'AH', 'NONE', 'SIMPLE_PASSWORD'] as const

/** What is defined may become a secret where it is used. */
const DEFINITION = /\$[A-Za-z_]\w*=/
const LIST = /~LST[ \t]*\([^)]*/g

/** A word of a line, without its quotes. */
interface Part {
  readonly start: number
  readonly end: number
}

/** Whether the value of a definition of this name may be a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_STEM.test(name)
}

/** Whether a block of this name, or of a misspelling of it, holds secrets. */
export function isSecretBlock(name: string): boolean {
  return nearest(name, SECRET_BLOCKS) !== undefined
}

/**
 * A line as it may be shown: of the same length, secrets as asterisks.
 *
 * @param isSecret whether the line starts in a block of which every value is hidden
 */
export function maskLine(line: string, isSecret: boolean): string {
  const definition = DEFINITION.exec(line)
  const valueStart = definition === null ? line.length : definition.index + definition[0].length
  const words = line.slice(0, valueStart)
  const masked = maskWords(words, isSecret)
  // A list in front of the keyword of a secret is a list of secrets.
  return (masked === words ? masked : masked.replaceAll(LIST, hide)) + hide(line.slice(valueStart))
}

function maskWords(line: string, isSecret: boolean): string {
  let inside = isSecret
  let isFirst = true
  for (let at = 0; at < line.length;) {
    const char = line.charAt(at)
    if (char === '}') inside = false
    if (isSeparator(char)) {
      isFirst ||= '{}#!'.includes(char)
      at++
      continue
    }
    const part = partAt(line, at)
    const word = line.slice(part.start, part.end)
    if (isFirst && inside) return maskFrom(line, afterKeyword(line, part.start + keptOfKeyword(word), word))
    if (isFirst && isSecretBlock(word)) return maskBeforeBrace(line, line.charAt(part.end) === '"' ? part.end + 1 : part.end)
    if (looksSecret(word, isFirst)) return maskFrom(line, part.start + keptOfSecret(word))
    isFirst = false
    at = part.end + (char === '"' ? 1 : 0)
  }
  return line
}

function maskFrom(text: string, at: number): string {
  return text.slice(0, at) + hide(text.slice(at))
}

function hide(text: string): string {
  return text.replaceAll(/[^ \t]/g, '*')
}

/** A brace at the end is the one that opens the block. */
function maskBeforeBrace(line: string, at: number): string {
  const brace = line.trimEnd().length - 1
  return line.charAt(brace) === '{' ? maskFrom(line.slice(0, brace), at) + line.slice(brace) : maskFrom(line, at)
}

function isSeparator(char: string): boolean {
  return ' \t\n\v\f\r{}#!'.includes(char)
}

function partAt(line: string, start: number): Part {
  if (line.charAt(start) === '"') {
    const closing = line.indexOf('"', start + 1)
    return { start: start + 1, end: closing === -1 ? line.length : closing }
  }
  let end = start
  while (end < line.length && line.charAt(end) !== '"' && !isSeparator(line.charAt(end))) end++
  return { start, end }
}

function looksSecret(word: string, isFirst: boolean): boolean {
  return SECRET_STEM.test(word) || (isFirst && nearest(leadOf(word), ['auth_pass', 'password']) !== undefined)
}

/** How much of a word that looks like the keyword of a secret is no secret itself. */
function keptOfSecret(word: string): number {
  const lead = leadOf(word)
  if (isOneOf(SECRET_KEYWORDS, lead)) return lead.length
  const spelt = SECRET_KEYWORDS.find((keyword) => keyword.length > 4 && word.toLowerCase().startsWith(keyword))
  if (spelt !== undefined) return spelt.length
  if (nearest(lead, SECRET_KEYWORDS) !== undefined) return lead.length
  const stem = SECRET_STEM.exec(word)
  return stem === null ? 0 : stem.index + stem[0].length
}

/** How much of the first word of a line in a secret block is no secret: a password may stand there alone. */
function keptOfKeyword(word: string): number {
  if (blocksWith(word).length > 0) return word.length
  if (SECRET_STEM.test(word)) return keptOfSecret(word)
  const lead = leadOf(word)
  return nearest(lead, KEYWORDS_OF_SECRET_BLOCKS) === undefined ? 0 : lead.length
}

/** `auth_type` has a value that is none: it is kept where it resembles one that exists. */
function afterKeyword(line: string, at: number, keyword: string): number {
  const value = /^"?[ \t]+(\w+)/.exec(line.slice(at))
  if (keyword !== 'auth_type' || value === null) return at
  return nearest(value[1] ?? '', AUTHENTICATION_TYPES) === undefined ? at : at + value[0].length
}

/** Letters, dashes and underscores that a word starts with. */
function leadOf(word: string): string {
  return /^[A-Za-z_-]*/.exec(word)?.[0] ?? ''
}

function isOneOf(keywords: readonly string[], word: string): boolean {
  return keywords.includes(word.toLowerCase())
}
