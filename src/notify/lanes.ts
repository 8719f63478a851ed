import type { Logger } from 'pino'
import { ChangeQueue } from './change-queue.ts'
import type { NextChange } from './change-queue.ts'
import type { Change } from './change.ts'
import { about, laneOf, outlastsStop } from './told.ts'
import type { Told } from './told.ts'
import { within } from '../time-limit.ts'

/** What is told, and how. */
export interface LaneRules<C extends Told = Change> {
  /** Who is told, for the log: `notify scripts`. */
  readonly who: string
  /** Tells a change, behind which so many wait in its lane; must end soon after `abort`. */
  readonly tell: (change: C, abort: AbortSignal, waiting: number) => Promise<void>
  /** Called when nothing waits any more for an instance, a group or a virtual server. */
  readonly onDrained?: (lane: string) => void
  /** Changes that are told at once; those of further lanes wait for their turn. */
  readonly concurrency: number
  /** The same once a stop has begun; unless given, as before. */
  readonly concurrencyAtStop?: number
  /** After the time of a stop is over, for what was aborted to end. */
  readonly endMs: number
}

interface Lane<C extends Told> {
  /** Whom it is about, as fields of the log. */
  readonly about: Readonly<Record<string, string>>
  readonly waiting: ChangeQueue<C>
  readonly running: Promise<void>
  /** The change that is being told. */
  current: { readonly change: C; readonly abort: AbortController } | undefined
}

/**
 * Tells changes: those of one instance or group, or of one virtual server with its real servers, one after the other, those of different
 * ones side by side.
 */
export class Lanes<C extends Told = Change> {
  readonly #rules: LaneRules<C>
  readonly #log: Logger
  readonly #lanes = new Map<string, Lane<C>>()
  /** Lanes that tell a change now. */
  #busy = 0
  /** Lanes that wait for their turn, longest wait first; each once. */
  readonly #queued: (() => void)[] = []
  #concurrency: number
  #isFinished = false

  constructor(rules: LaneRules<C>, log: Logger) {
    this.#rules = rules
    this.#log = log
    this.#concurrency = rules.concurrency
  }

  /** Whether something of this lane waits or is being told. */
  isBusy(lane: string): boolean {
    return this.#lanes.has(lane)
  }

  /** Tells a change after those before it. */
  push(change: C): void {
    if (this.#isFinished) return
    const name = laneOf(change)
    const known = this.#lanes.get(name)
    if (known !== undefined) {
      known.waiting.push(change)
      return
    }
    const waiting = new ChangeQueue<C>()
    waiting.push(change)
    const lane: Lane<C> = {
      about: aboutLane(change),
      waiting,
      current: undefined,
      running: Promise.resolve().then(async () => {
        await this.#run(name, lane)
      }),
    }
    this.#lanes.set(name, lane)
  }

  /**
   * Tells STOP, for which what is told of earlier states is ended, or the latest state of each server, and waits for that at most
   * `limitMs`; then it ends what still runs, and leaves alone what cannot be ended. Nothing is told after that. Never rejects.
   */
  async finish(limitMs: number): Promise<void> {
    const lanes = [...this.#lanes.values()]
    for (const lane of lanes) {
      lane.waiting.hurry()
      this.#drop(lane, outlastsStop)
      if (lane.current !== undefined && !outlastsStop(lane.current.change)) lane.current.abort.abort()
    }
    this.#concurrency = this.#rules.concurrencyAtStop ?? this.#concurrency
    this.#giveTurns()
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
  #drop(lane: Lane<C>, isWanted: (change: C) => boolean): void {
    const skipped = lane.waiting.filter(isWanted)
    if (skipped > 0) this.#log.warn({ ...lane.about, skipped }, `${this.#rules.who}: changes went untold because of the stop`)
  }

  async #run(name: string, lane: Lane<C>): Promise<void> {
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

  async #tell(lane: Lane<C>, { change, skipped }: NextChange<C>): Promise<void> {
    if (skipped > 0) {
      const { state } = change
      this.#log.warn({ ...lane.about, skipped, state }, `${this.#rules.who} are too slow: changes before this one went untold`)
    }
    const abort = new AbortController()
    lane.current = { change, abort }
    try {
      await this.#rules.tell(change, abort.signal, lane.waiting.length)
    } catch (error) {
      this.#log.error({ ...lane.about, err: error }, `${this.#rules.who} failed`)
    }
    lane.current = undefined
  }

  async #takeTurn(): Promise<void> {
    if (this.#busy < this.#concurrency) {
      this.#busy += 1
      return
    }
    await new Promise<void>((resolve) => {
      this.#queued.push(resolve)
    })
  }

  /** Hands the turn to who has waited longest, if anybody does. */
  #passTurn(): void {
    this.#busy -= 1
    this.#giveTurns()
  }

  #giveTurns(): void {
    while (this.#busy < this.#concurrency) {
      const next = this.#queued.shift()
      if (next === undefined) return
      this.#busy += 1
      next()
    }
  }
}

/** Of a virtual server and all its real servers. */
function aboutLane(change: Told): Readonly<Record<string, string>> {
  return 'service' in change ? { service: change.service } : about(change)
}
