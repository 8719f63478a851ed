import type { Logger } from 'pino'
import type { Config, VrrpInstance, VrrpSyncGroup } from '../config/model.ts'
import type { EngineEvent, VrrpState } from '../engine/events.ts'
import type { ServerChange } from '../lvs/server-change.ts'
import type { Change, NotifyTarget, ToldServerChange, ToldState } from './change.ts'
import { laneOf } from './told.ts'
import { StartOrder } from './start-order.ts'

/** What is known of an instance from what the engine told. */
interface Known {
  readonly state: VrrpState
  readonly priority: number
}

type StateChanged = Extract<EngineEvent, { readonly type: 'stateChanged' }>
type GroupStateChanged = Extract<EngineEvent, { readonly type: 'groupStateChanged' }>
type NoticeEvent = Extract<EngineEvent, { readonly type: 'notice' }>

/** Makes changes of what the engine and the policy of virtual servers tell, and hands them to all who are to be told. */
export class Notifier {
  readonly #targets: readonly NotifyTarget[]
  readonly #log: Logger
  readonly #known = new Map<string, Known>()
  readonly #knownGroups = new Map<string, VrrpState>()
  /** Instances and groups that told something since the last configuration came. */
  readonly #told = new Set<string>()
  /** Groups that begin in FAULT, until their members have told it. */
  readonly #faulty = new Map<string, Omit<Change, 'generation'>>()
  /** As in keepalived, groups tell that they stop when all instances have. */
  readonly #stopped: Omit<Change, 'generation'>[] = []
  /** A configuration has been applied before the one that comes. */
  #isReload = false
  #start: StartOrder | undefined
  #generation = 0
  #former = new Map<string, VrrpInstance>()
  #instances = new Map<string, VrrpInstance>()
  #groups = new Map<string, VrrpSyncGroup>()

  /** @param targets in the order in which they are told of a change, which is keepalived's: scripts, FIFOs, mail, then the others */
  constructor(targets: readonly NotifyTarget[], log: Logger) {
    this.#targets = targets
    this.#log = log
  }

  /** A configuration is about to be applied: its instances may tell something from now on, and those before it still. */
  configure(config: Config): void {
    this.#former = this.#instances
    this.#instances = new Map(config.vrrpInstances.map((instance) => [instance.name, instance]))
    this.#groups = new Map(config.vrrpSyncGroups.map((group) => [group.name, group]))
    this.#told.clear()
    this.#start?.end()
    this.#forEach((target) => {
      target.configure(config)
    })
    if (this.#isReload) return
    this.#start = new StartOrder(config, (change) => {
      this.#deliver(change)
    })
  }

  /** The configuration has been applied, and what its instances told meanwhile was handled: those that are gone may be forgotten. */
  retain(config: Config): void {
    this.#carryOver(config)
    if (this.#isReload && config.globalDefs.fifoWriteVrrpStatesOnReload) this.#tellAgain(config)
    this.#isReload = true
    this.#start?.applied()
    this.#forEach((target) => {
      target.retain(config)
    })
  }

  /** Tells what an event says. An instance that stops although the daemon does not was removed by a reload. */
  handle(event: EngineEvent, isStopping: boolean): void {
    if (event.type === 'stateChanged') this.#changeState(event, isStopping)
    else if (event.type === 'groupStateChanged') this.#changeGroup(event, isStopping)
    else if (event.type === 'notice') this.#notice(event)
  }

  /** Tells a change of a server, in the order of these calls. */
  handleServer({ kind, service, server, isUp, script, toFifos, mail, atMs }: ServerChange): void {
    this.#generation += 1
    const change: ToldServerChange = {
      kind,
      name: server ?? service,
      service,
      state: isUp ? 'UP' : 'DOWN',
      generation: this.#generation,
      atMs,
      script,
      toFifos,
      mail,
    }
    this.#forEach((target) => {
      target.tellServer(change)
    })
  }

  /** Waits until everything is told, at most `limitMs`; then gives up. Never rejects. */
  async finish(limitMs: number): Promise<void> {
    this.#start?.end()
    for (const change of this.#stopped.splice(0)) this.#tell(change)
    this.#faulty.clear()
    await Promise.all(this.#targets.map(async (target) => await target.finish(limitMs)))
  }

  /** The process ends at once, without a stop: what would stay behind is removed. */
  abandon(): void {
    this.#forEach((target) => {
      target.abandon?.()
    })
  }

  #changeState(event: StateChanged, isStopping: boolean): void {
    const { instance: name, from, to, priority, atMs } = event
    const isRemoved = to === 'STOP' && !isStopping
    if (isRemoved) this.#known.delete(name)
    else this.#known.set(name, { state: to, priority })
    this.#told.add(laneOf({ kind: 'INSTANCE', name }))
    if (event.untold === true) return
    const state = isRemoved ? this.#stateOfRemoved(name, from) : to
    if (state !== undefined && state !== 'INIT') this.#tell({ kind: 'INSTANCE', name, state, from, priority, atMs })
    if (this.#faulty.size > 0) this.#tellFaults()
    this.#start?.heard(name)
  }

  /** A group that a reload removed has nothing to tell, as in keepalived. */
  #changeGroup({ group: name, from, to, atMs }: GroupStateChanged, isStopping: boolean): void {
    if (to === 'INIT') return
    const change = { kind: 'GROUP', name, state: to, from, priority: 0, atMs } as const
    if (to === 'STOP') {
      if (isStopping) this.#stopped.push(change)
      else this.#knownGroups.delete(name)
      return
    }
    const isNews = from !== 'INIT' || this.#isFirstNews(name, to)
    this.#knownGroups.set(name, to)
    this.#told.add(laneOf(change))
    this.#faulty.delete(name)
    if (isNews && from === 'INIT' && to === 'FAULT') this.#faulty.set(name, change)
    else if (isNews) this.#tell(change)
    this.#tellFaults()
  }

  /** As in keepalived, a group that begins in FAULT says so behind its members. */
  #tellFaults(): void {
    for (const [name, change] of this.#faulty) {
      if (this.#groups.get(name)?.group.some((member) => !this.#known.has(member)) === true) continue
      this.#faulty.delete(name)
      this.#tell(change)
    }
  }

  /**
   * Whether a group that begins has something to tell. As in keepalived, not where its members, all address owners, begin as Masters,
   * nor where a reload made it of instances that go on as they were.
   */
  #isFirstNews(name: string, state: VrrpState): boolean {
    const members = this.#groups.get(name)?.group ?? []
    const goesOn = (member: string): boolean =>
      this.#known.get(member)?.state === state && !this.#told.has(laneOf({ kind: 'INSTANCE', name: member }))
    return state !== 'MASTER' && !members.every(goesOn)
  }

  /** What is told of an instance that a reload removed. As keepalived: one that is in FAULT already has nothing to tell. */
  #stateOfRemoved(name: string, from: VrrpState): ToldState | undefined {
    const removed = this.#former.get(name) ?? this.#instances.get(name)
    if (removed?.notifyDeleted !== undefined) return 'DELETED'
    return from === 'FAULT' ? undefined : 'FAULT'
  }

  #notice({ instance: name, notice, atMs }: NoticeEvent): void {
    if (notice.type === 'lowerPriorityAdvertisement') {
      this.#tell({ kind: 'INSTANCE', name, state: 'MASTER_RX_LOWER_PRI', from: undefined, priority: notice.ours, atMs })
    } else if (notice.type === 'effectivePriorityChanged') {
      const { state = 'INIT' } = this.#known.get(name) ?? {}
      this.#known.set(name, { state, priority: notice.to })
      const instance = this.#instances.get(name) ?? this.#former.get(name)
      if (instance?.notifyPriorityChanges !== true) return
      // As keepalived, also before the first state and in FAULT.
      const told = state === 'MASTER' ? 'MASTER_PRIORITY' : 'BACKUP_PRIORITY'
      this.#tell({ kind: 'INSTANCE', name, state: told, from: undefined, priority: notice.to, atMs }, true)
    }
  }

  /** An instance that got another name is in the state that it was in. */
  #carryOver(config: Config): void {
    const former = new Map([...this.#former.values()].map((instance) => [identityOf(instance), this.#known.get(instance.name)]))
    for (const instance of config.vrrpInstances) {
      const known = former.get(identityOf(instance))
      if (known !== undefined && !this.#told.has(laneOf({ kind: 'INSTANCE', name: instance.name }))) this.#known.set(instance.name, known)
    }
    for (const name of this.#known.keys()) if (!this.#instances.has(name)) this.#known.delete(name)
    for (const name of this.#knownGroups.keys()) if (!this.#groups.has(name)) this.#knownGroups.delete(name)
  }

  /** `fifo_write_vrrp_states_on_reload`: as keepalived groups first, and not of an instance that is Master. */
  #tellAgain({ vrrpInstances, vrrpSyncGroups }: Config): void {
    for (const { name, group } of vrrpSyncGroups) {
      // Where its members, all address owners, began as Masters nobody was told.
      const state = this.#knownGroups.get(name) ?? this.#known.get(group[0] ?? '')?.state
      this.#tellStateAgain('GROUP', name, state, 0)
    }
    for (const { name } of vrrpInstances) {
      const { state, priority = 0 } = this.#known.get(name) ?? {}
      if (state !== 'MASTER') this.#tellStateAgain('INSTANCE', name, state, priority)
    }
  }

  #tellStateAgain(kind: Change['kind'], name: string, state: VrrpState | undefined, priority: number): void {
    if (state === undefined || state === 'INIT' || this.#told.has(laneOf({ kind, name }))) return
    this.#tell({ kind, name, state, from: undefined, priority, atMs: Date.now() }, true)
  }

  #tell(change: Omit<Change, 'generation'>, isForFifos = false): void {
    if (this.#start?.holds(change) !== true) this.#deliver(change, isForFifos)
  }

  #deliver(change: Omit<Change, 'generation'>, isForFifos = false): void {
    this.#generation += 1
    const numbered: Change = { ...change, generation: this.#generation }
    this.#forEach((target) => {
      if (!isForFifos || target.takesAll === true) target.tell(numbered)
    })
  }

  /** What goes wrong with one of them must not keep the others from being told. */
  #forEach(call: (target: NotifyTarget) => void): void {
    for (const target of this.#targets) {
      try {
        call(target)
      } catch (error) {
        this.#log.error({ err: error }, 'a notification failed')
      }
    }
  }
}

/** What the engine tells instances apart by, so that a name may change. */
function identityOf({ virtualRouterId, family, interface: link, mcastDstIp }: VrrpInstance): string {
  return [virtualRouterId, family, link, mcastDstIp].join(' ')
}
