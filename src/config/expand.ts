/**
 * All lines of all files, in reading order, as tokens: `include` and its relatives.
 *
 * Definitions, sequences and conditional lines belong here too; until they are read, a line that uses
 * one is an error (unsupported.ts).
 */
import { dirname } from 'node:path'
import { ALL_CHECKS, INCLUDE_WORDS, NO_CHECKS, applyIncludeCheck, mergeChecks, readConfigurationFile, resolveInclude } from './include.ts'
import { TokenKind, Tokens, contentEnd, cutMark, isBackslash, lexLine } from './lexer.ts'
import { findMainFiles } from './main-file.ts'
import { Source, decodeText, encodeText, lineEnd } from './source.ts'
import { Trail } from './trail.ts'
import { continuationEnd, findExpansion, findReference, mayHaveReferences } from './unsupported.ts'
import type { Diagnostics } from './diagnostic.ts'
import type { IncludeChecks, ReadFile } from './include.ts'
import type { Span } from './source.ts'

/** Octets of a line, its line end aside: keepalived's buffer. */
export const MAX_LINE_OCTETS = 1023
/** Files read at most, the same file counted each time. */
export const MAX_FILES = 10_000
/** Octets read at most, over all files. */
export const MAX_OCTETS: number = 128 * 1024 * 1024

const INCLUDE = /(include[rmwbea]?)(?:[ \t]+|$)/y
const LOWER_I = 105

/** What was read: tokens of all files in reading order. */
export interface Expanded {
  readonly tokens: Tokens
  /** Every file read, in order of first reading. */
  readonly files: readonly string[]
}

/** A file being read, with the files that its current include line still has to bring in. */
interface OpenFile {
  readonly source: Source
  readonly sourceId: number
  readonly identity: string
  /** Of the file, one character per octet: relative patterns start there. */
  readonly directory: string
  readonly hasReferences: boolean
  position: number
  checks: IncludeChecks
  pending: { readonly paths: readonly string[]; next: number; readonly checks: IncludeChecks; readonly where: Span } | undefined
}

/** Reads the main file, or all that a pattern in its place matches, and what is included. `text` replaces the content of `file`. */
export function expand(file: string, text: string | undefined, diagnostics: Diagnostics): Expanded {
  const expansion = new Expansion(diagnostics)
  if (text !== undefined) {
    expansion.open(encodeText(file), { text, identity: '' }, NO_CHECKS)
    return expansion.run([])
  }
  return expansion.run(findMainFiles(file, diagnostics))
}

class Expansion {
  readonly #tokens = new Tokens()
  readonly #trail = new Trail(this.#tokens)
  readonly #stack: OpenFile[] = []
  readonly #files = new Set<string>()
  readonly #diagnostics: Diagnostics
  #filesRead = 0
  #octetsLeft = MAX_OCTETS

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics
  }

  /** @param path one character per octet */
  open(path: string, { text, identity }: ReadFile, checks: IncludeChecks, includedFrom?: Span): void {
    const source = new Source(decodeText(path), text, includedFrom)
    // A byte order mark is no part of the first word.
    const position = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0
    if (position > 0) {
      const help = 'keepalived itself does not read such a file: save it as UTF-8 without a byte order mark'
      this.#diagnostics.warning('byte-order-mark', { source, offset: 0, length: 3 }, 'the file starts with a byte order mark', help)
    }
    source.markSecret(0, this.#trail.isSecret)
    this.#files.add(source.path)
    this.#octetsLeft -= text.length
    this.#filesRead++
    const sourceId = this.#tokens.enter(source)
    const hasReferences = mayHaveReferences(text)
    this.#stack.push({ source, sourceId, identity, directory: dirname(path), hasReferences, position, checks, pending: undefined })
  }

  /** Reads main files one after the other, and what is open already. */
  run(mainFiles: readonly string[]): Expanded {
    this.#finish()
    for (const path of mainFiles) {
      this.#openMain(path)
      this.#finish()
    }
    return { tokens: this.#tokens, files: [...this.#files] }
  }

  #openMain(path: string): void {
    const read = readConfigurationFile(path, this.#octetsLeft)
    if (!('problem' in read)) return this.open(path, read, NO_CHECKS)
    const file = decodeText(path)
    const missing = read.problem === 'does not exist'
    const message = `the configuration file '${file}' ${read.problem}`
    const help = read.problem === 'is executable' ? `take its execute permission away: chmod a-x ${file}` : undefined
    return this.#diagnostics.error(missing ? 'config-not-found' : 'config-unreadable', file, message, help)
  }

  #finish(): void {
    for (let top = this.#stack.at(-1); top !== undefined; top = this.#stack.at(-1)) {
      if (top.pending !== undefined) this.#openPending(top)
      else if (top.position < top.source.text.length) this.#readLine(top)
      else this.#close()
    }
  }

  #close(): void {
    this.#stack.pop()
    const parent = this.#stack.at(-1)
    if (parent === undefined) return
    this.#tokens.resume(parent.sourceId)
    parent.source.markSecret(parent.position, this.#trail.isSecret)
  }

  #openPending(parent: OpenFile): void {
    const { pending } = parent
    const path = pending?.paths[pending.next]
    if (pending === undefined || path === undefined) {
      parent.pending = undefined
      return
    }
    pending.next++
    if (this.#filesRead >= MAX_FILES) {
      parent.pending = undefined
      this.#diagnostics.error('too-many-files', pending.where, `more than ${MAX_FILES} files are included`)
      return
    }
    const read = readConfigurationFile(path, this.#octetsLeft)
    if ('problem' in read) {
      const message = `'${decodeText(path)}' ${read.problem}`
      if (pending.checks.read) this.#diagnostics.error('include-failed', pending.where, message)
      else this.#diagnostics.warning('include-skipped', pending.where, message, 'it is skipped; includer makes this an error')
    } else if (this.#stack.some(({ identity }) => identity === read.identity)) {
      const message = `'${decodeText(path)}' includes itself, directly or through other files`
      this.#diagnostics.error('circular-include', pending.where, message, this.#chain())
    } else {
      this.open(path, read, parent.checks, pending.where)
    }
  }

  #chain(): string {
    const paths = this.#stack.map(({ source }) => source.path)
    return `files being read here: ${paths.length > 6 ? [...paths.slice(0, 3), '...', ...paths.slice(-2)].join(' > ') : paths.join(' > ')}`
  }

  /** Reads one physical line, up to the first include in it. */
  #readLine(file: OpenFile): void {
    const { source } = file
    const { text } = source
    const start = file.position
    const newline = text.indexOf('\n', start)
    const stop = newline === -1 ? text.length : newline
    file.position = stop + 1
    const end = lineEnd(text, start, stop)
    if (end === start || !this.#isReadable(source, start, end)) return
    const content = contentEnd(source, start, end, this.#diagnostics)
    const mark = cutMark(text, content)
    const isContinued = isBackslash(text, mark)
    for (let at = start; at < content;) {
      const unsupported = findExpansion(source, at, content) ?? (file.hasReferences ? findReference(source, at, content) : undefined)
      if (unsupported !== undefined) {
        const { span, what } = unsupported
        this.#diagnostics.error('expansion-not-supported', span, `${what} are not supported yet: the line is ignored`)
        if (isContinued) file.position = continuationEnd(text, file.position)
        return
      }
      at = this.#readLogicalLine(file, at, content)
    }
    if (!isContinued) return
    const span = { source, offset: mark, length: 1 }
    this.#diagnostics.error('line-continuation', span, 'a backslash does not continue a line', 'write the whole setting on one line')
  }

  #isReadable(source: Source, start: number, end: number): boolean {
    if (end - start > MAX_LINE_OCTETS) {
      const message = `this line has ${end - start} octets, more than the ${MAX_LINE_OCTETS} a line can have; it is ignored`
      this.#diagnostics.error('line-too-long', { source, offset: start, length: end - start }, message)
      return false
    }
    const nul = source.text.slice(start, end).indexOf('\0')
    if (nul === -1) return true
    this.#diagnostics.error('nul-byte', { source, offset: start + nul, length: 1 }, 'this line holds a NUL byte; it is ignored')
    return false
  }

  /** Reads up to and including a brace, an include, or the end of the line; returns where the next logical line starts. */
  #readLogicalLine(file: OpenFile, start: number, stop: number): number {
    const { source } = file
    const { text } = source
    let first = start
    while (first < stop && (text.charCodeAt(first) === 32 || text.charCodeAt(first) === 9)) first++
    if (text.charCodeAt(first) === LOWER_I) {
      const line = text.slice(first, stop)
      INCLUDE.lastIndex = 0
      const found = INCLUDE.exec(line)
      if (found !== null) {
        this.#include(file, { source, offset: first, length: line.length }, found[1] ?? '', line.slice(INCLUDE.lastIndex))
        return stop
      }
    }
    const before = this.#tokens.count
    const next = lexLine(this.#tokens, source, first, stop)
    this.#takeNotice(file, before)
    this.#trail.follow(before)
    return next
  }

  #include(file: OpenFile, line: Span, word: string, pattern: string): void {
    const keyword = { ...line, length: word.length }
    if (pattern === '') return this.#diagnostics.error('missing-name', keyword, `'${word}' takes a file name or pattern`)
    const where = { ...line, offset: line.offset + line.length - pattern.length, length: pattern.length }
    const checks = mergeChecks(file.checks, INCLUDE_WORDS.get(word) ?? ALL_CHECKS)
    const plain = pattern.replaceAll(/\\([#!])/g, '$1')
    const paths = resolveInclude(plain, file.directory, checks, where, this.#diagnostics)
    file.pending = { paths, next: 0, checks, where }
  }

  /** What a line means before anything is known about keywords: `include_check`, and marks that keepalived reads differently. */
  #takeNotice(file: OpenFile, first: number): void {
    const tokens = this.#tokens
    if (this.#trail.isGlobalDefs && tokens.kind(first) <= TokenKind.Quoted && tokens.text(first) === 'include_check') {
      const words: string[] = []
      for (let at = first + 1; tokens.kind(at) <= TokenKind.Quoted; at++) words.push(decodeText(tokens.text(at)))
      // Changes count for the lines that follow in this file and in files included from there.
      file.checks = applyIncludeCheck(words, file.checks).checks
    }
    if (this.#trail.isInGlobalDefs) return
    for (let at = first; at < tokens.count; at++) {
      if (tokens.kind(at) !== TokenKind.EscapedWord) continue
      const message = 'a mark after a backslash is part of the word here; keepalived 2.2.7 ends the line there, outside global_defs'
      this.#diagnostics.info('differs-from-keepalived', tokens.span(at), message, 'put quotes around the word, without the backslash')
    }
  }
}
