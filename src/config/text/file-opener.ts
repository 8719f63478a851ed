/** Files on their way into the reader: the main ones, and those of include lines, within bounds. */
import { realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { MAX_FILES, MAX_OCTETS } from './bounds.ts'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import type { Included, OpenFile } from './frames.ts'
import { systemPath } from './glob.ts'
import { NO_CHECKS, readConfigurationFile } from './include.ts'
import type { IncludeChecks, ReadFile } from './include.ts'
import { remove } from '../diagnostics/fix.ts'
import { Source, decodeText, encodeText } from './source.ts'
import type { Span } from './source.ts'

/** Opens files and remembers which. */
export class FileOpener {
  readonly #paths = new Set<string>()
  readonly #diagnostics: Diagnostics
  readonly #checks: IncludeChecks
  #filesRead = 0
  #octetsLeft = MAX_OCTETS
  /** A bound was exceeded, which is reported: nothing more is included. */
  #isFull = false

  /** @param checks which include problems are errors unless the files say otherwise */
  constructor(diagnostics: Diagnostics, checks: IncludeChecks = NO_CHECKS) {
    this.#diagnostics = diagnostics
    this.#checks = checks
  }

  /** Every file opened, in order of first opening. */
  get paths(): readonly string[] {
    return [...this.#paths]
  }

  /** Takes a text as a file. @param path one character per octet */
  open(path: string, { text, identity }: ReadFile, checks: IncludeChecks, includedFrom?: Span): OpenFile {
    const source = new Source(decodeText(path), text, includedFrom)
    // A byte order mark is no part of the first word.
    const position = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0
    if (position > 0) {
      const help = 'keepalived itself does not read such a file: save it as UTF-8 without a byte order mark'
      const mark = { source, offset: 0, length: 3 }
      this.#diagnostics.warning(
        'byte-order-mark',
        mark,
        'the file starts with a byte order mark',
        help,
        remove(mark, 'the byte order mark'),
      )
    }
    this.#paths.add(source.path)
    this.#octetsLeft -= text.length
    this.#filesRead++
    return { kind: 'file', source, identity, directory: dirname(path), hasNul: text.includes('\0'), position, checks }
  }

  openMain(path: string): OpenFile | undefined {
    const read = readConfigurationFile(path, this.#octetsLeft)
    if (!('problem' in read)) return this.open(path, read, this.#checks)
    return reportUnread(decodeText(path), read.problem, this.#diagnostics)
  }

  /** Opens the next file of an include line; absent when that one cannot be read. `open` are those that led to it. */
  openNext(included: Included, open: readonly OpenFile[]): OpenFile | undefined {
    const path = included.paths[included.next++]
    if (path === undefined) return undefined
    const { where, checks } = included
    if (this.#isFull) return undefined
    if (this.#filesRead >= MAX_FILES) return this.#reportFull(where, `more than ${MAX_FILES} files are included`)
    const read = readConfigurationFile(path, this.#octetsLeft)
    if ('problem' in read) {
      if (read.isBound) return this.#reportFull(where, `'${decodeText(path)}' ${read.problem} of ${MAX_OCTETS} for all files`)
      const message = `'${decodeText(path)}' ${read.problem}`
      if (checks.read) return this.#diagnostics.error('include-failed', where, message)
      return this.#diagnostics.warning('include-skipped', where, message, 'it is skipped; includer makes this an error')
    }
    if (open.some(({ identity }) => identity === read.identity)) {
      const message = `'${decodeText(path)}' includes itself, directly or through other files`
      return this.#diagnostics.error('circular-include', where, message, chain(open))
    }
    return this.open(path, read, open.at(-1)?.checks ?? this.#checks, where)
  }

  #reportFull(where: Span, message: string): undefined {
    this.#isFull = true
    return this.#diagnostics.error('too-many-files', where, message, 'nothing more is included')
  }
}

/** Reports that there is no configuration at all. @param problem continues the name of the file */
export function reportUnread(file: string, problem: string, diagnostics: Diagnostics): undefined {
  const code = problem === 'does not exist' ? 'config-not-found' : 'config-unreadable'
  const help = problem === 'is executable' ? `take its execute permission away: chmod a-x ${file}` : undefined
  return diagnostics.error(code, file, `the configuration file '${file}' ${problem}`, help)
}

function chain(open: readonly OpenFile[]): string {
  const paths = open.map(({ source }) => source.path)
  return `files being read here: ${paths.length > 6 ? [...paths.slice(0, 3), '...', ...paths.slice(-2)].join(' > ') : paths.join(' > ')}`
}

/** The directory of a file as `_PWD` shows it: an absolute path without symbolic links. One character per octet. */
export function realDirectory(directory: string): string {
  try {
    return realpathSync(systemPath(directory), 'latin1')
  } catch {
    // It is gone by now, or stands in for a text.
    return encodeText(resolve(decodeText(directory)))
  }
}
