import { Check } from './check.ts'
import type { CheckTimes, CheckWords, Failure, Known } from './check.ts'
import type { CheckerKind } from './checker.ts'
import type { ProbeFailure, ProbeOutcome } from './prober.ts'
import type { Probes, ProbeUser, Target } from './probes.ts'

/** What is sent to a server in one go, and how its answer is judged. */
export interface Exchange {
  readonly kind: CheckerKind
  readonly words: CheckWords
  /** For people, such as `connected`. */
  readonly goodReason: string
  readonly target: Target
  /** Another question each time: put in place of {@link Exchange.target} before each run but the first. */
  readonly next?: () => Target
  /** What is wrong with an answer; absent: nothing can be. */
  readonly judge?: (reply: Buffer | undefined) => Failure | undefined
  readonly failureOf: (failure: ProbeFailure) => Failure
}

/** A check that the probing thread carries out by itself: TCP_CHECK, UDP_CHECK, PING_CHECK and DNS_CHECK. */
export class ProbeCheck extends Check implements ProbeUser {
  readonly #probes: Probes
  readonly #exchange: Exchange
  #id = 0

  constructor(exchange: Exchange, key: string, times: CheckTimes, known: Known, probes: Probes) {
    super(exchange.kind, key, times, exchange.words, known)
    this.#probes = probes
    this.#exchange = exchange
  }

  protected open(delayUs: number): void {
    this.#id = this.#probes.add(this.#exchange.target, this)
    this.#probes.run(this.#id, delayUs)
  }

  protected close(): void {
    this.#probes.remove(this.#id)
  }

  takeOutcome(outcome: ProbeOutcome, id: number, agoUs: number): void {
    const delayUs = this.#conclude(outcome)
    // Whoever is told may have ended it.
    if (!this.isRunning || this.#id !== id) return
    const { next } = this.#exchange
    if (next !== undefined) this.#probes.change(id, next())
    this.#probes.run(id, Math.max(0, delayUs - agoUs))
  }

  /** @returns when it is asked again, from now */
  #conclude(outcome: ProbeOutcome): number {
    const { delayLoopUs, delayBeforeRetryUs } = this.times
    if (outcome.type === 'notStarted') {
      this.skip(`${outcome.operation}: ${outcome.code}`)
      return delayLoopUs
    }
    const { judge, goodReason, failureOf } = this.#exchange
    const failure = outcome.type === 'failed' ? failureOf(outcome) : judge?.(outcome.reply)
    if (failure !== undefined) return this.fail(failure) ? delayBeforeRetryUs : delayLoopUs
    this.reason = goodReason
    this.succeed()
    return delayLoopUs
  }
}
