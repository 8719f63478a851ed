import type { Checkers } from '../checks/checker.ts'
import type { Config } from '../config/model.ts'
import { fromNative } from '../engine/native.ts'
import { KaError } from '../errors.ts'
import { Acts } from './acts.ts'
import { CLOCK } from './clock.ts'
import type { Clock } from './clock.ts'
import { CollectedTurn } from './collected-turn.ts'
import { makeVirtualServers } from './configuration.ts'
import type { DrainResult } from './drain.ts'
import { Held } from './held.ts'
import { takeIpvsEvent } from './ipvs-events.ts'
import type { IpvsTable } from './ipvs-table.ts'
import { kernelConfig } from './kernel-config.ts'
import { begin, end, resume, shutDown } from './lives.ts'
import { listen } from './listen.ts'
import type { LvsObserver } from './lvs-observer.ts'
import type { LvsStatus } from './lvs-status.ts'
import { Operator } from './operator.ts'
import { addressesOf, Presence } from './presence.ts'
import type { ServedEntry } from './service-settings.ts'
import { statusOf } from './status.ts'
import { nameTarget, targetsOf } from './targets.ts'
import type { LvsTarget, NamedTarget } from './targets.ts'
import type { VirtualServerState } from './virtual-server.ts'
import { WantedTable } from './wanted-table.ts'

/** Time that the record of overrides gets at a stop. */
const STOP_RECORD_MS = 1_000

/** What virtual servers need. */
export interface LvsTools {
  readonly ipvs: IpvsTable
  readonly observer: LvsObserver
  /** `<inode>[.INSTANCE].overrides` in the runtime directory: what operators want is recorded there. Absent: nowhere. */
  readonly recordPath?: string | undefined
  readonly clock?: Clock
}

/** The virtual servers of a configuration, ready to take the place of those in effect. */
export interface PreparedLvs {
  /** The configuration. Virtual servers that are configured as before are those of the configuration before: there is one of each in memory. */
  readonly config: Config
  readonly checkers: Checkers
  readonly virtualServers: ReadonlyMap<string, VirtualServerState>
  /** Addresses that `ha_suspend` will wait for: whether they are there is better told before the commit. */
  readonly watchedAddresses: readonly string[]
}

/**
 * The virtual servers of a daemon, over its reloads: which real servers get connections, whether they are enough, and who is told.
 *
 * It decides, and does nothing itself: checkers tell what they found, the kernel's thread does what is wanted, an observer is told.
 */
export class Lvs {
  readonly #ipvs: IpvsTable
  readonly #observer: LvsObserver
  readonly #clock: Clock
  readonly #held: Held
  readonly #acts: Acts
  readonly #operator: Operator
  readonly #presence = new Presence()
  #virtualServers: ReadonlyMap<string, VirtualServerState> = new Map()
  #table = new WantedTable()
  #config: Config | undefined
  #checkers: Checkers | undefined
  /** What was applied beside the services; absent: something else may be there. */
  #kernelSettings: string | undefined
  #isStopped = false

  constructor({ ipvs, observer, recordPath, clock = CLOCK }: LvsTools) {
    this.#ipvs = ipvs
    this.#observer = observer
    this.#clock = clock
    this.#held = new Held(observer)
    this.#acts = new Acts(ipvs, observer, this.#held, clock)
    this.#operator = new Operator({
      ipvs,
      observer,
      clock,
      recordPath,
      virtualServers: () => this.#virtualServers,
      acts: this.#acts,
    })
  }

  /**
   * Makes the virtual servers of a configuration with their checkers. Nothing changes yet.
   *
   * @throws {KaError} `KA_ERR_ENGINE` where there is no room to record them, `KA_ERR_STOPPED`
   */
  async prepare(config: Config, checkers: Checkers): Promise<PreparedLvs> {
    await this.#operator.load()
    const virtualServers = makeVirtualServers(config, {
      former: this.#config === undefined ? undefined : { config: this.#config, virtualServers: this.#virtualServers },
      checkers,
      listening: ({ key }) => listen(() => this.#virtualServers.get(key), this.#acts),
      warn: (line) => {
        this.#observer.log('warn', line)
      },
    })
    await this.#reserve(config, virtualServers)
    const watchedAddresses = [...new Set(Array.from(virtualServers.values(), addressesOf).flat())]
    const shared = { ...config, virtualServers: Array.from(virtualServers.values(), (virtualServer) => virtualServer.config) }
    return { config: shared, checkers, virtualServers, watchedAddresses }
  }

  /**
   * Has the kernel serve what was prepared. What did not change is left alone: it is neither told nor logged, and nothing is sent for it.
   *
   * @throws {KaError} `KA_ERR_ENGINE` where nothing could be done, `KA_ERR_CONFIG_UNUSABLE`, `KA_ERR_STOPPED`; all goes on as it was
   */
  async commit(prepared: PreparedLvs): Promise<void> {
    this.#refuseStopped()
    const turn = new CollectedTurn(this.#clock.now(), false)
    const table = this.#decide(prepared, turn)
    this.#acts.defer()
    try {
      await this.#apply(prepared.config, table)
      this.#refuseStopped()
      this.#takeOver(prepared, table, turn)
    } catch (error) {
      this.#refuseStopped()
      throw virtualServersError(error)
    } finally {
      this.#acts.resume()
    }
  }

  /** What may be made is recorded before anything else of a configuration is in effect: it may be refused as a whole then. */
  async #reserve({ globalDefs }: Config, virtualServers: ReadonlyMap<string, VirtualServerState>): Promise<void> {
    const kernel = kernelConfig(globalDefs)
    // What is wanted already is recorded.
    const news = new Map<string, ServedEntry>()
    for (const { entries } of virtualServers.values()) {
      for (const entry of entries) if (this.#table.numberOf(entry.word) === undefined) news.set(entry.word, entry)
    }
    if (this.#kernelSettings === JSON.stringify(kernel) && news.size === 0) return
    const services = Array.from(news.values(), ({ key, settings }, id) => ({ id, ...key, ...settings, destinations: [] }))
    try {
      await this.#ipvs.reserve({ ...kernel, services, kept: [] })
    } catch (error) {
      this.#refuseStopped()
      throw virtualServersError(error)
    }
  }

  /** Nothing is sent where nothing changed. */
  async #apply({ globalDefs }: Config, table: WantedTable): Promise<void> {
    const kernel = kernelConfig(globalDefs)
    const settings = JSON.stringify(kernel)
    // After a failure nothing is known of what the kernel's thread has.
    const { services, kept } = table.after(this.#kernelSettings === undefined ? undefined : this.#table)
    if (this.#kernelSettings === settings && services.length === 0 && kept.length === this.#table.size) return
    this.#kernelSettings = undefined
    const { told } = await this.#ipvs.apply({ ...kernel, services, kept })
    if (told !== undefined) this.#observer.log('warn', told)
    this.#kernelSettings = settings
  }

  /** Decides what virtual servers are from now on, without a word to anybody. */
  #decide({ config: { globalDefs }, virtualServers }: PreparedLvs, turn: CollectedTurn): WantedTable {
    for (const [key, former] of this.#virtualServers) if (!virtualServers.has(key)) end(former, turn)
    const table = new WantedTable(this.#table)
    for (const [key, virtualServer] of virtualServers) {
      const former = this.#virtualServers.get(key)
      if (former === virtualServer) {
        // What happens to it meanwhile happens as if there were no reload.
        for (const service of virtualServer.services) table.keep(service)
        continue
      }
      for (const server of virtualServer.servers) server.override = this.#operator.of(key, server.key)
      if (former === undefined) begin(virtualServer, globalDefs.rsInitNotifies, turn)
      else resume(virtualServer, former, globalDefs.rsInitNotifies, turn)
      virtualServer.bind(table)
    }
    table.close()
    const known = new Set(this.#table.sharing())
    for (const line of table.sharing()) if (!known.has(line)) turn.line(line, 'warn')
    return table
  }

  #takeOver({ config, checkers, virtualServers }: PreparedLvs, table: WantedTable, turn: CollectedTurn): void {
    for (const [key, former] of this.#virtualServers) {
      if (virtualServers.get(key) !== former) for (const server of former.servers) server.isLive = false
    }
    for (const [key, virtualServer] of virtualServers) {
      if (this.#virtualServers.get(key) !== virtualServer) for (const server of virtualServer.servers) server.takeOver()
    }
    this.#virtualServers = virtualServers
    this.#table = table
    this.#config = config
    this.#checkers = checkers
    turn.log(this.#observer)
    this.#presence.configure(virtualServers.values(), checkers)
    checkers.commit()
    this.#operator.retain(virtualServers)
    this.takeIpvsEvents()
    this.#acts.tell(turn)
  }

  /** Addresses that `ha_suspend` waits for; {@link addressPresence} tells whether they are there. */
  get watchedAddresses(): readonly string[] {
    return this.#presence.watched
  }

  /** An address is on this machine, or is no more. Those that nobody told of are not there. */
  addressPresence(address: string, isPresent: boolean): void {
    this.#acts.act((turn) => {
      this.#presence.tell(address, isPresent, this.#checkers, turn)
    })
  }

  /** The kernel's thread has something to tell. */
  takeIpvsEvents(): void {
    const nowMs = this.#clock.now()
    const audience = { held: this.#held, observer: this.#observer, nowMs }
    for (let events = this.#ipvs.drain(); events.length > 0; events = this.#ipvs.drain()) {
      for (const event of events) takeIpvsEvent(event, audience)
    }
  }

  /** As {@link Operator.drain}. */
  async drain(target: LvsTarget, limitMs: number): Promise<readonly DrainResult[]> {
    this.#refuseStopped()
    return await this.#operator.drain(target, limitMs)
  }

  /** As {@link Operator.maintain}. @returns names of the servers that are meant */
  maintain(target: LvsTarget, isOn: boolean): readonly NamedTarget[] {
    this.#refuseStopped()
    return this.#operator.maintain(target, isOn).map(nameTarget)
  }

  /** As {@link Operator.weigh}. @returns names of the servers that are meant */
  weigh(target: LvsTarget, weight: number | 'default'): readonly NamedTarget[] {
    this.#refuseStopped()
    return this.#operator.weigh(target, weight).map(nameTarget)
  }

  /** Names of the servers that are meant. @throws {KaError} `KA_ERR_USAGE` where there is none, or where several could be meant */
  targets(target: LvsTarget): readonly NamedTarget[] {
    return targetsOf(target, this.#virtualServers.values()).map(nameTarget)
  }

  /** All virtual servers with their real servers, and why each is as it is. Without counts where the kernel does not answer. */
  async status(): Promise<LvsStatus> {
    const snapshot = this.#isStopped ? undefined : await this.#ipvs.snapshot().catch(() => undefined)
    return statusOf(this.#virtualServers.values(), snapshot, (service, server) => this.#operator.remainingMs(service, server))
  }

  /**
   * Ends: the kernel's thread removes what is ours, then those who asked for it with `omega` are told.
   *
   * @param isReleasing false: everything stays in the kernel, and nobody is told
   * @throws what the kernel's thread says
   */
  async stop(isReleasing = true): Promise<void> {
    if (this.#isStopped) return
    const turn = new CollectedTurn(this.#clock.now(), false)
    const isFlushed = this.#config?.globalDefs.lvsFlushOnStop !== undefined
    if (isReleasing) for (const virtualServer of this.#virtualServers.values()) shutDown(virtualServer, isFlushed, turn)
    const recorded = this.#operator.finish(STOP_RECORD_MS)
    this.#isStopped = true
    this.#acts.end()
    const stopped = this.#ipvs.stop()
    // Thousands of lines, while the kernel's thread works.
    turn.log(this.#observer)
    try {
      await stopped
      this.takeIpvsEvents()
    } finally {
      this.#acts.tell(turn)
      this.#held.flush()
      await recorded
    }
  }

  #refuseStopped(): void {
    if (this.#isStopped) throw new KaError('KA_ERR_STOPPED', 'the daemon has been stopped')
  }
}

function virtualServersError(error: unknown): KaError {
  if (error instanceof KaError) return error
  const { code, message } = fromNative(error)
  return new KaError(code, `virtual servers: ${message}`, { cause: error })
}
