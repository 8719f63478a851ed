import type { ApplyReport } from '#native'
import type { Logger } from 'pino'
import type { Config } from '../config/model.ts'
import { onlyParts } from '../config/parts.ts'
import { lower } from '../engine/lower.ts'
import { native } from '../engine/native.ts'
import { KaError } from '../errors.ts'
import type { EventLog } from '../log/event-log.ts'
import type { Notifier } from '../notify/notifier.ts'
import { applyProcessAttributes } from '../process/attributes.ts'
import type { Scheduler } from '../process/scheduling.ts'
import type { Prepared, Tracking } from '../track/tracking.ts'
import { refuseFixedChanges } from './fixed-settings.ts'
import type { Ground } from './ground.ts'
import type { LvsPart } from './lvs-part.ts'
import { namesOf, partsOf, partsWithPidFile } from './options.ts'
import type { DaemonOptions } from './options.ts'

/** Everything that takes up a configuration. */
export interface Appliers extends Pick<Ground, 'engine' | 'engineOptions' | 'pidFiles' | 'scripts'> {
  readonly options: DaemonOptions
  readonly scheduler: Scheduler
  readonly eventLog: EventLog
  readonly notifier: Notifier
  readonly trackers: Tracking
  readonly lvs: LvsPart
  readonly log: Logger
  /** Handles what the engine has told so far. */
  readonly takeEvents: () => void
  readonly isStopping: () => boolean
}

/** How a configuration takes the place of the one before it: as a whole, or not at all. */
export class Applying {
  readonly #with: Appliers
  #config: Config | undefined

  constructor(appliers: Appliers) {
    this.#with = appliers
  }

  /** In effect; none before the first one is applied. */
  get config(): Config | undefined {
    return this.#config
  }

  /**
   * Applies a configuration; one at a time.
   *
   * @returns what the engine did, and the configuration as it counts
   * @throws {KaError} the former configuration stays in effect
   */
  async apply(whole: Config): Promise<{ readonly report: ApplyReport; readonly config: Config }> {
    const { options, engineOptions, scheduler, trackers, lvs, log, pidFiles, takeEvents } = this.#with
    const wanted = { ...onlyParts(whole, partsOf(options)), ...namesOf(options, whole) }
    const former = this.#config
    refuseFixedChanges({ options, engineOptions, config: former }, wanted, log)
    const tracked = await trackers.prepare(wanted)
    const virtualServers = await lvs.prepare(wanted)
    const config = virtualServers?.config ?? wanted
    const report = await this.#engage(config, tracked).catch(async (error: unknown) => {
      if (former !== undefined && !this.#with.isStopping()) await this.#expect(former)
      throw error
    })
    // What the engine found of addresses and files counts for checkers from the beginning.
    takeEvents()
    try {
      await lvs.commit(virtualServers)
    } catch (error) {
      if (former !== undefined && !this.#with.isStopping()) await this.#restore(former)
      throw error
    }
    this.#config = config
    await scheduler.apply(config.globalDefs)
    // What concerns an instance comes as an event.
    for (const { instance, reason } of report.refusals) if (instance === '') log.warn(reason)
    this.#forgetOthers(config)
    await pidFiles.holdMore(partsWithPidFile(options, config))
    return { report, config }
  }

  /** Has the engine take a configuration up, and everybody whom it tells of it. */
  async #engage(config: Config, tracked: Prepared): Promise<ApplyReport> {
    // First, because instances tell their states before the engine answers.
    await this.#expect(config)
    const report = await native(async () => await this.#with.engine.apply(lower(config, tracked)))
    this.#with.trackers.commit(tracked)
    return report
  }

  /** Instances of a configuration may tell something from now on, and those before them still. */
  async #expect(config: Config): Promise<void> {
    const { options, log, isStopping, eventLog, scripts, notifier } = this.#with
    if (options.signals === true) await applyProcessAttributes(config.globalDefs, log, options.umask)
    // Nobody would remove what notifications make after they were ended.
    if (isStopping()) throw new KaError('KA_ERR_STOPPED', 'the daemon has been stopped')
    eventLog.configure(config)
    scripts.configure(config.globalDefs)
    notifier.configure(config)
  }

  /** The virtual servers of a configuration were refused when the engine had it already: so that nothing is half of it. */
  async #restore(former: Config): Promise<void> {
    try {
      await this.#engage(former, await this.#with.trackers.prepare(former))
      this.#forgetOthers(former)
    } catch (error) {
      this.#with.log.error({ err: error }, 'virtual routers stay as the refused configuration has them: the former one cannot be restored')
    }
  }

  /** Instances that are gone have said so: their scripts are told before they are forgotten. */
  #forgetOthers(config: Config): void {
    const { takeEvents, notifier, eventLog } = this.#with
    takeEvents()
    notifier.retain(config)
    eventLog.retain(config)
  }
}
