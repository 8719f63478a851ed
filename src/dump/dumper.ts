import type { Engine } from '#native'
import type { Logger } from 'pino'
import type { Config } from '../config/model.ts'
import { KaError } from '../errors.ts'
import type { LvsStatus } from '../lvs/lvs-status.ts'
import { checkPieces } from './check.ts'
import { dataPieces, parentPieces } from './data.ts'
import { jsonPieces } from './json.ts'
import { dumpPath } from './path.ts'
import type { DumpFile } from './path.ts'
import { joined } from './pieces.ts'
import { readDumpState } from './state.ts'
import type { DumpState, ScriptLookUp } from './state.ts'
import { statsPieces } from './stats.ts'
import { writeWhole } from './write-file.ts'
import { within } from '../time-limit.ts'

/** A text that tells the state: for people that of virtual routers or of virtual servers, the counters, or for programs. */
export type DumpKind = 'data' | 'check' | 'stats' | 'json'

/** Where the state is read. */
export interface DumpSources {
  readonly engine: Engine
  /** In effect; `undefined` before the first. */
  readonly config: () => Config | undefined
  readonly scripts: ScriptLookUp
  /** The state of virtual servers; absent: there are none. */
  readonly lvs?: () => Promise<LvsStatus | undefined>
}

/** What a signal asks for. */
export type DumpRequest = DumpKind | 'stats-and-zero'

const PIECES: Readonly<Record<DumpFile, (state: DumpState) => Iterable<string>>> = {
  data: dataPieces,
  parent: parentPieces,
  check: checkPieces,
  stats: statsPieces,
  json: jsonPieces,
}

/** What is written for a request, with what keepalived calls it in its log. */
const FILES: Readonly<Record<DumpRequest, readonly (readonly [DumpFile, string])[]>> = {
  data: [
    ['parent', 'Printing parent data'],
    ['data', 'Printing VRRP data'],
    ['check', 'Printing checker data'],
  ],
  check: [['check', 'Printing checker data']],
  stats: [['stats', 'Printing VRRP stats']],
  'stats-and-zero': [['stats', 'Printing and clearing VRRP stats']],
  json: [['json', 'Printing VRRP as json']],
}

/**
 * Tells the state of a daemon, as text or into files, off the protocol's path.
 *
 * Files are written one after the other; a request that waits is not queued again.
 */
export class Dumper {
  readonly #sources: DumpSources
  readonly #log: Logger
  readonly #waiting = new Set<DumpRequest>()
  #working: Promise<void> | undefined

  constructor(sources: DumpSources, log: Logger) {
    this.#sources = sources
    this.#log = log
  }

  /**
   * The present state as text. With `json` in the version that the configuration asks for.
   *
   * @throws {KaError} `KA_ERR_STOPPED`, `KA_ERR_ENGINE`
   */
  async text(kind: DumpKind): Promise<string> {
    return await joined(PIECES[kind](await this.#withServers(kind, await this.#read(false))))
  }

  /** The pieces of `keepalived.data` as it would be now. */
  async statePieces(): Promise<Iterable<string>> {
    return dataPieces(await this.#read(false))
  }

  /** Writes the files that a signal asks for, in the background; what goes wrong is logged. */
  request(request: DumpRequest): void {
    this.#waiting.add(request)
    this.#working ??= this.#work()
  }

  /** Waits for what is being written, at most `limitMs`; what only waits is given up. */
  async finish(limitMs: number): Promise<void> {
    this.#waiting.clear()
    if (this.#working === undefined) return
    await within(limitMs, this.#working)
  }

  async #work(): Promise<void> {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      this.#waiting.delete(next)
      await this.#write(next)
    }
    this.#working = undefined
  }

  /** Never rejects. */
  async #write(request: DumpRequest): Promise<void> {
    try {
      const state = await this.#read(request === 'stats-and-zero')
      for (const [file, sentence] of FILES[request]) await this.#writeFile(file, sentence, state, request)
    } catch (error) {
      const isStopped = error instanceof KaError && error.code === 'KA_ERR_STOPPED'
      if (this.#sources.config() === undefined) this.#log.info({ request }, 'dump given up: nothing is configured yet')
      else if (isStopped) this.#log.info({ request }, 'dump given up: the daemon stops')
      else this.#log.error({ err: error, request }, 'the state cannot be read for a dump')
    }
  }

  async #writeFile(file: DumpFile, sentence: string, state: DumpState, request: DumpRequest): Promise<void> {
    // As keepalived, whose readers take an old file for one of no instances all the same.
    if (file === 'json' && state.instances.length === 0) return
    // There is no process for it where there are no virtual servers.
    if (file === 'check' && state.config.virtualServers.length === 0) return
    const path = dumpPath(file, state.config)
    this.#log.info({ path }, `${sentence} for process(${process.pid}) on signal`)
    try {
      await writeWhole(path, PIECES[file](await this.#withServers(file, state)))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const lost = request === 'stats-and-zero' ? '; the counters are zero all the same' : ''
      this.#log.error({ path, err: error }, `dump not written, the former file stays: ${reason}${lost}`)
    }
  }

  /** The state of virtual servers too, where the file tells it. */
  async #withServers(file: DumpFile, state: DumpState): Promise<DumpState> {
    return file === 'check' ? { ...state, lvs: await this.#sources.lvs?.() } : state
  }

  async #read(zero: boolean): Promise<DumpState> {
    const { engine, scripts } = this.#sources
    const config = this.#sources.config()
    if (config === undefined) throw new KaError('KA_ERR_STOPPED', 'nothing is configured')
    return await readDumpState(engine, config, scripts, zero)
  }
}
