import type { Logger } from 'pino'
import { ChangeQueue } from './change-queue.ts'
import type { NextChange } from './change-queue.ts'
import type { Change } from './change.ts'
import { within } from '../time-limit.ts'

/** Whom a change is about, as fields of the log. */
export function about({ kind, name }: Pick<Change, 'kind' | 'name'>): Readonly<Record<string, string>> {
  return kind === 'GROUP' ? { group: name } : { instance: name }
}

/** Whom a change is about, as one word: instances and groups may have the same name. */
export function laneOf({ kind, name }: Pick<Change, 'kind' | 'name'>): string {
  return `${kind} ${name}`
}

/** What is told, and how. */
export interface LaneRules {
  /** Who is told, for the log: `notify scripts`. */
  readonly who: string
  /** Tells a change; must end soon after `abort`. */
  readonly tell: (change: Change, abort: AbortSignal) => Promise<void>
  /** Called when nothing waits any more for an instance or group. */
  readonly onDrained?: (lane: string) => void
  /** Changes that are told at once; those of further instances and groups wait for their turn. */
  readonly concurrency: number
  /** After the time of a stop is over, for what was aborted to end. */
  readonly endMs: number
}

interface Lane {
  /** Whom it is about, as fields of the log. */
  readonly about: Readonly<Record<string, string>>
  readonly waiting: ChangeQueue
  readonly running: Promise<void>
  /** The change that is being told. */
  current: { readonly change: Change; readonly abort: AbortController } | undefined
}

/** Tells changes: those of one instance or group one after the other, those of different ones side by side. */
export class Lanes {
  readonly #rules: LaneRules
  readonly #log: Logger
  readonly #lanes = new Map<string, Lane>()
  /** Lanes that tell a change now. */
  #busy = 0
  /** Lanes that wait for their turn, longest wait first; each once. */
  readonly #queued: (() => void)[] = []
  #isFinished = false

  constructor(rules: LaneRules, log: Logger) {
    this.#rules = rules
    this.#log = log
  }

  /** Whether something of this instance or group waits or is being told. */
  isBusy(lane: string): boolean {
    return this.#lanes.has(lane)
  }

  /** Tells a change after those before it. */
  push(change: Change): void {
    if (this.#isFinished) return
    const name = laneOf(change)
    const known = this.#lanes.get(name)
    if (known !== undefined) {
      known.waiting.push(change)
      return
    }
    const waiting = new ChangeQueue()
    waiting.push(change)
    const lane: Lane = {
      about: about(change),
      waiting,
      current: undefined,
      running: Promise.resolve().then(async () => {
        await this.#run(name, lane)
      }),
    }
    this.#lanes.set(name, lane)
  }

  /**
   * Tells STOP, for which what is told of earlier states is ended, and waits for that at most `limitMs`; then it ends what still runs, and
   * leaves alone what cannot be ended. Nothing is told after that. Never rejects.
   */
  async finish(limitMs: number): Promise<void> {
    const lanes = [...this.#lanes.values()]
    for (const lane of lanes) {
      this.#drop(lane, ({ state }) => state === 'STOP')
      if (lane.current !== undefined && lane.current.change.state !== 'STOP') lane.current.abort.abort()
    }
    const told = Promise.all(lanes.map(async ({ running }) => await running))
    await within(limitMs, told)
    this.#isFinished = true
    for (const lane of lanes) {
      this.#drop(lane, () => false)
      lane.current?.abort.abort()
    }
    await within(this.#rules.endMs, told)
  }

  /** Gives up what waits and is not wanted. */
  #drop({ about, waiting }: Lane, isWanted: (change: Change) => boolean): void {
    const skipped = waiting.filter(isWanted)
    if (skipped > 0) this.#log.warn({ ...about, skipped }, `${this.#rules.who}: changes went untold because of the stop`)
  }

  async #run(name: string, lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      await this.#takeTurn()
      // A stop may have emptied it meanwhile.
      const next = lane.waiting.shift()
      if (next !== undefined) await this.#tell(lane, next)
      this.#passTurn()
    }
    this.#lanes.delete(name)
    this.#rules.onDrained?.(name)
  }

  async #tell(lane: Lane, { change, skipped }: NextChange): Promise<void> {
    if (skipped > 0) {
      const { state } = change
      this.#log.warn({ ...lane.about, skipped, state }, `${this.#rules.who} are too slow: changes before this one went untold`)
    }
    const abort = new AbortController()
    lane.current = { change, abort }
    try {
      await this.#rules.tell(change, abort.signal)
    } catch (error) {
      this.#log.error({ ...lane.about, err: error }, `${this.#rules.who} failed`)
    }
    lane.current = undefined
  }

  async #takeTurn(): Promise<void> {
    if (this.#busy < this.#rules.concurrency) {
      this.#busy += 1
      return
    }
    await new Promise<void>((resolve) => {
      this.#queued.push(resolve)
    })
  }

  /** Hands the turn to who has waited longest, if anybody does. */
  #passTurn(): void {
    const next = this.#queued.shift()
    if (next === undefined) this.#busy -= 1
    else next()
  }
}
