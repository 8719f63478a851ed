import type { ApplyReport, EngineSnapshot } from '#native'
import pino from 'pino'
import { readConfig, takeConfig } from './config-file.ts'
import type { ConfigInput } from './config/input.ts'
import type { Config } from './config/model.ts'
import { checkOptions, configFileOf, DEFAULT_CONFIG_FILE, engineOptions } from './daemon-options.ts'
import type { DaemonOptions } from './daemon-options.ts'
import type { EngineEvent } from './engine/events.ts'
import { loadNative, native } from './engine/native.ts'
import { RunningDaemon } from './running-daemon.ts'

/** What a reload did. */
export type ReloadReport = ApplyReport

/** The state of a daemon: every instance, and the engine thread itself. */
export type DaemonStatus = EngineSnapshot

/** A running daemon. */
export interface Daemon extends AsyncDisposable {
  /**
   * The state of every instance and of the engine.
   *
   * @throws {KaError} `KA_ERR_STOPPED`
   */
  status(): Promise<DaemonStatus>
  /**
   * Applies a configuration: the one given, else the file read again.
   *
   * What did not change goes on undisturbed.
   *
   * @throws {KaError} with nothing changed: `KA_ERR_CONFIG_MISSING`, `KA_ERR_CONFIG_UNUSABLE` (a {@link ConfigError}
   *   where the configuration is at fault), `KA_ERR_USAGE`, `KA_ERR_STOPPED`, `KA_ERR_ENGINE`
   */
  reload(config?: Config | ConfigInput): Promise<ReloadReport>
  /**
   * Resigns as every Master, removes every address, waits briefly for notify scripts. May be called again.
   *
   * @throws {KaError} `KA_ERR_NOT_RELEASED`: it has stopped, but the kernel refused to remove addresses
   */
  stop(): Promise<void>
  /** Everything that happens from now on, until the daemon stops or the reader returns. */
  events(): AsyncIterableIterator<EngineEvent, undefined>
  /** Settles when the daemon has stopped, by `stop()` or by a signal; rejects as `stop()` does. */
  readonly stopped: Promise<void>
}

/**
 * Starts a daemon: reads the configuration, starts the engine thread, applies.
 *
 * Resolves when the configuration is applied; virtual routers are then BACKUP or FAULT, an address owner MASTER. A
 * failed start leaves nothing behind.
 *
 * @throws {KaError} `KA_ERR_USAGE`, `KA_ERR_CONFIG_MISSING`, `KA_ERR_CONFIG_UNUSABLE`, `KA_ERR_PERMISSION`,
 *   `KA_ERR_ALREADY_RUNNING`, `KA_ERR_ADDON_UNAVAILABLE`, `KA_ERR_ENGINE`; `KA_ERR_STOPPED` when a signal stopped it before it had started
 */
export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  checkOptions(options)
  const log = options.logger ?? pino({ level: 'silent' })
  const file = configFileOf(options)
  const { config: given, configId } = options
  const config = given === undefined ? await readConfig(file ?? DEFAULT_CONFIG_FILE, log, configId) : takeConfig(given, log)
  const { Engine } = await loadNative()
  // The engine may wake us before its promise has resolved: it is asked again below.
  const wake = { handler: (): void => {} }
  const howItRuns = engineOptions(options, config)
  const engine = await native(async () => await Engine.open(howItRuns, () => wake.handler()))
  const daemon = new RunningDaemon(engine, howItRuns, options, log)
  wake.handler = () => {
    daemon.takeEvents()
  }
  try {
    await daemon.apply(config)
  } catch (error) {
    // The signal that cut it off may not have been told yet.
    daemon.takeEvents()
    await daemon.stop()
    throw error
  }
  // Takes up a wake-up that came too early, and tells the first states before the caller goes on.
  daemon.takeEvents()
  await daemon.tellMissing()
  return daemon
}
