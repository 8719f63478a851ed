import { KaError } from '../errors.ts'
import type { Acts } from './acts.ts'
import type { Clock } from './clock.ts'
import { MOST_WEIGHT } from './destinations.ts'
import { Drain } from './drain.ts'
import type { DrainResult, DrainTools } from './drain.ts'
import type { IpvsTable } from './ipvs-table.ts'
import type { LvsEventKind } from './lvs-event.ts'
import type { LvsObserver } from './lvs-observer.ts'
import type { Override } from './override.ts'
import { isWeight, OverrideRecord } from './override-record.ts'
import { Overrides } from './overrides.ts'
import type { OverrideEntry } from './overrides.ts'
import { targetsOf } from './targets.ts'
import type { LvsTarget, Target } from './targets.ts'
import type { Turn } from './turn.ts'
import type { VirtualServerState } from './virtual-server.ts'

/** The longest drain: a week. */
export const MOST_DRAIN_MS = 604_800_000

/** The virtual servers that operators speak of. */
export interface OperatedOn {
  readonly ipvs: Pick<IpvsTable, 'connections'>
  readonly observer: LvsObserver
  readonly clock: Clock
  /** Where overrides are recorded; absent: nowhere. */
  readonly recordPath: string | undefined
  /** In effect, by their keys. */
  readonly virtualServers: () => ReadonlyMap<string, VirtualServerState>
  readonly acts: Acts
}

/** What operators want of servers: it counts until they say otherwise, over reloads and restarts. */
export class Operator {
  readonly #on: OperatedOn
  readonly #overrides = new Overrides()
  readonly #record: OverrideRecord | undefined
  readonly #drains = new Map<string, Drain>()
  #loading: Promise<void> | undefined

  constructor(on: OperatedOn) {
    this.#on = on
    this.#record = on.recordPath === undefined ? undefined : new OverrideRecord(on.recordPath, on.observer.log.bind(on.observer))
  }

  /** Reads what was recorded, once. Never rejects. */
  async load(): Promise<void> {
    this.#loading ??= this.#load()
    await this.#loading
  }

  async #load(): Promise<void> {
    for (const entry of (await this.#record?.read()) ?? []) this.#overrides.set(entry)
  }

  /** What is wanted of a server. */
  of(service: string, server: string): Override {
    return this.#overrides.of(service, server)
  }

  /** How long a server may still be drained, in milliseconds; `undefined` where it is not. */
  remainingMs(service: string, server: string): number | undefined {
    const drain = this.#drains.get(keyOf(service, server))
    return drain === undefined ? undefined : Math.max(0, drain.deadlineMs - this.#on.clock.now())
  }

  /** These virtual servers count from now on: what is wanted of others is forgotten, which is said. */
  retain(virtualServers: ReadonlyMap<string, VirtualServerState>): void {
    if (this.#overrides.entries().length === 0) return
    const isThere = (service: string, server: string): boolean =>
      virtualServers.get(service)?.servers.some(({ key }) => key === server) === true
    const gone = this.#overrides.retain(isThere)
    for (const { service, server, override } of gone) {
      const [address = '', port = ''] = server.split(' ')
      this.#on.observer.log(
        'info',
        `${wordsFor(override)} of service [${address}]:${port} of VS ${service} is forgotten: it is not configured`,
      )
      this.#drains.get(keyOf(service, server))?.cancel()
    }
    if (gone.length > 0) this.#write()
  }

  /**
   * Gives servers no new connection, and waits until they have none, at most so long. They stay at weight 0 whatever comes of it.
   *
   * @throws {KaError} `KA_ERR_USAGE`
   */
  async drain(wanted: LvsTarget, limitMs: number): Promise<readonly DrainResult[]> {
    if (!Number.isFinite(limitMs) || limitMs < 0 || limitMs > MOST_DRAIN_MS) {
      throw new KaError('KA_ERR_USAGE', `a drain lasts 0 to ${MOST_DRAIN_MS} ms, not ${limitMs}`)
    }
    const targets = targetsOf(wanted, this.#on.virtualServers().values())
    const sinceMs = this.#on.clock.now()
    this.#override(targets, ({ isMaintained }) => ({ isMaintained, weight: 0, isDrained: true, sinceMs }))
    const tools: DrainTools = {
      ipvs: this.#on.ipvs,
      clock: this.#on.clock,
      tell: (event) => this.#tell(event),
      find: (target) => this.#find(target),
    }
    return await Promise.all(targets.map(async (target) => await this.#drainOne(target, limitMs, tools)))
  }

  async #drainOne(target: Target, limitMs: number, tools: DrainTools): Promise<DrainResult> {
    const key = keyOf(target.virtualServer.key, target.server.key)
    const drain = new Drain(target, limitMs, tools)
    this.#drains.set(key, drain)
    drain.start()
    const result = await drain.result
    if (this.#drains.get(key) === drain) this.#drains.delete(key)
    return result
  }

  /** Takes servers out of the pool, or gives them back to their checkers, who go on meanwhile. @throws {KaError} `KA_ERR_USAGE` */
  maintain(wanted: LvsTarget, isOn: boolean): readonly Target[] {
    const targets = targetsOf(wanted, this.#on.virtualServers().values())
    const sinceMs = this.#on.clock.now()
    this.#override(targets, ({ weight, isDrained }) => ({ isMaintained: isOn, weight, isDrained, sinceMs }))
    for (const { virtualServer, server } of targets) {
      this.#tell({ type: 'maintenanceChanged', service: virtualServer.name, server: server.server, isOn })
    }
    return targets
  }

  /** Gives servers a weight, or the one that they are configured with and what checkers add. Ends a drain. @throws {KaError} `KA_ERR_USAGE` */
  weigh(wanted: LvsTarget, weight: number | 'default'): readonly Target[] {
    if (weight !== 'default' && !isWeight(weight))
      throw new KaError('KA_ERR_USAGE', `a weight is 0 to ${MOST_WEIGHT} or default, not ${String(weight)}`)
    const targets = targetsOf(wanted, this.#on.virtualServers().values())
    const sinceMs = this.#on.clock.now()
    const given = weight === 'default' ? undefined : weight
    this.#override(targets, ({ isMaintained }) => ({ isMaintained, weight: given, isDrained: false, sinceMs }))
    return targets
  }

  /** Ends all drains, and waits until everything is recorded, at most so long. Never rejects. */
  async finish(limitMs: number): Promise<void> {
    for (const drain of this.#drains.values()) drain.cancel()
    await this.#record?.finish(limitMs)
  }

  #override(targets: readonly Target[], change: (former: Override) => Override): void {
    for (const { virtualServer, server } of targets) {
      const override = change(this.of(virtualServer.key, server.key))
      this.#overrides.set({ service: virtualServer.key, server: server.key, override })
      this.#drains.get(keyOf(virtualServer.key, server.key))?.cancel()
    }
    this.#write()
    this.#on.acts.act((turn) => {
      for (const target of targets) this.#takeUp(target, turn)
    })
  }

  /** What is wanted of a server by now is done. */
  #takeUp(target: Target, turn: Turn): void {
    const found = this.#find(target)
    if (found === undefined) return
    const { virtualServer, server } = found
    server.override = this.of(virtualServer.key, server.key)
    virtualServer.overridden(server, turn)
  }

  #find({ virtualServer: { key }, server }: Target): Target | undefined {
    const virtualServer = this.#on.virtualServers().get(key)
    const found = virtualServer?.servers.find((one) => one.key === server.key)
    return virtualServer === undefined || found === undefined ? undefined : { virtualServer, server: found }
  }

  #tell(event: LvsEventKind): void {
    this.#on.acts.act((turn) => {
      turn.event(event)
    })
  }

  #write(): void {
    const entries: readonly OverrideEntry[] = this.#overrides.entries()
    this.#record?.write(entries)
  }
}

function keyOf(service: string, server: string): string {
  return `${service}\n${server}`
}

/** What an operator wanted, as the subject of a sentence. */
function wordsFor({ isMaintained, weight, isDrained }: Override): string {
  const kinds = [isMaintained ? 'maintenance' : '', isDrained ? 'drain' : weight === undefined ? '' : `weight ${weight}`]
  return kinds.filter((kind) => kind !== '').join(' and ')
}
