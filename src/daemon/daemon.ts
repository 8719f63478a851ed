import type { ApplyReport, EngineSnapshot } from '#native'
import pino from 'pino'
import { logConfig } from './config-file.ts'
import type { ConfigInput } from '../config/input.ts'
import type { Config } from '../config/model.ts'
import { checkOptions } from './check-options.ts'
import { engineOptions, namespaceOf, partsWithPidFile, pidFilePlace } from './options.ts'
import type { DaemonOptions } from './options.ts'
import type { DumpKind } from '../dump/dumper.ts'
import type { DrainResult } from '../lvs/drain.ts'
import type { LvsStatus } from '../lvs/lvs-status.ts'
import type { LvsTarget, NamedTarget } from '../lvs/targets.ts'
import type { DaemonEvent } from './event-streams.ts'
import { loadNative, native } from '../engine/native.ts'
import { Wake } from '../engine/wake.ts'
import { componentLog } from '../log/components.ts'
import { KaError } from '../errors.ts'
import { isInNamespace } from '../process/network-namespace.ts'
import { outwaitDying } from '../process/patience.ts'
import { PidFiles } from '../process/pid-files.ts'
import { openScriptRunner } from '../process/script-runner.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import { RunningDaemon } from './running-daemon.ts'
import { ConfigReader } from '../reload/config-reader.ts'
import { SavedConfig } from '../reload/saved-config.ts'

/** What a reload did. */
export type ReloadReport = ApplyReport

/** The state of a daemon: every instance, and the engine thread itself. Virtual servers are {@link Daemon.virtualServers}. */
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
   * Resigns as every Master, removes every address and every service of IPVS, waits briefly for notify scripts. May be called again.
   *
   * @throws {KaError} `KA_ERR_NOT_RELEASED`: it has stopped, but the kernel refused to remove addresses or services
   */
  stop(): Promise<void>
  /**
   * The state as keepalived's dumps have it: `data` for people, `stats` the counters, `json` for programs, in the version that
   * `json_version` asks for. No file is written.
   *
   * @throws {KaError} `KA_ERR_STOPPED`
   */
  dump(kind: DumpKind): Promise<string>
  /**
   * All virtual servers with their real servers, and why each is as it is; without numbers of connections where the kernel does not answer.
   */
  virtualServers(): Promise<LvsStatus>
  /**
   * Gives a real server no new connections, and waits until it has none, at most `limitMs`. It stays so until {@link weigh} says `default`.
   *
   * @throws {KaError} `KA_ERR_USAGE` where no server is meant, or several of one virtual server
   */
  drain(target: LvsTarget, limitMs: number): Promise<readonly DrainResult[]>
  /**
   * Takes a real server out of the pool until the same is called with false, whatever its checkers say.
   *
   * @throws {KaError} as {@link drain}
   */
  maintain(target: LvsTarget, isOn: boolean): readonly NamedTarget[]
  /**
   * Gives a real server another weight, 0 to 2,147,483,647, or its own again.
   *
   * @throws {KaError} as {@link drain}
   */
  weigh(target: LvsTarget, weight: number | 'default'): readonly NamedTarget[]
  /** Everything that happens from now on, until the daemon stops or the reader returns. */
  events(): AsyncIterableIterator<DaemonEvent, undefined>
  /** Settles when the daemon has stopped, by `stop()` or by a signal; rejects as `stop()` does. */
  readonly stopped: Promise<void>
}

/**
 * Starts a daemon: reads the configuration, starts the engine thread, runs `startup_script`, applies.
 *
 * Resolves when the configuration is applied; virtual routers are then BACKUP or FAULT, an address owner MASTER. A
 * failed start leaves nothing behind.
 *
 * @throws {KaError} `KA_ERR_USAGE`, `KA_ERR_CONFIG_MISSING`, `KA_ERR_CONFIG_UNUSABLE`, `KA_ERR_PERMISSION`,
 *   `KA_ERR_ALREADY_RUNNING`, `KA_ERR_NETWORK_NAMESPACE`, `KA_ERR_ADDON_UNAVAILABLE`, `KA_ERR_ENGINE`; `KA_ERR_STOPPED` when a signal stopped it before it had started
 */
export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  checkOptions(options)
  const log = options.logger ?? pino({ level: 'silent' })
  const saved = new SavedConfig(componentLog(log, 'process'))
  const config = await new ConfigReader(options, saved, log).first()
  refuseOtherNamespace(options, config)
  options.observer?.configured?.(config)
  if (options.dumpConfig === true) logConfig(config, log)
  const addon = await loadNative()
  const pidFiles = new PidFiles(options.pidFiles ?? {}, pidFilePlace(options, config), componentLog(log, 'process'))
  // The engine may wake us before its promise has resolved: it is asked again below.
  const wake = new Wake()
  const howItRuns = engineOptions(options, config)
  const scripts = await openScriptRunner({ log: componentLog(log, 'script') })
  const engine = await orLetGo(scripts, pidFiles, async () => {
    await pidFiles.hold(partsWithPidFile(options, config))
    return await outwaitDying(async () => await native(async () => await addon.Engine.open(howItRuns, wake.call)))
  })
  const daemon = new RunningDaemon({ engine, engineOptions: howItRuns, pidFiles, scripts, saved, addon }, options, log)
  wake.follow(() => {
    daemon.takeEvents()
  })
  const forget = (): void => {
    wake.end()
  }
  daemon.stopped.then(forget, forget)
  try {
    await daemon.begin(config)
  } catch (error) {
    // The signal that cut it off may not have been told yet.
    daemon.takeEvents()
    await daemon.stop()
    throw error
  }
  // Takes up a wake-up that came too early, and tells the first states before the caller goes on.
  daemon.takeEvents()
  return daemon
}

/** In another network than the one that is meant the virtual routers would be wrong, if they worked. */
function refuseOtherNamespace(options: DaemonOptions, config: Config): void {
  const wanted = namespaceOf(options, config)
  if (wanted === undefined || isInNamespace(wanted)) return
  throw new KaError('KA_ERR_NETWORK_NAMESPACE', `this process is not in the network namespace ${wanted}: \`ka-native start\` enters it`)
}

/** Does what comes before there is a daemon; without it nobody needs the thread for scripts and the pid files. */
async function orLetGo<T>(scripts: ScriptRunner, pidFiles: PidFiles, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    pidFiles.remove()
    await scripts.stop(0)
    throw error
  }
}
