/** The files that tell which process the daemon is (process.md §4): our one process has all that keepalived's four have. */
import { chmodSync, mkdirSync, rmdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { PidFile } from '#native'
import type { Logger } from 'pino'
import type { DaemonParts } from '../config/parts.ts'
import { fromNative, loadNative } from '../engine/native.ts'
import { KaError } from '../errors.ts'
import { outwaitDying } from './patience.ts'

/** Which pid files there are. */
export interface PidFileNames {
  /** The file of the daemon itself. */
  readonly main?: string
  /** A file that is there once virtual routers are configured. */
  readonly vrrp?: string
  /** The same of virtual servers. */
  readonly checkers?: string
  /** The same of BFD sessions. */
  readonly bfd?: string
  /** Files that are not named have keepalived's names; otherwise there are none but those that are named. */
  readonly keepalived?: boolean
  /** All of them, whatever is configured: those of work that is left out (`DaemonOptions.parts`) excepted. */
  readonly all?: boolean
}

/** What keepalived's names of pid files depend on. */
export interface PidFilePlace {
  /** `instance` of the configuration. */
  readonly instance?: string | undefined
  /** Whether they are in a directory of their own: `use_pid_dir`, `instance` or `net_namespace`. */
  readonly usesDirectory: boolean
}

/** keepalived's directory for files of running programs. */
const RUN_DIRECTORY = '/run'
const PID_DIRECTORY = `${RUN_DIRECTORY}/keepalived`

const DIRECTORY_MODE = 0o755

type Part = 'main' | keyof DaemonParts

/** keepalived's names. */
const KEEPALIVED_NAMES: Readonly<Record<Part, string>> = { main: 'keepalived', vrrp: 'vrrp', checkers: 'checkers', bfd: 'bfd' }
const PARTS: readonly Part[] = ['main', 'vrrp', 'checkers', 'bfd']

/** The path of each file that may be there. */
export function pidFilePaths(names: PidFileNames, { instance, usesDirectory }: PidFilePlace): ReadonlyMap<Part, string> {
  const directory = usesDirectory ? PID_DIRECTORY : RUN_DIRECTORY
  const suffix = instance === undefined ? '' : `_${instance}`
  return new Map(
    PARTS.flatMap((part) => {
      const path = names[part] ?? (names.keepalived === true ? `${directory}/${KEEPALIVED_NAMES[part]}${suffix}.pid` : undefined)
      return path === undefined ? [] : [[part, path]]
    }),
  )
}

/** The pid files of a daemon: locked, with our id, until it stops. */
export class PidFiles {
  readonly #paths: ReadonlyMap<Part, string>
  readonly #log: Logger
  /** By path: several parts may share one. */
  readonly #held = new Map<string, PidFile>()

  constructor(names: PidFileNames, place: PidFilePlace, log: Logger) {
    this.#paths = pidFilePaths(names, place)
    this.#log = log
  }

  /**
   * Takes that of the daemon itself and those of these parts, if they are not held yet; none is given up before the stop.
   *
   * @throws {KaError} `KA_ERR_ALREADY_RUNNING`, `KA_ERR_PERMISSION`; `KA_ERR_USAGE` where a file cannot be made
   */
  async hold(parts: DaemonParts): Promise<void> {
    for (const [part, path] of this.#paths) {
      const isWanted = part === 'main' || parts[part]
      if (isWanted && !this.#held.has(path)) this.#held.set(path, await this.#acquire(path))
    }
  }

  /** The same at a reload: what the daemon does is done without a file too, and the log says that it is missing. */
  async holdMore(parts: DaemonParts): Promise<void> {
    try {
      await this.hold(parts)
    } catch (error) {
      this.#log.error({ err: error }, 'a pid file could not be written')
    }
  }

  async #acquire(path: string): Promise<PidFile> {
    const native = await loadNative()
    try {
      if (dirname(path) === PID_DIRECTORY) makeDirectory()
      return await outwaitDying(async () => Promise.resolve(acquire(native.PidFile, path)))
    } catch (error) {
      const known = fromNative(error)
      if (known.code === 'KA_ERR_ALREADY_RUNNING') {
        this.#log.warn(known.message)
        // keepalived's sentence.
        throw new KaError('KA_ERR_ALREADY_RUNNING', 'daemon is already running', { cause: error })
      }
      const code = known.code === 'KA_ERR_PERMISSION' ? known.code : 'KA_ERR_USAGE'
      throw new KaError(code, `pid file ${path}: ${known.message}`, { cause: error })
    }
  }

  /** Removes all, and keepalived's directory when nothing else is in it. May be called again. */
  remove(): void {
    for (const [path, file] of this.#held) {
      try {
        file.remove()
      } catch (error) {
        this.#log.warn({ err: error }, `pid file ${path} could not be removed`)
      }
    }
    const usesDirectory = [...this.#held.keys()].some((path) => dirname(path) === PID_DIRECTORY)
    this.#held.clear()
    if (usesDirectory) removeDirectory()
  }
}

function acquire(file: { acquire(path: string): PidFile }, path: string): PidFile {
  try {
    return file.acquire(path)
  } catch (error) {
    throw fromNative(error)
  }
}

function makeDirectory(): void {
  // Not by `mode`: the umask would take from it.
  if (mkdirSync(PID_DIRECTORY, { recursive: true }) !== undefined) chmodSync(PID_DIRECTORY, DIRECTORY_MODE)
}

function removeDirectory(): void {
  try {
    rmdirSync(PID_DIRECTORY)
  } catch {
    // Another daemon's files are in it.
  }
}
