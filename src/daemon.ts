import type { Engine, EngineSnapshot, ApplyReport } from '#native'
import pino from 'pino'
import type { Logger } from 'pino'
import type { Diagnostics } from './config/diagnostic.ts'
import { startExitCode } from './config/exit-code.ts'
import { loadConfig } from './config/load.ts'
import type { Config } from './config/model.ts'
import { EventStream } from './engine/events.ts'
import type { EngineEvent } from './engine/events.ts'
import { lower } from './engine/lower.ts'
import { fromNative, loadNative } from './engine/native.ts'
import { sentences } from './engine/sentences.ts'
import { ConfigError, KaError } from './errors.ts'
import { NotifyDispatcher } from './notify/dispatcher.ts'
import { defaultAccount } from './process/account.ts'

/** The file read when none is named. */
export const DEFAULT_CONFIG_FILE = '/etc/keepalived/keepalived.conf'

/** Time that `process.on('exit')` gives the engine to resign and remove its addresses. */
const EXIT_DEADLINE_MS = 500

/** Time that notify scripts get at a stop, as in keepalived. */
const STOP_SCRIPTS_MS = 1_000

const SIGHUP = 1
const SIGINT = 2
const SIGTERM = 15

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
   * ends with status 70. An integer, rounded up to whole seconds; 0: never. Default 10,000.
   */
  readonly heartbeatLimitMs?: number
  /** Real-time priority (SCHED_RR) of the engine thread where permitted, 0: none. Default `vrrp_rt_priority`, else 1. */
  readonly realtimePriority?: number
}

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
   *   where the file is at fault), `KA_ERR_STOPPED`, `KA_ERR_ENGINE`
   */
  reload(config?: Config): Promise<ReloadReport>
  /** Resigns as every Master, removes every address, waits briefly for notify scripts. May be called again. */
  stop(): Promise<void>
  /** Everything that happens from now on, until the daemon stops or the reader returns. */
  events(): AsyncIterableIterator<EngineEvent, undefined>
  /** Settles when the daemon has stopped, by `stop()` or by a signal; rejects when it could not release everything. */
  readonly stopped: Promise<void>
}

/**
 * Starts a daemon: reads the configuration, starts the engine thread, applies.
 *
 * Resolves when the configuration is applied; virtual routers are then BACKUP or FAULT, an address owner MASTER. A
 * failed start leaves nothing behind.
 *
 * @throws {KaError} `KA_ERR_CONFIG_MISSING`, `KA_ERR_CONFIG_UNUSABLE`, `KA_ERR_PERMISSION`, `KA_ERR_ALREADY_RUNNING`,
 *   `KA_ERR_ADDON_UNAVAILABLE`, `KA_ERR_USAGE`, `KA_ERR_ENGINE`
 */
export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  const log = options.logger ?? pino({ level: 'silent' })
  const file = options.configFile ?? DEFAULT_CONFIG_FILE
  if (options.config !== undefined && options.configFile !== undefined) {
    throw new KaError('KA_ERR_USAGE', 'configFile and config exclude each other')
  }
  const config = options.config ?? readConfig(file, log)
  const { Engine } = await loadNative()
  // The engine may wake us before its promise has resolved: it is asked again below.
  const wake = { handler: (): void => {} }
  const instanceName = options.instanceName ?? config.instance
  const realtimePriority = options.realtimePriority ?? (config.globalDefs.vrrpRtPriority || undefined)
  const engineOptions = {
    signals: options.signals ?? false,
    ...(instanceName === undefined ? {} : { instanceName }),
    ...(options.runtimeDir === undefined ? {} : { runtimeDir: options.runtimeDir }),
    ...(options.heartbeatLimitMs === undefined ? {} : { heartbeatLimitMs: options.heartbeatLimitMs }),
    ...(realtimePriority === undefined ? {} : { realtimePriority }),
  }
  const engine = await native(async () => await Engine.open(engineOptions, () => wake.handler()))
  const daemon = new RunningDaemon(engine, options.config === undefined ? file : undefined, log)
  wake.handler = () => {
    daemon.takeEvents()
  }
  try {
    await daemon.apply(config)
  } catch (error) {
    await daemon.stop()
    throw error
  }
  // Takes up a wake-up that came too early, and tells the first states before the caller goes on.
  daemon.takeEvents()
  return daemon
}

/** Reads a configuration file and logs what is wrong with it. */
function readConfig(file: string, log: Logger): Config {
  const { config, diagnostics } = loadConfig({ file })
  logDiagnostics(diagnostics, log)
  const exitCode = startExitCode(diagnostics)
  if (exitCode === 0) return config
  const [code, message] =
    exitCode === 6
      ? (['KA_ERR_CONFIG_MISSING', `no usable configuration file ${file}`] as const)
      : (['KA_ERR_CONFIG_UNUSABLE', `the configuration in ${file} cannot be run`] as const)
  throw new ConfigError(code, message, diagnostics)
}

function logDiagnostics(diagnostics: Diagnostics, log: Logger): void {
  for (const { severity, code, refusesStart, file, line, column, message, help } of diagnostics) {
    const level = refusesStart ? 'error' : ({ error: 'error', warning: 'warn', info: 'info' } as const)[severity]
    const where = line === undefined ? file : `${file}:${line}:${column}`
    log[level]({ code, file, line, column, help }, `${where}: ${message}`)
  }
}

async function native<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw fromNative(error)
  }
}

class RunningDaemon implements Daemon {
  readonly stopped: Promise<void>
  readonly #engine: Engine
  readonly #file: string | undefined
  readonly #log: Logger
  readonly #notify: NotifyDispatcher
  readonly #streams = new Set<EventStream>()
  #settleStopped!: (outcome: Promise<void>) => void
  /** Keeps the process alive: the engine's own wake-up does not. */
  readonly #keepAlive = setInterval(() => {}, 2 ** 30)
  #config: Config | undefined
  #applying: Promise<unknown> = Promise.resolve()
  #stopping: Promise<void> | undefined

  readonly #onExit = (): void => {
    this.#engine.stopNow(EXIT_DEADLINE_MS)
  }

  constructor(engine: Engine, file: string | undefined, log: Logger) {
    this.#engine = engine
    this.#file = file
    this.#log = log
    this.#notify = new NotifyDispatcher(log)
    this.stopped = new Promise((resolve) => {
      this.#settleStopped = resolve
    })
    // A host that does not await `stopped` learns of a failure from stop().
    this.stopped.catch(() => {})
    process.on('exit', this.#onExit)
  }

  async status(): Promise<DaemonStatus> {
    return await native(async () => await this.#engine.snapshot())
  }

  async reload(config?: Config): Promise<ReloadReport> {
    if (this.#stopping !== undefined) throw new KaError('KA_ERR_STOPPED', 'the daemon has been stopped')
    const wanted = config ?? (this.#file === undefined ? this.#config : readConfig(this.#file, this.#log))
    if (wanted === undefined) throw new KaError('KA_ERR_USAGE', 'there is no configuration to reload')
    return await this.apply(wanted)
  }

  /** Applies a configuration; one after the other. */
  async apply(config: Config): Promise<ApplyReport> {
    const turn = this.#applying.then(async () => await this.#applyNow(config))
    // The next one runs whether this one failed or not; this caller gets the error.
    this.#applying = turn.catch(() => {})
    return await turn
  }

  async #applyNow(config: Config): Promise<ApplyReport> {
    const former = this.#config
    // First, because instances tell their states before the engine answers.
    await this.#configureScripts(config)
    try {
      const report = await native(async () => await this.#engine.apply(lower(config)))
      this.#config = config
      // What concerns an instance comes as an event.
      for (const { instance, reason } of report.refusals) if (instance === '') this.#log.warn(reason)
      // Instances that are gone have said so: their scripts are told before they are forgotten.
      this.takeEvents()
      this.#notify.retain(config.vrrpInstances)
      return report
    } catch (error) {
      if (former !== undefined) await this.#configureScripts(former)
      throw error
    }
  }

  async #configureScripts({ vrrpInstances, globalDefs }: Config): Promise<void> {
    this.#notify.configure(vrrpInstances, await defaultAccount(globalDefs))
  }

  async stop(): Promise<void> {
    if (this.#stopping === undefined) {
      this.#stopping = this.#stopNow()
      this.#settleStopped(this.#stopping)
    }
    await this.#stopping
  }

  async #stopNow(): Promise<void> {
    try {
      await native(async () => await this.#engine.stop())
    } finally {
      this.takeEvents()
      clearInterval(this.#keepAlive)
      process.off('exit', this.#onExit)
      await this.#notify.finish(STOP_SCRIPTS_MS)
      for (const stream of this.#streams) stream.close()
      this.#streams.clear()
    }
  }

  events(): AsyncIterableIterator<EngineEvent, undefined> {
    const stream = new EventStream((closed) => {
      this.#streams.delete(closed)
    })
    if (this.#stopping === undefined) this.#streams.add(stream)
    else stream.close()
    return stream
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Takes what the engine has to tell. */
  takeEvents(): void {
    for (let events = this.#engine.drain(); events.length > 0; events = this.#engine.drain()) {
      for (const { atMs, event } of events) this.#handle({ ...event, atMs })
    }
  }

  #handle(event: EngineEvent): void {
    for (const { level, text } of sentences(event)) this.#log[level](event, text)
    if (event.type === 'stateChanged') {
      // As keepalived: an instance that a reload removes tells FAULT.
      const state = event.to === 'STOP' && this.#stopping === undefined ? 'FAULT' : event.to
      this.#notify.dispatch(event.instance, state, event.priority)
    }
    if (event.type === 'signal') this.#handleSignal(event.signal)
    for (const stream of this.#streams) stream.push(event)
  }

  #handleSignal(signal: number): void {
    if (signal === SIGTERM || signal === SIGINT) {
      this.#log.info('Stopping')
      this.stop().catch((error: unknown) => {
        this.#log.error({ err: error }, 'stop failed')
      })
    } else if (signal === SIGHUP) {
      this.#log.info('Reloading ...')
      this.reload().then(
        (report) => {
          this.#log.info(report, 'Reload complete')
        },
        (error: unknown) => {
          this.#log.error({ err: error }, 'reload refused, the former configuration stays')
        },
      )
    } else {
      this.#log.warn({ signal }, 'signal known, not supported yet')
    }
  }
}
