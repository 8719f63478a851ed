import type { Logger } from 'pino'
import type { ConfigInput } from '../config/input.ts'
import type { Config } from '../config/model.ts'
import type { DaemonOptions } from '../daemon/options.ts'
import type { ReloadReport } from '../daemon/daemon.ts'
import type { Dumper } from '../dump/dumper.ts'
import { KaError } from '../errors.ts'
import { ConfigReader } from './config-reader.ts'
import { ReloadTimeFile } from './reload-time-file.ts'
import { Reloads } from './reloads.ts'
import type { SavedConfig } from './saved-config.ts'

/** The daemon that is reloaded. */
export interface Reloadable {
  /** In effect. */
  readonly config: () => Config | undefined
  readonly isStopping: () => boolean
  /** Applies a configuration, in a turn that the caller has. */
  readonly apply: (config: Config) => Promise<ReloadReport>
  /** Reloads the file as soon as it is its turn. */
  readonly reload: () => Promise<ReloadReport>
  readonly dumper: Dumper
}

/** How a daemon gets another configuration: who asks for it, how it is read, and what is written about it. */
export class Reloading {
  readonly #options: DaemonOptions
  readonly #daemon: Reloadable
  readonly #saved: SavedConfig
  readonly #log: Logger
  readonly #reader: ConfigReader
  readonly #requests: Reloads
  readonly #timeFile: ReloadTimeFile

  constructor(options: DaemonOptions, saved: SavedConfig, daemon: Reloadable, log: Logger) {
    this.#options = options
    this.#daemon = daemon
    this.#saved = saved
    this.#log = log
    this.#reader = new ConfigReader(options, saved, log)
    this.#requests = new Reloads(daemon.reload, daemon.isStopping, log)
    this.#timeFile = new ReloadTimeFile(() => {
      this.request()
    }, log)
  }

  /** Takes up what the configuration in effect says about reloads. */
  configure({ globalDefs }: Config): void {
    this.#timeFile.configure(globalDefs.reloadTimeFile, globalDefs.reloadRepeat)
  }

  /** Reloads in the background, after the reload that is under way; what comes of it is logged. */
  request(): void {
    this.#requests.request()
  }

  /**
   * Reads a configuration and applies it.
   *
   * @param given instead of the file
   * @throws {KaError} as `Daemon.reload()`; the former configuration stays
   */
  async now(given: Config | ConfigInput | undefined): Promise<ReloadReport> {
    this.#refuseStopped()
    const { observer } = this.#options
    const state = { hasBegun: false }
    try {
      const former = this.#daemon.config()
      const wanted = await this.#reader.again(former, given, () => {
        state.hasBegun = true
        this.#log.info('Reloading ...')
        observer?.reloading?.()
      })
      this.#refuseStopped()
      return await this.#saved.around([former, wanted], this.#daemon.dumper, async () => await this.#daemon.apply(wanted))
    } finally {
      if (state.hasBegun) observer?.reloaded?.()
    }
  }

  /** No clock asks for a reload any more. */
  close(): void {
    this.#timeFile.close()
  }

  #refuseStopped(): void {
    if (this.#daemon.isStopping()) throw new KaError('KA_ERR_STOPPED', 'the daemon has been stopped')
  }
}
