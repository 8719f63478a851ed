import { statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import type { Config } from '../config/model.ts'

/** Where dumps go unless `TMPDIR` says otherwise. */
const DEFAULT_DIRECTORY = '/tmp'

/** A file that a signal asks for. */
export type DumpFile = 'data' | 'parent' | 'check' | 'stats' | 'json'

const NAMES: Readonly<Record<DumpFile, string>> = {
  data: 'keepalived.data',
  parent: 'keepalived.data',
  check: 'keepalived.data',
  stats: 'keepalived.stats',
  json: 'keepalived.json',
}

/**
 * The path of a dump.
 *
 * `state_dump_file` and its kind replace the name, with an absolute path the directory too, and only that where they end with a slash. keepalived
 * 2.4.3 reads `stats_dump_file` and `json_dump_file` without effect; here they mean what they say. `data_use_instance`
 * concerns the state alone, as there.
 */
export function dumpPath(file: DumpFile, config: Config, temporary: string = temporaryDirectory()): string {
  const { globalDefs } = config
  const written = {
    data: globalDefs.stateDumpFile,
    parent: globalDefs.stateDumpFile,
    check: globalDefs.stateDumpFile,
    stats: globalDefs.statsDumpFile,
    json: globalDefs.jsonDumpFile,
  }
  const path = pathOf(written[file] ?? '', NAMES[file], temporary)
  if (file === 'stats' || file === 'json') return path
  const instance = globalDefs.dataUseInstance ? instanceSuffix(config) : ''
  return insert(path, `${file === 'data' ? '' : `_${file}`}${instance}`)
}

/** `TMPDIR` where that is an absolute path of a directory that exists. */
export function temporaryDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const directory = environment['TMPDIR'] ?? ''
  const isDirectory = isAbsolute(directory) && statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true
  return isDirectory ? directory : DEFAULT_DIRECTORY
}

function pathOf(written: string, name: string, temporary: string): string {
  const path = isAbsolute(written) ? written : join(temporary, written)
  return written === '' || written.endsWith('/') ? join(path, name) : path
}

function instanceSuffix({ netNamespace, instance }: Config): string {
  const names = [netNamespace, instance].filter((name) => name !== undefined)
  return names.length === 0 ? '' : `.${names.join('_')}`
}

/** Inserts a word before the last dot of a file's name, at its end where there is none. */
function insert(path: string, word: string): string {
  const name = basename(path)
  const dot = name.lastIndexOf('.')
  const at = dot === -1 ? name.length : dot
  return join(dirname(path), `${name.slice(0, at)}${word}${name.slice(at)}`)
}
