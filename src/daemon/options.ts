import type { EngineOptions } from '#native'
import type { Logger } from 'pino'
import type { ConfigInput } from '../config/input.ts'
import type { Config } from '../config/model.ts'
import { ALL_PARTS, configuredParts, onlyParts } from '../config/parts.ts'
import type { DaemonParts } from '../config/parts.ts'
import type { DaemonHooks } from '../notify/hooks.ts'
import type { SmtpSecurity } from '../notify/smtp.ts'
import type { WebhookOptions } from '../notify/webhook.ts'
import type { PidFileNames, PidFilePlace } from '../process/pid-files.ts'
import type { DaemonObserver } from './observer.ts'

export type { DaemonParts } from '../config/parts.ts'
export type { PidFileNames } from '../process/pid-files.ts'

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
  /** Where to log; nowhere unless given. Each part of the daemon logs through a child with its name as `component`. */
  readonly logger?: Logger
  /** Who is told what the daemon does as a whole; meant for the command line. */
  readonly observer?: DaemonObserver
  /**
   * Whether the engine catches the process's signals: TERM and INT stop, HUP reloads, USR1, USR2 and real-time signals write
   * keepalived's dumps. For a process that is a daemon and nothing else, which also gets its name and its file creation mask of the
   * configuration; an embedding service keeps its own. Default false.
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
  /** Every include problem of the file is an error. Default false. Not together with `config`. */
  readonly allConfig?: boolean
  /** Whether a stop resigns and removes the virtual addresses. Default true. Otherwise they stay, for the next start or `ka-native release`. */
  readonly releaseOnStop?: boolean
  /** Whether a stop removes the virtual servers from the kernel. Default true. Otherwise they stay, for the next start or `ka-native release`. */
  readonly releaseIpvsOnStop?: boolean
  /** Whether every address of the host that comes or goes is told, as events and in the log. Default false. */
  readonly monitorAddresses?: boolean
  /** File creation mask of the process, whatever the configuration says; only together with `signals`. */
  readonly umask?: number
  /**
   * Network namespace (ip-netns(8)) that the daemon is to run in, whatever `net_namespace` of the configuration says. The process has
   * to be in it: the command line sees to that.
   */
  readonly networkNamespace?: string
  /** Descriptor on which the kernel can tell of processes there, from where the process was before; meant for the command line. */
  readonly processEventsFd?: number
  /** The work that is done; what belongs to other parts is read and left alone. Default: all. */
  readonly parts?: Partial<DaemonParts>
  /** Pid files to hold, locked, from the start until the stop; the first of them may not be held by another process. Default: none. */
  readonly pidFiles?: PidFileNames
  /** Whether to log what the configuration says, as `print-config` prints it, at the start. Default false. */
  readonly dumpConfig?: boolean
  /**
   * Keep the last result of a `vrrp_script` for ever when no other one comes. Default: false: without a result for three intervals, and
   * for the heartbeat limit, and for 10 s, it counts as failed.
   */
  readonly keepStaleResults?: boolean
  /** Real-time priority (SCHED_RR) of the engine thread where permitted, 1 to 99; 0: none. Default `vrrp_rt_priority`, else 1. */
  readonly realtimePriority?: number
  /** Functions that are told of changes of state. */
  readonly hooks?: DaemonHooks
  /** A hook that takes longer is not waited for any more. An integer, at least 1. Default 5,000. */
  readonly hookTimeoutMs?: number
  /** How the connection to `smtp_server` is protected, and who we are: keepalived's language has no words for that. Default: neither. */
  readonly smtp?: SmtpSecurity
  /** Where changes of state are posted, besides what the configuration says of scripts, FIFOs and mail. */
  readonly webhooks?: readonly WebhookOptions[]
}

/**
 * The file that the options name, {@link DEFAULT_CONFIG_FILE} when they name none.
 *
 * @returns `undefined` when they hold a configuration instead
 */
export function configFileOf({ config, configFile }: DaemonOptions): string | undefined {
  return config === undefined ? (configFile ?? DEFAULT_CONFIG_FILE) : undefined
}

/** The parts of the work that are done. */
export function partsOf({ parts }: DaemonOptions): DaemonParts {
  return { ...ALL_PARTS, ...parts }
}

/** The parts that have a pid file, where it has a name: those that are done here and configured, or simply all that are done. */
export function partsWithPidFile(options: DaemonOptions, config: Config): DaemonParts {
  const parts = partsOf(options)
  return options.pidFiles?.all === true ? parts : configuredParts(onlyParts(config, parts))
}

/** The network namespace that the daemon is to run in; `undefined`: the one where it is. */
export function namespaceOf({ networkNamespace }: DaemonOptions, { netNamespace }: Config): string | undefined {
  return networkNamespace ?? netNamespace
}

/** The names that tell this daemon apart from others, such as in those of its files: what the options say, else the configuration. */
export function namesOf(options: DaemonOptions, config: Config): Pick<Config, 'instance' | 'netNamespace'> {
  return { instance: options.instanceName ?? config.instance, netNamespace: namespaceOf(options, config) }
}

/** What keepalived's names of pid files depend on. */
export function pidFilePlace(options: DaemonOptions, config: Config): PidFilePlace {
  const { instance, netNamespace } = namesOf(options, config)
  return { instance, usesDirectory: config.usePidDir || instance !== undefined || netNamespace !== undefined }
}

/** How the engine runs: what the options say, else the configuration. */
export function engineOptions(options: DaemonOptions, config: Config): EngineOptions {
  const instanceName = options.instanceName ?? config.instance
  const realtimePriority = options.realtimePriority ?? (config.globalDefs.vrrpRtPriority || undefined)
  return {
    signals: options.signals ?? false,
    ...(instanceName === undefined ? {} : { instanceName }),
    ...(options.runtimeDir === undefined ? {} : { runtimeDir: options.runtimeDir }),
    ...(options.releaseOnStop === undefined ? {} : { releaseOnStop: options.releaseOnStop }),
    ...(options.monitorAddresses === undefined ? {} : { monitorAddresses: options.monitorAddresses }),
    ...(options.heartbeatLimitMs === undefined ? {} : { heartbeatLimitMs: options.heartbeatLimitMs }),
    ...(realtimePriority === undefined ? {} : { realtimePriority }),
    ...(options.processEventsFd === undefined ? {} : { processEventsFd: options.processEventsFd }),
  }
}
