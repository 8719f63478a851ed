import type { Config } from '../config/model.ts'
import type { Change } from './change.ts'
import { laneOf } from './told.ts'

type Unnumbered = Omit<Change, 'generation'>

/** How long what has begun waits for what has not, once the configuration is applied: some wait for scripts. */
const PATIENCE_MS = 200

/**
 * The order in which a daemon tells that its instances and groups begin as Backups. As in keepalived it is that of the configuration,
 * groups first; the engine starts a group where its members are.
 *
 * They are held until all instances have told something. What happens to one of them meanwhile is told at once, behind them all.
 */
export class StartOrder {
  readonly #deliver: (change: Unnumbered) => void
  /** Places of those that are configured. */
  readonly #places = new Map<string, number>()
  readonly #silent: Set<string>
  #held: Unnumbered[] = []
  readonly #lanes = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #isOver: boolean

  constructor({ vrrpInstances, vrrpSyncGroups }: Config, deliver: (change: Unnumbered) => void) {
    this.#deliver = deliver
    const names = [
      ...vrrpSyncGroups.map(({ name }) => laneOf({ kind: 'GROUP', name })),
      ...vrrpInstances.map(({ name }) => laneOf({ kind: 'INSTANCE', name })),
    ]
    for (const [place, lane] of names.entries()) this.#places.set(lane, place)
    this.#silent = new Set(vrrpInstances.map(({ name }) => name))
    // Instances alone begin in their order.
    this.#isOver = vrrpSyncGroups.length === 0
  }

  /** Whether a change is told later. */
  holds(change: Unnumbered): boolean {
    if (this.#isOver) return false
    const lane = laneOf(change)
    if (this.#lanes.has(lane)) {
      this.end()
      return false
    }
    if (change.from !== 'INIT' || change.state !== 'BACKUP') return false
    this.#lanes.add(lane)
    this.#held.push(change)
    return true
  }

  /** An instance has told a state, which is handled. */
  heard(instance: string): void {
    this.#silent.delete(instance)
    if (this.#silent.size === 0) this.end()
  }

  /** The configuration is applied. */
  applied(): void {
    if (this.#isOver) return
    this.#timer = setTimeout(() => {
      this.end()
    }, PATIENCE_MS).unref()
  }

  /** Tells what is held, and holds nothing any more. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    const place = (change: Unnumbered): number => this.#places.get(laneOf(change)) ?? 0
    const held = this.#held.toSorted((one, other) => place(one) - place(other))
    this.#held = []
    for (const change of held) this.#deliver(change)
  }
}
