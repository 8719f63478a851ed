import type { Ipvs, TrackerStatus } from '#native'
import type { Logger } from 'pino'
import type { Checkers, HealthChecks } from '../checks/checker.ts'
import { openHealthChecks } from '../checks/open-health-checks.ts'
import type { Config } from '../config/model.ts'
import { Control } from '../control/control.ts'
import { daemonFile } from '../control/socket-path.ts'
import type { EngineEvent } from '../engine/events.ts'
import { native } from '../engine/native.ts'
import { Wake } from '../engine/wake.ts'
import { KaError } from '../errors.ts'
import type { LvsEvent } from '../lvs/lvs-event.ts'
import type { LvsLogLevel } from '../lvs/lvs-observer.ts'
import type { LvsStatus } from '../lvs/lvs-status.ts'
import { Lvs } from '../lvs/lvs.ts'
import type { PreparedLvs } from '../lvs/lvs.ts'
import type { ServerChange } from '../lvs/server-change.ts'
import { outwaitDying } from '../process/patience.ts'
import type { Ground } from './ground.ts'

/** Time that clients of the control socket get at a stop. */
const CLOSE_CONTROL_MS = 500

/** What virtual servers stand on, and who hears of them. */
export interface LvsGround extends Pick<Ground, 'engine' | 'engineOptions' | 'scripts' | 'addon'> {
  /** Whether a stop removes the services; otherwise all stays in the kernel. */
  readonly isReleasing: boolean
  /** To be told with scripts, FIFOs and mail. */
  readonly changed: (change: ServerChange) => void
  /** For readers of the daemon's events. */
  readonly told: (event: LvsEvent) => void
  readonly log: Logger
}

/** All that runs for virtual servers, once a configuration has any. */
interface Running {
  readonly ipvs: Ipvs
  /** By which its thread says that there is news. */
  readonly wake: Wake
  readonly checks: HealthChecks
  readonly lvs: Lvs
  readonly control: Control
}

/**
 * Virtual servers as a part of the daemon: the kernel's table, health checks, the policy between them, and the control socket.
 *
 * Nothing of it is there until a configuration wants something of IPVS.
 */
export class LvsPart {
  readonly #ground: LvsGround
  #running: Running | undefined
  /** Settles when what is being opened is running, or could not be. */
  #opening: Promise<unknown> = Promise.resolve()
  #isStopped = false

  constructor(ground: LvsGround) {
    this.#ground = ground
  }

  /**
   * Makes the virtual servers of a configuration, and what they run on where it is the first that has any. Nothing changes yet.
   *
   * @returns `undefined` where there is nothing to do
   * @throws {KaError} `KA_ERR_PERMISSION`, `KA_ERR_NETWORK_NAMESPACE`, `KA_ERR_ENGINE` where the kernel has no IPVS, or refuses threads;
   *   `KA_ERR_STOPPED`
   */
  async prepare(config: Config): Promise<PreparedLvs | undefined> {
    if (this.#running === undefined && config.virtualServers.length === 0 && config.globalDefs.lvsSyncDaemon === undefined) return undefined
    const { checks, lvs } = this.#running ?? (await this.#begin(config))
    const checkers: Checkers = await checks.prepare(config)
    return await lvs.prepare(config, checkers)
  }

  /** Has what was prepared take the place of what is there. @throws {KaError} as {@link Lvs.commit} */
  async commit(prepared: PreparedLvs | undefined): Promise<void> {
    if (prepared === undefined || this.#running === undefined) return
    const { lvs, control } = this.#running
    await lvs.commit(prepared)
    await control.configure(prepared.config)
  }

  /** A stop waits until it is known what there is to stop. */
  async #begin(config: Config): Promise<Running> {
    if (this.#isStopped) throw new KaError('KA_ERR_STOPPED', 'the daemon has been stopped')
    const opening = (async () => {
      this.#running = await this.#open(config)
      return this.#running
    })()
    this.#opening = opening.catch(() => {}) // whoever asked for it is told
    return await opening
  }

  async #open(config: Config): Promise<Running> {
    const { engine, engineOptions, scripts, addon, isReleasing, log, changed, told } = this.#ground
    const { runtimeDir, instanceName } = engineOptions
    const place = { runtimeDir, instanceName }
    const recordPath = daemonFile(place, 'overrides')
    const wake = new Wake()
    const options = {
      release: isReleasing,
      ...(runtimeDir === undefined ? {} : { runtimeDir }),
      ...(instanceName === undefined ? {} : { instanceName }),
      ...ipvsNamespace(config),
    }
    log.debug('Initializing ipvs')
    // One that was killed a moment ago may still hold its lock.
    const ipvs = await outwaitDying(async () => await native(async () => await addon.Ipvs.open(options, wake.call)))
    try {
      // It throws where a signal has stopped the engine.
      await native(async () => {
        await Promise.resolve(engine.followWith(ipvs))
      })
      const checks = await openHealthChecks({ log, scripts })
      const observer = {
        changed,
        log: (level: LvsLogLevel, line: string) => {
          log[level](line)
        },
        told: (event: LvsEvent) => {
          this.#running?.control.told(event)
          told(event)
        },
      }
      const lvs = new Lvs({ ipvs, observer, recordPath })
      wake.follow(() => {
        lvs.takeIpvsEvents()
      })
      return { ipvs, wake, checks, lvs, control: new Control(place, lvs, log) }
    } catch (error) {
      await ipvs.stop()
      throw error
    }
  }

  /** Hears what the engine tells: which addresses this machine has, and what tracked files hold. */
  handle(event: EngineEvent): void {
    if (event.type === 'trackerChanged') this.#follow({ ...event, name: event.tracker })
    else if (event.type === 'dropped' && this.#running !== undefined) void this.#lookAgain()
  }

  #follow({ kind, name, state, number }: Pick<TrackerStatus, 'kind' | 'name' | 'state' | 'number'>): void {
    if (this.#running === undefined) return
    const { lvs, checks } = this.#running
    if (kind === 'address') lvs.addressPresence(name, state === 'up')
    else if (kind === 'file' && number !== undefined) checks.followFile(name, number)
  }

  /** Changes may have been among the events that were dropped. Never rejects. */
  async #lookAgain(): Promise<void> {
    try {
      const { trackers } = await native(async () => await this.#ground.engine.snapshot())
      for (const tracker of trackers) this.#follow(tracker)
    } catch (error) {
      this.#ground.log.warn({ err: error }, 'what tracked files hold may be other than known: the engine does not answer')
    }
  }

  /** The virtual servers; `undefined` where no configuration has had any. */
  async status(): Promise<LvsStatus | undefined> {
    return await this.#running?.lvs.status()
  }

  /** What operators do to virtual servers. @throws {KaError} `KA_ERR_USAGE` where there are none */
  get operated(): Lvs {
    if (this.#running === undefined) throw new KaError('KA_ERR_USAGE', 'this daemon has no virtual servers')
    return this.#running.lvs
  }

  /**
   * Ends all of it: checks, and the services, unless they are to stay. A configuration that is being applied counts no more.
   *
   * @throws {KaError} `KA_ERR_NOT_RELEASED` where the kernel refused to remove something
   */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#opening
    if (this.#running === undefined) return
    const { wake, checks, lvs, control } = this.#running
    const ended = [control.close(CLOSE_CONTROL_MS), checks.stop()]
    try {
      await native(async () => {
        await lvs.stop(this.#ground.isReleasing)
      })
    } finally {
      wake.end()
      await Promise.all(ended)
    }
  }

  /** The process ends: the same, as far as it goes while JavaScript waits. */
  stopNow(deadlineMs: number): void {
    this.#running?.control.remove()
    this.#running?.ipvs.stopNow(deadlineMs)
    this.#running?.checks.stopNow(deadlineMs)
  }
}

/** Where the kernel's table is: without a name that is process 1's namespace, as in keepalived. */
function ipvsNamespace({ netNamespaceIpvs }: Config): { readonly networkNamespace?: string } {
  return netNamespaceIpvs === undefined ? {} : { networkNamespace: netNamespaceIpvs }
}
