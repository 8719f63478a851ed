import type { Logger } from 'pino'
import type { Config, VrrpInstance } from '../config/model.ts'
import type { EngineEvent, VrrpState } from '../engine/events.ts'
import type { Change, NotifyTarget, ToldState } from './change.ts'

/** What is known of an instance from what the engine told. */
interface Known {
  readonly state: VrrpState
  readonly priority: number
}

type StateChanged = Extract<EngineEvent, { readonly type: 'stateChanged' }>
type NoticeEvent = Extract<EngineEvent, { readonly type: 'notice' }>

/** Makes changes of what the engine tells, and hands them to all who are to be told. */
export class Notifier {
  readonly #targets: readonly NotifyTarget[]
  readonly #log: Logger
  readonly #known = new Map<string, Known>()
  /** Told something since the last configuration came. */
  readonly #told = new Set<string>()
  #generation = 0
  #former = new Map<string, VrrpInstance>()
  #instances = new Map<string, VrrpInstance>()

  /** @param targets in the order in which they are told of a change, which is keepalived's: scripts, FIFOs, mail, then the others */
  constructor(targets: readonly NotifyTarget[], log: Logger) {
    this.#targets = targets
    this.#log = log
  }

  /** A configuration is about to be applied: its instances may tell something from now on, and those before it still. */
  configure(config: Config): void {
    this.#former = this.#instances
    this.#instances = new Map(config.vrrpInstances.map((instance) => [instance.name, instance]))
    this.#told.clear()
    this.#forEach((target) => {
      target.configure(config)
    })
  }

  /** The configuration has been applied, and what its instances told meanwhile was handled: those that are gone may be forgotten. */
  retain(config: Config): void {
    this.#carryOver(config)
    if (config.globalDefs.fifoWriteVrrpStatesOnReload) this.#tellAgain(config)
    this.#forEach((target) => {
      target.retain(config)
    })
  }

  /** Tells what an event says. An instance that stops although the daemon does not was removed by a reload. */
  handle(event: EngineEvent, isStopping: boolean): void {
    if (event.type === 'stateChanged') this.#changeState(event, isStopping)
    else if (event.type === 'notice') this.#notice(event)
  }

  /** Waits until everything is told, at most `limitMs`; then gives up. Never rejects. */
  async finish(limitMs: number): Promise<void> {
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
    this.#told.add(name)
    const state = isRemoved ? this.#stateOfRemoved(name, from) : to
    if (state !== undefined && state !== 'INIT') this.#tell({ kind: 'INSTANCE', name, state, from, priority, atMs })
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
      if (known !== undefined && !this.#told.has(instance.name)) this.#known.set(instance.name, known)
    }
    for (const name of this.#known.keys()) if (!this.#instances.has(name)) this.#known.delete(name)
  }

  /** `fifo_write_vrrp_states_on_reload`: as keepalived, not of a Master. */
  #tellAgain({ vrrpInstances }: Config): void {
    for (const { name } of vrrpInstances) {
      const known = this.#known.get(name)
      if (known === undefined || this.#told.has(name)) continue
      const { state, priority } = known
      if (state !== 'BACKUP' && state !== 'FAULT') continue
      this.#tell({ kind: 'INSTANCE', name, state, from: undefined, priority, atMs: Date.now() }, true)
    }
  }

  #tell(change: Omit<Change, 'generation'>, isForFifos = false): void {
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
