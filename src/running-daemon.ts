import type { ApplyReport, Engine, EngineOptions } from '#native'
import type { Logger } from 'pino'
import { readConfig, takeConfig } from './config-file.ts'
import type { ConfigInput } from './config/input.ts'
import type { Config, VrrpInstance } from './config/model.ts'
import { checkConfig, configFileOf, engineOptions } from './daemon-options.ts'
import type { DaemonOptions } from './daemon-options.ts'
import type { Daemon, DaemonStatus, ReloadReport } from './daemon.ts'
import { EventStream } from './engine/events.ts'
import type { EngineEvent } from './engine/events.ts'
import { lower } from './engine/lower.ts'
import { native } from './engine/native.ts'
import { sentences } from './engine/sentences.ts'
import { KaError } from './errors.ts'
import { NotifyDispatcher } from './notify/dispatcher.ts'

/** Time that `process.on('exit')` gives the engine to resign and remove its addresses. */
const EXIT_DEADLINE_MS = 500

/** Time that notify scripts get at a stop, as in keepalived. */
const STOP_SCRIPTS_MS = 1_000

const SIGHUP = 1
const SIGINT = 2
const SIGTERM = 15

/** A daemon around an engine that is open. */
export class RunningDaemon implements Daemon {
  readonly stopped: Promise<void>
  readonly #engine: Engine
  /** How the engine runs, for as long as it does. */
  readonly #engineOptions: EngineOptions
  readonly #options: DaemonOptions
  readonly #log: Logger
  readonly #notify: NotifyDispatcher
  readonly #streams = new Set<EventStream>()
  #settleStopped!: (outcome: Promise<void>) => void
  /** Keeps the process alive: the engine's own wake-up does not. */
  readonly #keepAlive = setInterval(() => {}, 2 ** 30)
  #config: Config | undefined
  /** The instances whose events may come, by name. */
  #instances: ReadonlyMap<string, VrrpInstance> = new Map()
  #applying: Promise<unknown> = Promise.resolve()
  #stopping: Promise<void> | undefined

  readonly #onExit = (): void => {
    this.#engine.stopNow(EXIT_DEADLINE_MS)
  }

  constructor(engine: Engine, engineOptions: EngineOptions, options: DaemonOptions, log: Logger) {
    this.#engine = engine
    this.#engineOptions = engineOptions
    this.#options = options
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

  async reload(config?: Config | ConfigInput): Promise<ReloadReport> {
    this.#refuseStopped()
    if (config !== undefined) checkConfig(config)
    // Also reading takes its turn: a later reload must not be overtaken by an earlier one.
    return await this.#inTurn(async () => await this.#applyNow(await this.#wanted(config)))
  }

  async #wanted(config: Config | ConfigInput | undefined): Promise<Config> {
    this.#refuseStopped()
    if (config !== undefined) return takeConfig(config, this.#log)
    const file = configFileOf(this.#options)
    const wanted = file === undefined ? this.#config : await readConfig(file, this.#log, this.#options.configId)
    this.#refuseStopped()
    if (wanted === undefined) throw new KaError('KA_ERR_USAGE', 'there is no configuration to reload')
    return wanted
  }

  #refuseStopped(): void {
    if (this.#stopping !== undefined) throw new KaError('KA_ERR_STOPPED', 'the daemon has been stopped')
  }

  /** Applies a configuration; one after the other. */
  async apply(config: Config): Promise<ApplyReport> {
    return await this.#inTurn(async () => await this.#applyNow(config))
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#applying.then(work)
    // The next one runs whether this one failed or not; this caller gets the error.
    this.#applying = turn.catch(() => {})
    return await turn
  }

  async #applyNow(config: Config): Promise<ApplyReport> {
    const former = this.#config
    this.#compareFixed(config)
    // First, because instances tell their states before the engine answers.
    this.#expect(config)
    try {
      const report = await native(async () => await this.#engine.apply(lower(config)))
      this.#config = config
      // What concerns an instance comes as an event.
      for (const { instance, reason } of report.refusals) if (instance === '') this.#log.warn(reason)
      // Instances that are gone have said so: their scripts are told before they are forgotten.
      this.takeEvents()
      this.#notify.retain(config.vrrpInstances)
      this.#instances = byName(config)
      return report
    } catch (error) {
      if (former !== undefined) this.#expect(former)
      throw error
    }
  }

  /** What only a start can change: refuses another instance name, and tells what waits for a restart. */
  #compareFixed(config: Config): void {
    const { instanceName, realtimePriority } = engineOptions(this.#options, config)
    if (instanceName !== this.#engineOptions.instanceName) {
      const sentence = 'Cannot change instance at a reload - please restart ka-native'
      this.#log.error(sentence)
      throw new KaError('KA_ERR_CONFIG_UNUSABLE', sentence)
    }
    if (realtimePriority !== this.#engineOptions.realtimePriority) this.#log.warn('vrrp_rt_priority takes effect at the next start')
  }

  /** Instances of a configuration may tell something from now on, and those before them still. */
  #expect(config: Config): void {
    const { vrrpInstances, globalDefs } = config
    this.#instances = new Map([...this.#instances, ...byName(config)])
    this.#notify.configure(vrrpInstances, globalDefs)
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

  /** Logs which capability is missing that the engine can do without, and what that disables. */
  async tellMissing(): Promise<void> {
    if (this.#engineOptions.realtimePriority === 0) return
    try {
      const { engine } = await this.status()
      if (engine.realtime) return
      const disabled = 'no real-time scheduling: on a busy machine advertisements may be late'
      this.#log.warn({ capability: 'CAP_SYS_NICE' }, `missing capability CAP_SYS_NICE: ${disabled}`)
    } catch {
      // A signal stops it already.
    }
  }

  /** Takes what the engine has to tell. */
  takeEvents(): void {
    for (let events = this.#engine.drain(); events.length > 0; events = this.#engine.drain()) {
      for (const { atMs, event } of events) this.#handle({ ...event, atMs })
    }
  }

  #handle(event: EngineEvent): void {
    const described = 'instance' in event ? this.#instances.get(event.instance) : undefined
    for (const { level, text } of sentences(event, described)) this.#log[level](event, text)
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
      this.stop().catch(() => {}) // `stopped` tells
    } else if (signal === SIGHUP) {
      this.#log.info('Reloading ...')
      this.reload().then(
        (report) => {
          this.#log.info(report, 'Reload complete')
        },
        (error: unknown) => {
          // The engine may have stopped by a signal that it has not told yet.
          const isStopped = error instanceof KaError && error.code === 'KA_ERR_STOPPED'
          if (isStopped || this.#stopping !== undefined) this.#log.info('reload given up: the daemon stops')
          else this.#log.error({ err: error }, 'reload refused, the former configuration stays')
        },
      )
    } else {
      this.#log.warn({ signal }, 'signal known, not supported yet')
    }
  }
}

function byName({ vrrpInstances }: Config): Map<string, VrrpInstance> {
  return new Map(vrrpInstances.map((instance) => [instance.name, instance]))
}
