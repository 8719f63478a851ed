import type { ApplyReport, Engine, EngineOptions } from '#native'
import type { Logger } from 'pino'
import type { ConfigInput } from '../config/input.ts'
import type { Config } from '../config/model.ts'
import { onlyParts } from '../config/parts.ts'
import { checkConfig } from './check-options.ts'
import { namesOf, partsOf, partsWithPidFile } from './options.ts'
import type { DaemonOptions } from './options.ts'
import type { Daemon, DaemonStatus, ReloadReport } from './daemon.ts'
import { Dumper } from '../dump/dumper.ts'
import type { DumpKind } from '../dump/dumper.ts'
import { EventStreams } from '../engine/events.ts'
import type { EngineEvent } from '../engine/events.ts'
import { lower } from '../engine/lower.ts'
import { native } from '../engine/native.ts'
import type { NativeModule } from '../engine/native.ts'
import { KaError } from '../errors.ts'
import { componentLog } from '../log/components.ts'
import { EventLog } from '../log/event-log.ts'
import type { Notifier } from '../notify/notifier.ts'
import { openNotifier } from '../notify/open-notifier.ts'
import { applyProcessAttributes } from '../process/attributes.ts'
import { runDaemonScript } from '../process/daemon-scripts.ts'
import type { PidFiles } from '../process/pid-files.ts'
import { Scheduler } from '../process/scheduling.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import { refuseFixedChanges } from './fixed-settings.ts'
import { Reloading } from '../reload/reloading.ts'
import type { SavedConfig } from '../reload/saved-config.ts'
import { dumpRequestOf, SIGHUP, SIGINT, SIGTERM } from './signals.ts'
import { Turns } from './turns.ts'
import { Tracking } from '../track/tracking.ts'

/** Time that `process.on('exit')` gives the engine to resign and remove its addresses. */
const EXIT_DEADLINE_MS = 500

/** Time that notifications get at a stop, as scripts do in keepalived. */
const STOP_NOTIFICATIONS_MS = 1_000

/** Time that a dump gets at a stop. */
const STOP_DUMP_MS = 1_000

/** Time that scripts get which are still there when everything else has ended: SIGKILL comes after two seconds. */
const END_SCRIPTS_MS = 3_000

/** What a daemon stands on: opened before it, and ended with it. */
export interface Ground {
  readonly engine: Engine
  readonly engineOptions: EngineOptions
  readonly pidFiles: PidFiles
  readonly scripts: ScriptRunner
  readonly saved: SavedConfig
  readonly addon: NativeModule
}

/** A daemon around an engine that is open. */
export class RunningDaemon implements Daemon {
  readonly stopped: Promise<void>
  readonly #engine: Engine
  /** How the engine runs, for as long as it does. */
  readonly #engineOptions: EngineOptions
  readonly #options: DaemonOptions
  readonly #log: Logger
  readonly #pidFiles: PidFiles
  readonly #scheduler: Scheduler
  readonly #eventLog: EventLog
  readonly #dumper: Dumper
  readonly #notifier: Notifier
  readonly #scripts: ScriptRunner
  readonly #trackers: Tracking
  readonly #reloading: Reloading
  readonly #streams = new EventStreams()
  #settleStopped!: (outcome: Promise<void>) => void
  /** Keeps the process alive: the engine's own wake-up does not. */
  readonly #keepAlive = setInterval(() => {}, 2 ** 30)
  #config: Config | undefined
  readonly #turns = new Turns()
  #stopping: Promise<void> | undefined
  /** Aborted when a stop begins. */
  readonly #stopped = new AbortController()

  readonly #onExit = (): void => {
    this.#engine.stopNow(EXIT_DEADLINE_MS)
    this.#notifier.abandon()
    this.#pidFiles.remove()
  }

  constructor({ engine, engineOptions, pidFiles, scripts, saved, addon }: Ground, options: DaemonOptions, log: Logger) {
    this.#engine = engine
    this.#engineOptions = engineOptions
    this.#options = options
    this.#log = componentLog(log, 'process')
    this.#pidFiles = pidFiles
    this.#scripts = scripts
    this.#scheduler = new Scheduler(engine, this.#log, options.realtimePriority)
    this.#eventLog = new EventLog(log)
    const tools = { scripts, makeFifo: addon.makeFifo, instanceName: engineOptions.instanceName }
    this.#notifier = openNotifier(options, tools, componentLog(log, 'notify'))
    this.#trackers = new Tracking(engine, scripts, options, componentLog(log, 'script'))
    this.#dumper = new Dumper({ engine, config: () => this.#config, scripts: (name) => this.#trackers.known(name) }, this.#log)
    const daemon = {
      config: () => this.#config,
      isStopping: () => this.#stopping !== undefined,
      apply: async (config: Config) => await this.#applyNow(config),
      reload: async () => await this.reload(),
      dumper: this.#dumper,
    }
    this.#reloading = new Reloading(options, saved, daemon, this.#log)
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

  async dump(kind: DumpKind): Promise<string> {
    return await this.#dumper.text(kind)
  }

  async reload(config?: Config | ConfigInput): Promise<ReloadReport> {
    this.#refuseStopped()
    if (config !== undefined) checkConfig(config)
    // Also reading takes its turn: a later reload must not be overtaken by an earlier one.
    return await this.#turns.take(async () => await this.#reloading.now(config))
  }

  #refuseStopped(): void {
    if (this.#stopping !== undefined) throw new KaError('KA_ERR_STOPPED', 'the daemon has been stopped')
  }

  /** Runs `startup_script`, then applies the first configuration. A reload that is asked for meanwhile waits; a stop ends it. */
  async begin(config: Config): Promise<void> {
    await this.#turns.take(async () => {
      this.#scripts.configure(config.globalDefs)
      await runDaemonScript('startup', config.globalDefs, this.#scripts, this.#log, this.#stopped.signal)
      await this.#applyNow(config)
    })
  }

  async #applyNow(whole: Config): Promise<ApplyReport> {
    const config = { ...onlyParts(whole, partsOf(this.#options)), ...namesOf(this.#options, whole) }
    const former = this.#config
    refuseFixedChanges({ options: this.#options, engineOptions: this.#engineOptions, config: former }, config, this.#log)
    const trackers = await this.#trackers.prepare(config)
    // First, because instances tell their states before the engine answers.
    await this.#expect(config)
    const report = await native(async () => await this.#engine.apply(lower(config, trackers))).catch(async (error: unknown) => {
      if (former !== undefined && this.#stopping === undefined) await this.#expect(former)
      throw error
    })
    this.#trackers.commit(trackers)
    this.#config = config
    await this.#scheduler.apply(config.globalDefs)
    // What concerns an instance comes as an event.
    for (const { instance, reason } of report.refusals) if (instance === '') this.#log.warn(reason)
    // Instances that are gone have said so: their scripts are told before they are forgotten.
    this.takeEvents()
    this.#notifier.retain(config)
    this.#eventLog.retain(config)
    this.#reloading.configure(config)
    await this.#pidFiles.holdMore(partsWithPidFile(this.#options, config))
    return report
  }

  /** Instances of a configuration may tell something from now on, and those before them still. */
  async #expect(config: Config): Promise<void> {
    if (this.#options.signals === true) await applyProcessAttributes(config.globalDefs, this.#log, this.#options.umask)
    // Nobody would remove what notifications make after they were ended.
    this.#refuseStopped()
    this.#eventLog.configure(config)
    this.#scripts.configure(config.globalDefs)
    this.#notifier.configure(config)
  }

  async stop(): Promise<void> {
    if (this.#stopping === undefined) {
      this.#options.observer?.stopping?.()
      this.#stopped.abort()
      this.#stopping = this.#stopNow()
      this.#settleStopped(this.#stopping)
    }
    await this.#stopping
  }

  async #stopNow(): Promise<void> {
    // As in keepalived they end first: nobody looks at their results any more.
    this.#trackers.stop()
    try {
      await native(async () => await this.#engine.stop())
    } finally {
      this.takeEvents()
      this.#eventLog.tellLeftOut()
      clearInterval(this.#keepAlive)
      process.off('exit', this.#onExit)
      await this.#notifier.finish(STOP_NOTIFICATIONS_MS)
      this.#reloading.close()
      await this.#dumper.finish(STOP_DUMP_MS)
      if (this.#config !== undefined) await runDaemonScript('shutdown', this.#config.globalDefs, this.#scripts, this.#log)
      await this.#scripts.stop(END_SCRIPTS_MS)
      this.#pidFiles.remove()
      this.#streams.close()
    }
  }

  events(): AsyncIterableIterator<EngineEvent, undefined> {
    return this.#streams.open()
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
    const isStopping = this.#stopping !== undefined
    this.#eventLog.tell(event, isStopping && this.#options.releaseOnStop === false)
    this.#options.observer?.told?.(event)
    this.#notifier.handle(event, isStopping)
    if (event.type === 'signal') this.#handleSignal(event.signal)
    this.#streams.push(event)
  }

  #handleSignal(signal: number): void {
    const request = dumpRequestOf(signal)
    if (signal === SIGTERM || signal === SIGINT) {
      this.#log.info('Stopping')
      this.stop().catch(() => {}) // `stopped` tells
    } else if (signal === SIGHUP) this.#reloading.request()
    else if (request !== undefined) this.#dumper.request(request)
    else this.#log.warn({ signal }, 'no threads are dumped: this signal has no effect')
  }
}
