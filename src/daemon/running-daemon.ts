import type { ApplyReport, Engine } from '#native'
import type { Logger } from 'pino'
import type { ConfigInput } from '../config/input.ts'
import type { Config } from '../config/model.ts'
import { allEnded } from './all-ended.ts'
import { Applying } from './applying.ts'
import { checkConfig } from './check-options.ts'
import type { DaemonOptions } from './options.ts'
import type { Daemon, DaemonStatus, ReloadReport } from './daemon.ts'
import { Dumper } from '../dump/dumper.ts'
import type { DumpKind } from '../dump/dumper.ts'
import { EventStreams } from './event-streams.ts'
import type { DaemonEvent } from './event-streams.ts'
import type { EngineEvent } from '../engine/events.ts'
import { native } from '../engine/native.ts'
import { KaError } from '../errors.ts'
import { componentLog } from '../log/components.ts'
import { EventLog } from '../log/event-log.ts'
import type { DrainResult } from '../lvs/drain.ts'
import type { LvsStatus } from '../lvs/lvs-status.ts'
import type { LvsTarget, NamedTarget } from '../lvs/targets.ts'
import type { Notifier } from '../notify/notifier.ts'
import { openNotifier } from '../notify/open-notifier.ts'
import { runDaemonScript } from '../process/daemon-scripts.ts'
import type { PidFiles } from '../process/pid-files.ts'
import { Scheduler } from '../process/scheduling.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import type { Ground } from './ground.ts'
import { LvsPart } from './lvs-part.ts'
import { Reloading } from '../reload/reloading.ts'
import { obey } from './signals.ts'
import type { Obedience } from './signals.ts'
import { Turns } from './turns.ts'
import { Tracking } from '../track/tracking.ts'

/** Time that `process.on('exit')` gives the engine to resign and remove its addresses. */
const EXIT_DEADLINE_MS = 500

/** Time that notifications get at a stop, as scripts do in keepalived; then dumps. */
const STOP_TELLING_MS = 1_000

/** Time that scripts get which are still there when everything else has ended: SIGKILL comes after two seconds. */
const END_SCRIPTS_MS = 3_000

/** A daemon around an engine that is open. */
export class RunningDaemon implements Daemon {
  readonly stopped: Promise<void>
  readonly #engine: Engine
  readonly #options: DaemonOptions
  readonly #log: Logger
  readonly #pidFiles: PidFiles
  readonly #eventLog: EventLog
  readonly #dumper: Dumper
  readonly #notifier: Notifier
  readonly #scripts: ScriptRunner
  readonly #trackers: Tracking
  readonly #lvs: LvsPart
  readonly #applying: Applying
  readonly #reloading: Reloading
  readonly #obedience: Obedience
  readonly #streams = new EventStreams()
  #settleStopped!: (outcome: Promise<void>) => void
  /** Keeps the process alive: the engine's own wake-up does not. */
  readonly #keepAlive = setInterval(() => {}, 2 ** 30)
  readonly #turns = new Turns()
  #stopping: Promise<void> | undefined
  /** Aborted when a stop begins. */
  readonly #stopped = new AbortController()

  readonly #onExit = (): void => {
    this.#engine.stopNow(EXIT_DEADLINE_MS)
    this.#lvs.stopNow(EXIT_DEADLINE_MS)
    this.#notifier.abandon()
    this.#pidFiles.remove()
  }

  constructor(ground: Ground, options: DaemonOptions, log: Logger) {
    const { engine, engineOptions, pidFiles, scripts, saved, addon } = ground
    this.#engine = engine
    this.#options = options
    this.#log = componentLog(log, 'process')
    this.#pidFiles = pidFiles
    this.#scripts = scripts
    this.#eventLog = new EventLog(log)
    const tools = { scripts, makeFifo: addon.makeFifo, instanceName: engineOptions.instanceName }
    this.#notifier = openNotifier(options, tools, componentLog(log, 'notify'))
    this.#trackers = new Tracking(engine, scripts, options, componentLog(log, 'script'))
    this.#lvs = new LvsPart({
      ...ground,
      isReleasing: options.releaseIpvsOnStop !== false,
      changed: (change) => {
        this.#notifier.handleServer(change)
      },
      told: (event) => {
        this.#streams.push(event)
      },
      log: componentLog(log, 'lvs'),
    })
    this.#applying = new Applying({
      ...ground,
      options,
      scheduler: new Scheduler(engine, this.#log, options.realtimePriority),
      eventLog: this.#eventLog,
      notifier: this.#notifier,
      trackers: this.#trackers,
      lvs: this.#lvs,
      log: this.#log,
      takeEvents: () => {
        this.takeEvents()
      },
      isStopping: () => this.#stopping !== undefined,
    })
    const sources = {
      engine,
      config: () => this.#applying.config,
      scripts: (name: string) => this.#trackers.known(name),
      lvs: async () => await this.#lvs.status(),
    }
    this.#dumper = new Dumper(sources, this.#log)
    const daemon = {
      config: () => this.#applying.config,
      isStopping: () => this.#stopping !== undefined,
      apply: async (config: Config) => await this.#apply(config),
      reload: async () => await this.reload(),
      dumper: this.#dumper,
    }
    this.#reloading = new Reloading(options, saved, daemon, this.#log)
    this.#obedience = {
      stop: () => void this.stop().catch(() => {}), // `stopped` tells
      reloading: this.#reloading,
      dumper: this.#dumper,
      log: this.#log,
    }
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

  async virtualServers(): Promise<LvsStatus> {
    return (await this.#lvs.status()) ?? { services: [] }
  }

  async drain(target: LvsTarget, limitMs: number): Promise<readonly DrainResult[]> {
    return await this.#lvs.operated.drain(target, limitMs)
  }

  maintain(target: LvsTarget, isOn: boolean): readonly NamedTarget[] {
    return this.#lvs.operated.maintain(target, isOn)
  }

  weigh(target: LvsTarget, weight: number | 'default'): readonly NamedTarget[] {
    return this.#lvs.operated.weigh(target, weight)
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
      await this.#apply(config)
    })
  }

  async #apply(wanted: Config): Promise<ApplyReport> {
    const { report, config } = await this.#applying.apply(wanted)
    // A stop has begun meanwhile: this is part of what it ends.
    this.#refuseStopped()
    this.#reloading.configure(config)
    return report
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
      const resigned = native(async () => await this.#engine.stop())
      await allEnded([resigned, this.#lvs.stop()], this.#log)
    } finally {
      this.takeEvents()
      this.#eventLog.tellLeftOut()
      clearInterval(this.#keepAlive)
      process.off('exit', this.#onExit)
      await this.#notifier.finish(STOP_TELLING_MS)
      this.#reloading.close()
      await this.#dumper.finish(STOP_TELLING_MS)
      const { config } = this.#applying
      if (config !== undefined) await runDaemonScript('shutdown', config.globalDefs, this.#scripts, this.#log)
      await this.#scripts.stop(END_SCRIPTS_MS)
      this.#pidFiles.remove()
      this.#streams.close()
    }
  }

  events(): AsyncIterableIterator<DaemonEvent, undefined> {
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
    this.#lvs.handle(event)
    if (event.type === 'signal') obey(event.signal, this.#obedience)
    this.#streams.push(event)
  }
}
