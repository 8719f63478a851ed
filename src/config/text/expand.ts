/**
 * All lines of all files, in reading order, as tokens: includes, and what conditions, definitions,
 * references and sequences make of lines (line-expander.ts).
 */
import { hostname } from 'node:os'
import { Budget, MAX_EXPANSION_DEPTH } from './bounds.ts'
import { Definitions, nameOfLine } from './definitions.ts'
import { isSecretName } from '../diagnostics/mask.ts'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import { FileOpener, realDirectory } from './file-opener.ts'
import { FrameStack } from './frames.ts'
import type { Frame, Included, Iteration, OpenFile, Region, ValueLines } from './frames.ts'
import { GlobBudget } from './glob.ts'
import { ALL_CHECKS, INCLUDE_WORDS, NO_CHECKS, applyIncludeCheck, mergeChecks, resolveInclude } from './include.ts'
import { TokenKind, Tokens, cutMark, isBackslash, lexLine, withoutBlanks } from './lexer.ts'
import { LineExpander } from './line-expander.ts'
import type { LineReader } from './line-expander.ts'
import { findMainFiles } from './main-file.ts'
import { readPhysicalLine } from './physical-line.ts'
import { lexPlainLines } from './plain-lines.ts'
import { Source, decodeText, encodeText } from './source.ts'
import type { Expansion, Span } from './source.ts'
import { Trail } from './trail.ts'

const INCLUDE = /(include[rmwbea]?)(?:[ \t]+|$)/y
const LOWER_I = 105

/** What was read: tokens of all files in reading order. */
export interface Expanded {
  readonly tokens: Tokens
  /** Every file read, in order of first reading. */
  readonly files: readonly string[]
}

/** What a text depends on beyond itself. */
export interface ExpandOptions {
  /** What conditional lines name; this machine's name up to its first dot unless given. */
  readonly configId?: string | undefined
  /** Every include problem is an error, unless an `include_check` of the file says otherwise. */
  readonly allConfig?: boolean | undefined
}

/** A host name as the id of a configuration: up to its first dot. */
export function configIdOf(host: string): string {
  return host.split('.', 1)[0] ?? host
}

/** Reads the main file, or all that a pattern in its place matches, and what is included. `text` replaces the content of `file`. */
export function expand(file: string, text: string | undefined, diagnostics: Diagnostics, options: ExpandOptions = {}): Expanded {
  const checks = options.allConfig === true ? ALL_CHECKS : NO_CHECKS
  const opener = new FileOpener(diagnostics, checks)
  const expander = new Expander(opener, diagnostics, options.configId ?? configIdOf(hostname()))
  if (text === undefined) {
    for (const path of findMainFiles(file, diagnostics)) expander.read(opener.openMain(path))
  } else {
    expander.read(opener.open(encodeText(file), { text, identity: '' }, checks))
  }
  return { tokens: expander.tokens, files: opener.paths }
}

class Expander implements LineReader {
  readonly configId: string
  readonly budget = new Budget()
  readonly definitions: Definitions
  readonly tokens = new Tokens()
  readonly #trail = new Trail(this.tokens)
  readonly #stack = new FrameStack()
  readonly #patterns = new GlobBudget()
  readonly #opener: FileOpener
  readonly #lines: LineExpander
  readonly #diagnostics: Diagnostics

  constructor(opener: FileOpener, diagnostics: Diagnostics, configId: string) {
    this.#opener = opener
    this.#diagnostics = diagnostics
    this.configId = encodeText(configId)
    this.definitions = new Definitions({ configId: this.configId, directory: () => realDirectory(this.#stack.file?.directory ?? '.') })
    this.#lines = new LineExpander(this, diagnostics)
  }

  /** Reads a main file with all that it includes. */
  read(main: OpenFile | undefined): void {
    if (main !== undefined) this.#open(main)
    for (let { top } = this.#stack; top !== undefined; { top } = this.#stack) if (!this.#step(top)) this.#stack.pop()
  }

  #open(file: OpenFile): void {
    this.tokens.expect(file.source.text.length)
    this.#stack.push(file)
  }

  /** Reads on in what is open; false at its end. */
  #step(frame: Frame): boolean {
    if (frame.kind === 'file') return this.#readFile(frame)
    if (frame.kind === 'include') return this.#openIncluded(frame)
    const region = frame.kind === 'values' ? this.#valueLine(frame) : this.#repetition(frame)
    if (region === undefined) return false
    const { source, start, stop } = region
    if (this.budget.line(stop - start)) this.#readLine(region)
    else this.#lines.reportExhausted({ source, offset: start, length: stop - start })
    return true
  }

  #readFile(file: OpenFile): boolean {
    const { source, hasNul } = file
    source.markSecret(file.position, this.#trail.isSecret)
    this.tokens.use(source)
    file.position = lexPlainLines(this.tokens, source.text, hasNul, file.position, this.#trail)
    if (file.position >= source.text.length) return false
    source.markSecret(file.position, this.#trail.isSecret)
    const region = readPhysicalLine(file, this.#diagnostics)
    if (region !== undefined) this.#readLine(region)
    return true
  }

  #openIncluded(included: Included): boolean {
    if (included.next >= included.paths.length) return false
    const file = this.#opener.openNext(included, this.#stack.files)
    if (file !== undefined) this.#open(file)
    return true
  }

  /** The next line of a definition of several. */
  #valueLine(frame: ValueLines): Region | undefined {
    const { definition, expansion, others, ancestry } = frame
    const line = definition.lines[frame.next]
    if (line === undefined) return undefined
    const names = [nameOfLine(definition, frame.next++), ...others]
    const stop = line.endsWith('\\') ? withoutBlanks(line, 0, line.length - 1) : line.length
    return { source: this.makeLine(line, { ...expansion, names }), start: 0, stop, end: line.length, ancestry }
  }

  /** Sets the variables of a sequence to their next values. */
  #repetition({ names, values, definedAt, region }: Iteration): Region | undefined {
    const { done, value } = values.next()
    if (done === true) return undefined
    for (const [index, name] of names.entries()) this.definitions.set({ name, lines: [value[index] ?? ''], definedAt })
    return region
  }

  #readLine(region: Region): void {
    const { source, stop, end } = region
    const ending = this.#lines.read(region)
    const offset = cutMark(source.text, stop)
    if (ending === 'defined' || ending === 'lost' || offset >= end || !isBackslash(source.text, offset)) return
    const span = { source, offset, length: 1 }
    if (ending === 'read') {
      this.#diagnostics.error('line-continuation', span, 'a backslash does not continue a line', 'write the whole setting on one line')
    } else {
      const message = 'the condition drops this line alone: the line after it is read whatever the condition says'
      this.#diagnostics.warning('continuation-not-dropped', span, message, 'put the condition in front of that line too')
    }
  }

  continuation(): Region | undefined {
    const { top } = this.#stack
    if (top?.kind === 'values') return this.#valueLine(top)
    if (top?.kind !== 'file') return undefined
    const { source } = top
    if (top.position >= source.text.length) {
      if (this.#stack.files.length > 1) {
        const span = { source, offset: withoutBlanks(source.text, 0, source.text.length) - 1, length: 1 }
        const message = 'the definition ends with its file; keepalived 2.2.7 goes on with the line after the include'
        this.#diagnostics.info('differs-from-keepalived', span, message, 'leave out the backslash of its last line')
      }
      return undefined
    }
    // What the value will be is not known: nothing of it is shown.
    source.markSecret(top.position, true)
    return readPhysicalLine(top, this.#diagnostics)
  }

  makeLine(text: string, from: Expansion): Source {
    const source = Source.expanded(text, from)
    source.markSecret(0, this.#trail.isSecret || from.names.some(({ name }) => isSecretName(name)))
    return source
  }

  push(frame: ValueLines | Iteration, where: Span): boolean {
    if (this.#stack.depth < MAX_EXPANSION_DEPTH) {
      this.#stack.push(frame)
      return true
    }
    const message = `more than ${MAX_EXPANSION_DEPTH} sequences and definitions of several lines are nested; the rest of this line is given up`
    this.#diagnostics.error('expansion-too-deep', where, message)
    this.#stack.unwindToFile()
    return false
  }

  stopExpanding(): void {
    this.#stack.dropExpansions()
  }

  readWords(source: Source, start: number, stop: number): number {
    const { text } = source
    if (text.charCodeAt(start) === LOWER_I) {
      const line = text.slice(start, stop)
      INCLUDE.lastIndex = 0
      const found = INCLUDE.exec(line)
      if (found !== null) {
        this.#include({ source, offset: start, length: line.length }, found[1] ?? '', line.slice(INCLUDE.lastIndex))
        return stop
      }
    }
    this.tokens.use(source)
    const before = this.tokens.count
    const next = lexLine(this.tokens, source, start, stop)
    this.#takeNotice(before)
    this.#trail.follow(before)
    return next
  }

  #include(line: Span, word: string, pattern: string): void {
    const { file } = this.#stack
    const keyword = { ...line, length: word.length }
    if (pattern === '' || file === undefined) {
      return this.#diagnostics.error('missing-name', keyword, `'${word}' takes a file name or pattern`)
    }
    const where = { ...line, offset: line.offset + line.length - pattern.length, length: pattern.length }
    const checks = mergeChecks(file.checks, INCLUDE_WORDS.get(word) ?? ALL_CHECKS)
    const plain = pattern.replaceAll(/\\([#!])/g, '$1')
    const paths = resolveInclude(plain, file.directory, checks, where, this.#diagnostics, this.#patterns)
    return this.#stack.push({ kind: 'include', paths, next: 0, checks, where })
  }

  /** What a line means before anything is known about keywords: `include_check`, and marks that keepalived reads differently. */
  #takeNotice(first: number): void {
    const { tokens } = this
    const { file } = this.#stack
    if (
      file !== undefined &&
      this.#trail.isGlobalDefs &&
      tokens.kind(first) <= TokenKind.Quoted &&
      tokens.text(first) === 'include_check'
    ) {
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
