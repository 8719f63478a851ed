/** A configuration file of any kind to a {@link Config}: its name says what it is. */
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Diagnostics } from './diagnostics/diagnostic.ts'
import type { Evaluated } from './document/evaluate.ts'
import { MAX_OCTETS } from './text/bounds.ts'
import { reportUnread } from './text/file-opener.ts'
import { describeIrregular, describeReadFailure } from './text/include.ts'
import { hideValues } from './document/hide-values.ts'
import { localHost } from './host/host.ts'
import { readConf } from './load.ts'
import type { LoadOptions } from './load.ts'
import { readDocument } from './document/load-document.ts'
import type { DataProblem } from './document/plain-data.ts'
import { printable } from './diagnostics/printable.ts'
import { PropertyPath } from './document/property-path.ts'
import { decodeText, encodeText, Source } from './text/source.ts'
import type { Span } from './text/source.ts'
import { linkWritten } from './written.ts'
import type { LoadedConfig, Written } from './written.ts'

/** Of UTF-8. */
const MAX_CHARACTER_OCTETS = 4

/** What a configuration file is written in. */
export type FileKind = 'conf' | 'json' | 'yaml' | 'program'

/** What to load. */
export interface FileLoadOptions extends Omit<LoadOptions, 'text'> {
  /** How long the program of a configuration in TypeScript or JavaScript may take, in milliseconds; 30,000 unless given. */
  readonly programLimitMs?: number
}

/** What a file is written in, by its name. */
export function kindOfFile(file: string): FileKind {
  const [, ending = ''] = /\.([a-z]+)$/i.exec(file) ?? []
  switch (ending.toLowerCase()) {
    case 'json':
      return 'json'
    case 'yaml':
    case 'yml':
      return 'yaml'
    case 'ts':
    case 'mts':
    case 'cts':
    case 'js':
    case 'mjs':
    case 'cjs':
      return 'program'
    default:
      return 'conf'
  }
}

/**
 * Loads a configuration file: TypeScript or JavaScript, JSON, YAML, or, whatever its name is else, a keepalived.conf.
 *
 * A program is run, each time anew. Mistakes are diagnostics; only a defect of ka-native itself rejects.
 */
export async function loadConfigFile(options: FileLoadOptions): Promise<LoadedConfig> {
  return linkWritten(await readConfigFile(options), options.lint)
}

/** Reads a configuration file of any kind. */
export async function readConfigFile(options: FileLoadOptions): Promise<Written> {
  const { file, host = localHost() } = options
  const kind = kindOfFile(file)
  if (kind === 'conf') return readConf(options)
  const diagnostics = new Diagnostics()
  const origin = { file, files: [file], host, diagnostics }
  const text = await readText(file, diagnostics)
  if (text === undefined) return readDocument({}, [], origin)
  if (kind !== 'program') {
    const { readJson, readYaml } = await import('./document/yaml-file.ts')
    const read = (kind === 'json' ? readJson : readYaml)(file, text, diagnostics)
    return readDocument(read === undefined ? {} : read.data, read?.problems ?? [], { ...origin, places: read?.places })
  }
  const { evaluate } = await import('./document/evaluate.ts')
  const evaluated = await evaluate(resolve(file), options.programLimitMs)
  if (evaluated.kind === 'data') return readDocument(evaluated.data, evaluated.problems.map(problemOf), origin)
  await reportFailed(file, evaluated, diagnostics)
  return readDocument({}, [], origin)
}

async function readText(file: string, diagnostics: Diagnostics): Promise<string | undefined> {
  try {
    const status = await stat(file)
    const tooLarge = status.size > MAX_OCTETS ? `is larger than ${MAX_OCTETS} octets` : undefined
    const problem = describeIrregular(status) ?? tooLarge
    if (problem === undefined) return decodeText(await readFile(file, 'latin1')).replace(/^\ufeff/, '')
    return reportUnread(file, problem, diagnostics)
  } catch (error) {
    return reportUnread(file, describeReadFailure(error), diagnostics)
  }
}

function problemOf({ keys, message }: { readonly keys: readonly (string | number)[]; readonly message: string }): DataProblem {
  return { property: keys.reduce((path, key) => path.child(key), PropertyPath.ROOT), message }
}

async function reportFailed(file: string, failed: Evaluated & { kind: 'failed' }, diagnostics: Diagnostics): Promise<void> {
  const { code, message, place } = failed
  const where = place === undefined ? file : await codeSpan(place.file === resolve(file) ? file : place.file, place)
  diagnostics.error(code, where, printable(message))
}

/** A place in a program; its file when that is gone. */
async function codeSpan(file: string, { line, column }: { readonly line: number; readonly column: number }): Promise<Span | string> {
  try {
    const source = new Source(file, encodeText(hideValues(decodeText(await readFile(file, 'latin1')))), undefined, undefined, false)
    const start = source.lineStart(line)
    const before = decodeText(source.line(line, column * MAX_CHARACTER_OCTETS)).slice(0, column - 1)
    return { source, offset: start + Buffer.byteLength(before), length: 1 }
  } catch {
    return file
  }
}
