import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Backlog } from './backlog.ts'
import type { Parcel } from './backlog.ts'
import { Waiters } from '../time-limit.ts'

/** How an attempt to deliver something ended. */
export type Outcome =
  | { readonly result: 'delivered' }
  /** For good: the receiver wants nothing of it. Who says so has logged why. */
  | { readonly result: 'refused' }
  /** The receiver answered, but could not take it now; it may have said when it can. */
  | { readonly result: 'failed'; readonly reason: string; readonly afterMs?: number }
  /** Nobody answered. */
  | { readonly result: 'unreachable'; readonly reason: string }

/** Delivers an item; `skipped` counts those before it that were given up in its favour. Must heed `abort`, and not reject. */
export type Deliver<Item> = (item: Item, skipped: number, abort: AbortSignal) => Promise<Outcome>

/** How an {@link Outbox} treats its receiver. */
export interface OutboxRules {
  /** What is delivered, for the log: `mail`. */
  readonly what: string
  /** Deliveries at once; those of one lane never overlap. */
  readonly concurrency: number
  /** Items of one lane that may wait. */
  readonly maxWaitingInLane: number
  /** Items of all lanes that may wait. */
  readonly maxWaiting: number
  /** Attempts that the receiver may answer with a failure before an item is given up. */
  readonly maxAttempts: number
  /** An item that could not be delivered for so long is given up. */
  readonly maxAgeMs: number
  /** After the first failure in a row; it doubles with each further one. */
  readonly firstPauseMs: number
  readonly maxPauseMs: number
  /** What a receiver may ask for. */
  readonly maxAskedPauseMs: number
}

/** At the end, without a pause: the first one may meet a connection that the receiver has just closed. */
const LAST_ATTEMPTS = 2

/** What abandoned deliveries get to end. */
const ABANDON_MS = 500

/** Losses are said together: at most once in so long. */
const TELL_LOST_MS = 10_000

/**
 * Things on their way to one receiver that may be slow, dead or gone.
 *
 * Those of one lane (an instance) keep their order. What waits is bounded: where there is no room an older item of a lane goes in
 * favour of a later one, so that the last one stays. After a failure everything waits: one attempt at a time, with growing pauses and
 * another lane each time, until one succeeds. What is lost is counted and said.
 */
export class Outbox<Item> {
  readonly #rules: OutboxRules
  readonly #deliver: Deliver<Item>
  readonly #log: Logger
  readonly #backlog: Backlog<Item>
  readonly #running = new Map<Promise<void>, AbortController>()
  #pauseMs = 0
  #pause: NodeJS.Timeout | undefined
  #lost = 0
  #tellLost: NodeJS.Timeout | undefined
  readonly #waiters = new Waiters()
  #phase: 'open' | 'finishing' | 'closed' = 'open'

  constructor(rules: OutboxRules, deliver: Deliver<Item>, log: Logger) {
    this.#rules = rules
    this.#deliver = deliver
    this.#log = log
    this.#backlog = new Backlog(rules.maxWaitingInLane, rules.maxWaiting)
  }

  /** Items that wait or are being delivered. */
  get size(): number {
    return this.#backlog.size + this.#running.size
  }

  /** Takes an item. */
  push(lane: string, item: Item): void {
    if (this.#phase === 'closed') return
    this.#lose(this.#backlog.push(lane, { item, since: performance.now(), attempts: 0, lastAttempts: 0, skipped: 0 }))
    this.#next()
  }

  /** Tries again now: the receiver may be another one. */
  retry(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
    this.#next()
  }

  /** Gives up everything that waits. */
  clear(): void {
    this.#lose(this.#backlog.clear())
    this.#waiters.tell()
  }

  /** Delivers what it has, without pauses and with few attempts, for at most `limitMs`; then gives up the rest. Takes nothing after that. */
  async finish(limitMs: number): Promise<void> {
    if (this.#phase === 'open') {
      this.#phase = 'finishing'
      this.retry()
    }
    if (this.size > 0) await this.#waiters.wait(limitMs)
    this.#phase = 'closed'
    clearTimeout(this.#pause)
    this.#lose(this.#backlog.clear())
    for (const abort of this.#running.values()) abort.abort()
    // They end at once, and then count as lost; so do those that do not heed it yet, such as one whose code is still being loaded.
    const settled = Promise.all(this.#running.keys())
    await Promise.race([settled, sleep(ABANDON_MS, undefined, { ref: false })])
    this.#lost += this.#running.size
    this.#sayLost()
  }

  /** Starts what may start. */
  #next(): void {
    if (this.#phase === 'closed' || this.#pause !== undefined) return
    const limit = this.#pauseMs > 0 && this.#phase === 'open' ? 1 : this.#rules.concurrency
    while (this.#running.size < limit) {
      const taken = this.#backlog.take()
      if (taken === undefined) break
      const abort = new AbortController()
      const run = this.#run(taken.lane, taken.parcel, abort.signal)
      this.#running.set(run, abort)
      void run.then(() => {
        this.#running.delete(run)
        this.#next()
      })
    }
    if (this.size === 0) this.#waiters.tell()
  }

  async #run(lane: string, parcel: Parcel<Item>, abort: AbortSignal): Promise<void> {
    const outcome = await this.#attempt(parcel, abort)
    if (outcome.result === 'delivered' || outcome.result === 'refused') {
      this.#pauseMs = 0
      this.#backlog.release(lane)
      return
    }
    if (outcome.result === 'failed') parcel.attempts += 1
    if (this.#phase !== 'open') parcel.lastAttempts += 1
    const isOver = parcel.attempts >= this.#rules.maxAttempts || parcel.lastAttempts >= LAST_ATTEMPTS || this.#isOld(parcel)
    const isLost = isOver || this.#phase === 'closed'
    if (isLost) this.#lose(1)
    this.#lose(this.#backlog.release(lane, isLost ? undefined : parcel))
    if (this.#phase === 'open') this.#wait(outcome)
  }

  async #attempt({ item, skipped }: Parcel<Item>, abort: AbortSignal): Promise<Outcome> {
    try {
      return await this.#deliver(item, skipped, abort)
    } catch (error) {
      this.#log.error({ err: error }, `${this.#rules.what} not delivered: internal error`)
      return { result: 'refused' }
    }
  }

  #isOld({ since }: Parcel<Item>): boolean {
    return performance.now() - since > this.#rules.maxAgeMs
  }

  /** Leaves the receiver alone for a while. */
  #wait(outcome: { readonly reason: string; readonly afterMs?: number }): void {
    // Of several attempts at once the first one counts.
    if (this.#pause !== undefined) return
    const { firstPauseMs, maxPauseMs, maxAskedPauseMs, what } = this.#rules
    const isFirst = this.#pauseMs === 0
    this.#pauseMs = isFirst ? firstPauseMs : Math.min(this.#pauseMs * 2, maxPauseMs)
    const askedMs = Math.min(outcome.afterMs ?? 0, maxAskedPauseMs)
    // Daemons that failed together shall not come back together.
    const pauseMs = Math.max(askedMs, this.#pauseMs * (0.5 + Math.random() / 2))
    if (isFirst) this.#log.warn({ reason: outcome.reason, waiting: this.#backlog.size }, `${what} not delivered, tried again later`)
    this.#lose(this.#backlog.expire((parcel) => this.#isOld(parcel)))
    this.#pause = setTimeout(() => {
      this.retry()
    }, pauseMs)
    this.#pause.unref()
  }

  #lose(count: number): void {
    if (count === 0) return
    this.#lost += count
    if (this.#tellLost !== undefined || this.#phase === 'closed') return
    this.#tellLost = setTimeout(() => {
      this.#sayLost()
    }, TELL_LOST_MS)
    this.#tellLost.unref()
  }

  #sayLost(): void {
    clearTimeout(this.#tellLost)
    this.#tellLost = undefined
    if (this.#lost > 0) this.#log.error({ lost: this.#lost }, `${this.#rules.what} given up`)
    this.#lost = 0
  }
}
