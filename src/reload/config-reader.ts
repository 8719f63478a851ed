import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Logger } from 'pino'
import { readConfig, takeConfig } from '../daemon/config-file.ts'
import type { ReadConfig } from '../daemon/config-file.ts'
import { testExitCode } from '../config/diagnostics/exit-code.ts'
import { renderText } from '../config/diagnostics/render.ts'
import type { ConfigInput } from '../config/input.ts'
import type { Config } from '../config/model.ts'
import { configFileOf, namesOf } from '../daemon/options.ts'
import type { DaemonOptions } from '../daemon/options.ts'
import { ConfigError, KaError } from '../errors.ts'
import { reloadFilePath, unmark, whileMarked } from './reload-file.ts'
import type { SavedConfig } from './saved-config.ts'

const LOG_FILE_MODE = 0o600
const NO_FILE = '/dev/null'

/** Reads the configuration of a daemon, at its start and at each reload. */
export class ConfigReader {
  readonly #options: DaemonOptions
  readonly #saved: SavedConfig
  readonly #log: Logger

  constructor(options: DaemonOptions, saved: SavedConfig, log: Logger) {
    this.#options = options
    this.#saved = saved
    this.#log = log
  }

  /**
   * Reads the configuration for a start.
   *
   * @throws {ConfigError} when it cannot be run
   */
  async first(): Promise<Config> {
    const { config: given } = this.#options
    if (given !== undefined) return takeConfig(given, this.#log)
    const config = await this.#read(async (read) => {
      await this.#options.observer?.read?.(read.config)
      await this.#save(read)
    })
    const mark = reloadFilePath({ ...config, ...namesOf(this.#options, config) })
    // keepalived cannot know its name either before it has read it; one that is left keeps others waiting.
    if (mark !== undefined) await unmark(mark).catch(() => {}) // the first reload tells what is wrong with it
    return config
  }

  /**
   * The configuration of a reload: the one given, else the file read again.
   *
   * @param begin is called when it is known to be worth it: `reload_check_config` is satisfied
   * @throws {ConfigError} when it cannot be run, or when `reload_check_config` finds a mistake; `KA_ERR_USAGE` when there is no file
   */
  async again(inEffect: Config | undefined, given: Config | ConfigInput | undefined, begin: () => void): Promise<Config> {
    if (given !== undefined) {
      begin()
      return takeConfig(given, this.#log)
    }
    if (configFileOf(this.#options) === undefined) {
      if (inEffect === undefined) throw new KaError('KA_ERR_USAGE', 'there is no configuration to reload')
      begin()
      return inEffect
    }
    const mark = inEffect && reloadFilePath(inEffect)
    return await whileMarked(mark, this.#log, async () => await this.#readAgain(inEffect?.globalDefs.reloadCheckConfig, begin))
  }

  async #readAgain(logFile: string | undefined, begin: () => void): Promise<Config> {
    if (logFile === undefined) {
      begin()
      return await this.#readExisting()
    }
    this.#log.info('validate conf before Reload')
    const state = { isGood: false }
    try {
      const config = await this.#read(async (read) => {
        await this.#save(read)
        state.isGood = testExitCode(read.diagnostics) === 0
        await this.#writeLog(logFile, renderText(read.diagnostics))
      })
      if (!state.isGood) throw new KaError('KA_ERR_CONFIG_UNUSABLE', 'the new configuration has mistakes, and reload_check_config is set')
      begin()
      return config
    } catch (error) {
      const where = logFile === NO_FILE ? 'the log' : logFile
      if (error instanceof KaError) this.#log.error(`New config failed validation, see ${where} for details`)
      throw error
    }
  }

  /** Says of a file that is gone what keepalived says, which goes on without any instance then. */
  async #readExisting(): Promise<Config> {
    try {
      return await this.#read(async (read) => {
        await this.#save(read)
      })
    } catch (error) {
      if (error instanceof ConfigError && error.code === 'KA_ERR_CONFIG_MISSING') {
        this.#log.error(`Config files missing '${configFileOf(this.#options)}'.`)
        this.#log.error('Failed to open configuration file')
      }
      throw error
    }
  }

  async #read(onRead: (read: ReadConfig) => Promise<void>): Promise<Config> {
    const file = configFileOf(this.#options) ?? ''
    return await readConfig(file, this.#log, { ...this.#options, onRead })
  }

  async #save({ config, draft, files }: ReadConfig): Promise<void> {
    // Of a file that is not there nothing is saved.
    if (files[0] !== undefined) await this.#saved.save(config.globalDefs.configSaveDir, files[0], draft)
  }

  /** Never rejects: the sentences are in the log too. */
  async #writeLog(path: string, text: string): Promise<void> {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK } = constants
    try {
      // A FIFO that nobody reads must not hold up the reload.
      const handle = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, LOG_FILE_MODE)
      try {
        await handle.writeFile(text)
      } finally {
        await handle.close()
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#log.warn({ path, err: error }, `reload_check_config cannot write its log: ${reason}`)
    }
  }
}
