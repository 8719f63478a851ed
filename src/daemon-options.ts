import type { EngineOptions } from '#native'
import type { Logger } from 'pino'
import type { Config } from './config/model.ts'
import { KaError } from './errors.ts'

/** The file read when none is named. */
export const DEFAULT_CONFIG_FILE = '/etc/keepalived/keepalived.conf'

/** How to start a daemon. */
export interface DaemonOptions {
  /** A keepalived.conf; {@link DEFAULT_CONFIG_FILE} unless given. Not together with `config`. */
  readonly configFile?: string
  /** A configuration made by the program itself, or by `loadConfig`. */
  readonly config?: Config
  /** Where to log; nowhere unless given. */
  readonly logger?: Logger
  /**
   * Whether the engine catches the process's signals: TERM and INT stop, HUP reloads. For a process that is a
   * daemon and nothing else; an embedding service keeps its own handlers. Default false.
   */
  readonly signals?: boolean
  /** Directory of the lock and the runtime file. Default /run/ka-native. */
  readonly runtimeDir?: string
  /** Tells daemons in one network namespace apart. Default: `instance` of the configuration. */
  readonly instanceName?: string
  /**
   * After this long without an answer the JavaScript thread counts as dead: the engine resigns and the process
   * ends with status 70. 0: never. Default 10,000.
   */
  readonly heartbeatLimitMs?: number
  /** Real-time priority (SCHED_RR) of the engine thread where permitted, 0: none. Default `vrrp_rt_priority`, else 1. */
  readonly realtimePriority?: number
}

/**
 * The file that the options name, {@link DEFAULT_CONFIG_FILE} when they name none.
 *
 * @returns `undefined` when they hold a configuration instead
 * @throws {KaError} `KA_ERR_USAGE` for both at once
 */
export function configFileOf({ config, configFile }: DaemonOptions): string | undefined {
  if (config === undefined) return configFile ?? DEFAULT_CONFIG_FILE
  if (configFile !== undefined) throw new KaError('KA_ERR_USAGE', 'configFile and config exclude each other')
  return undefined
}

/** How the engine runs: what the options say, else the configuration. */
export function engineOptions(options: DaemonOptions, config: Config): EngineOptions {
  const instanceName = options.instanceName ?? config.instance
  const realtimePriority = options.realtimePriority ?? (config.globalDefs.vrrpRtPriority || undefined)
  return {
    signals: options.signals ?? false,
    ...(instanceName === undefined ? {} : { instanceName }),
    ...(options.runtimeDir === undefined ? {} : { runtimeDir: options.runtimeDir }),
    ...(options.heartbeatLimitMs === undefined ? {} : { heartbeatLimitMs: options.heartbeatLimitMs }),
    ...(realtimePriority === undefined ? {} : { realtimePriority }),
  }
}
