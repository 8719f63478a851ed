import type { EngineOptions } from '#native'
import type { Logger } from 'pino'
import type { ConfigInput } from './config/input.ts'
import type { Config } from './config/model.ts'
import { KaError } from './errors.ts'

/** The file read when none is named. */
export const DEFAULT_CONFIG_FILE = '/etc/keepalived/keepalived.conf'

/** How to start a daemon. */
export interface DaemonOptions {
  /** A configuration file: TypeScript, JavaScript, JSON, YAML or keepalived.conf; {@link DEFAULT_CONFIG_FILE} unless given. Not together with `config`. */
  readonly configFile?: string
  /**
   * What conditional lines (`@ID ...`) of the file name, at the start and at every reload; the host name up to its first dot
   * unless given. Not together with `config`.
   */
  readonly configId?: string
  /** A configuration as a file would say it, such as `defineConfig` types it; or the one that `loadConfig` made of a file. */
  readonly config?: Config | ConfigInput
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
   * ends with status 70. An integer, rounded up to whole seconds; 0: never. Default 10,000.
   */
  readonly heartbeatLimitMs?: number
  /** Real-time priority (SCHED_RR) of the engine thread where permitted, 1 to 99; 0: none. Default `vrrp_rt_priority`, else 1. */
  readonly realtimePriority?: number
}

const MAX_HEARTBEAT_LIMIT_MS = 2 ** 32 - 1
const MAX_REALTIME_PRIORITY = 99

/**
 * Refuses options that make no sense, whatever they are: callers may be without types.
 *
 * @throws {KaError} `KA_ERR_USAGE`, with a sentence about the first one
 */
export function checkOptions(options: DaemonOptions): void {
  const { config, configFile, configId, runtimeDir, instanceName, signals, heartbeatLimitMs, realtimePriority } = options
  if (config !== undefined) checkConfig(config)
  if (config !== undefined && configFile !== undefined) throw usage('configFile and config exclude each other')
  if (configFile !== undefined) checkText('configFile', configFile)
  if (config !== undefined && configId !== undefined) throw usage('configId is about a file: config and configId exclude each other')
  if (configId !== undefined) checkText('configId', configId)
  if (runtimeDir !== undefined) checkText('runtimeDir', runtimeDir)
  if (instanceName !== undefined) {
    checkText('instanceName', instanceName)
    if (instanceName.includes('/')) throw usage('instanceName becomes part of a file name and takes no /')
  }
  if (signals !== undefined && typeof signals !== 'boolean') throw usage('signals is true or false')
  if (heartbeatLimitMs !== undefined) checkNumber('heartbeatLimitMs', heartbeatLimitMs, MAX_HEARTBEAT_LIMIT_MS)
  if (realtimePriority !== undefined) checkNumber('realtimePriority', realtimePriority, MAX_REALTIME_PRIORITY)
}

/**
 * Refuses what is no configuration at all; what it says is judged later.
 *
 * @throws {KaError} `KA_ERR_USAGE`
 */
export function checkConfig(config: unknown): void {
  const isObject = typeof config === 'object' && config !== null && !Array.isArray(config)
  // Types promise the parts, but callers may be without.
  const { vrrpInstances, globalDefs }: Readonly<Record<string, unknown>> = isObject ? { ...config } : {}
  const hasParts = Array.isArray(vrrpInstances) && typeof globalDefs === 'object' && globalDefs !== null
  if (isObject && (hasParts || !isLinked(config))) return
  throw usage('config is no configuration: loadConfig() makes one, defineConfig() types one')
}

/** Whether a configuration is complete, made by `loadConfig`: it has its durations in microseconds, and all of them. */
export function isLinked(config: object): config is Config {
  return 'childWaitTimeUs' in config
}

function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) throw usage(`${name} is a text that is not empty`)
}

function checkNumber(name: string, value: unknown, max: number): void {
  const isGood = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
  if (!isGood) throw usage(`${name} is a whole number from 0 to ${max}`)
}

function usage(message: string): KaError {
  return new KaError('KA_ERR_USAGE', message)
}

/**
 * The file that the options name, {@link DEFAULT_CONFIG_FILE} when they name none.
 *
 * @returns `undefined` when they hold a configuration instead
 */
export function configFileOf({ config, configFile }: DaemonOptions): string | undefined {
  return config === undefined ? (configFile ?? DEFAULT_CONFIG_FILE) : undefined
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
