/** What is asked, how often, and what the answers come to: shared by all checkers that ask the same in the same way (lvs.md §5). */
import type { CheckerKind } from './checker.ts'

/** When something is asked, and when its failures count. */
export interface CheckTimes {
  /** Failures in a row that do not count yet. */
  readonly retry: number
  readonly delayBeforeRetryUs: number
  readonly warmupUs: number
  readonly delayLoopUs: number
  /** Each failure is told, not only the one that counts. */
  readonly logAllFailures: boolean
}

/** One failed attempt. */
export interface Failure {
  /** For people, such as `connection refused`. */
  readonly reason: string
  /**
   * The line about this attempt, where it is told.
   *
   * @param server R of messages
   * @param service V of messages
   * @param attempt which of the retries it is: 0, and from then on the retries made
   */
  readonly told: (server: string, service: string, attempt: number) => string
  /** The line about the failure that takes a server out, if another one than the kind's; {@link Failure.told} is not told besides. */
  readonly toldLast?: (server: string, service: string, retries: number) => string
  /** The mail about it, if another one than the kind's. */
  readonly mail?: string
}

/** What a kind of checker says. */
export interface CheckWords {
  /** The line about an answer that makes a server good; `undefined` where there is none. */
  readonly succeeded: ((server: string, service: string) => string) | undefined
  /** The line about the failure that takes a server out; `undefined` where the failure has its own. */
  readonly failed: ((server: string, service: string, retries: number) => string) | undefined
  readonly mailUp: string
  readonly mailDown: string
}

/** A checker of a real server, as a check sees it. */
export interface Subscriber {
  readonly isUp: boolean
  readonly hasRun: boolean
  readonly isSuspended: boolean
  /** The weight that its server is configured with. */
  readonly configuredWeight: number
  /** @param weight the checker's part of the weight, from now on */
  succeed(words: CheckWords, weight: number): void
  fail(failure: Failure, words: CheckWords, retries: number): void
  /** Logs a line about an attempt. */
  note(line: (server: string, service: string) => string): void
}

/** What is known of a target: carried over to a check of the same target with other times. */
export interface Known {
  readonly isUp: boolean
  readonly hasRun: boolean
  readonly failures: number
  readonly reason: string
}

/** What nobody has asked yet. */
export const NOT_CHECKED: Known = { isUp: true, hasRun: false, failures: 0, reason: 'not checked yet' }

/** Something that is asked again and again. */
export abstract class Check {
  readonly kind: CheckerKind
  /** What it has in common with all checkers that share it. */
  readonly key: string
  readonly times: CheckTimes
  readonly #words: CheckWords
  #subscribers: Subscriber[] = []
  #isUp: boolean
  #hasRun: boolean
  #failures: number
  #reason: string
  /** Every subscriber knows that it is up: another success is nothing new. */
  #isSettled = false
  #isRunning = false

  constructor(kind: CheckerKind, key: string, times: CheckTimes, words: CheckWords, known: Known) {
    this.kind = kind
    this.key = key
    this.times = times
    this.#words = words
    this.#isUp = known.isUp
    this.#hasRun = known.hasRun
    this.#failures = known.failures
    this.#reason = known.reason
  }

  /** Why it is up or down, for people. */
  get reason(): string {
    return this.#reason
  }

  protected set reason(reason: string) {
    this.#reason = reason
  }

  /** What another check of the same target may go on with. */
  get known(): Known {
    return { isUp: this.#isUp, hasRun: this.#hasRun, failures: this.#failures, reason: this.#reason }
  }

  protected get isUp(): boolean {
    return this.#isUp
  }

  protected get hasRun(): boolean {
    return this.#hasRun
  }

  /** It is asked: neither suspended nor gone. */
  protected get isRunning(): boolean {
    return this.#isRunning
  }

  /** Somebody wants to know. */
  get isWanted(): boolean {
    return this.#subscribers.some(({ isSuspended }) => !isSuspended)
  }

  protected get subscribers(): readonly Subscriber[] {
    return this.#subscribers
  }

  /** Whom it tells from now on, too. */
  subscribe(subscriber: Subscriber): void {
    this.#subscribers.push(subscriber)
    this.#isSettled = false
  }

  /** Whether it tells this one. */
  isSubscribed(subscriber: Subscriber): boolean {
    return this.#subscribers.includes(subscriber)
  }

  /** Whom it tells no more. */
  unsubscribe(subscriber: Subscriber): void {
    this.#subscribers = this.#subscribers.filter((one) => one !== subscriber)
  }

  /** Nobody wants to know any more. */
  unsubscribeAll(): void {
    this.#subscribers = []
  }

  /** Whether there is nobody whom it tells. */
  get isOrphaned(): boolean {
    return this.#subscribers.length === 0
  }

  /** Runs, first after `delayUs`, while somebody wants to know. Without effect when it runs. */
  start(delayUs: number): void {
    this.#isSettled = false
    if (this.#isRunning || !this.isWanted) return
    this.#isRunning = true
    this.open(delayUs)
  }

  /** A configuration took effect, or somebody is back: what is known may mean something else to those who want to know. */
  refresh(): void {
    this.#isSettled = false
  }

  /** Does not run any more, where nobody wants to know. */
  stopUnwanted(): void {
    this.#isSettled = false
    if (!this.#isRunning || this.isWanted) return
    this.#isRunning = false
    this.close()
  }

  /** Begins to ask. */
  protected abstract open(delayUs: number): void
  /** Ends what is under way: nothing is heard of it any more. */
  protected abstract close(): void

  /** It was answered well, so that servers are good: retries start over. */
  protected succeed(): void {
    if (this.#isSettled) return
    this.#isUp = true
    this.#hasRun = true
    this.#failures = 0
    for (const subscriber of this.#subscribers) subscriber.succeed(this.#words, this.weightFor(subscriber))
    this.#isSettled = true
  }

  /** Something else than the verdict changed: the next success is to be told. */
  protected unsettle(): void {
    this.#isSettled = false
  }

  /** A part of it was answered well: retries start over. */
  protected forgive(): void {
    this.#failures = 0
  }

  /** What an answer adds to a server's weight. */
  protected weightFor(_subscriber: Subscriber): number {
    return 0
  }

  /** Failures in a row that do not count yet: none before the first verdict, and none of a server that is out. */
  protected get patience(): number {
    return this.#hasRun && this.#isUp ? this.times.retry : 0
  }

  /**
   * It was not answered well.
   *
   * @returns whether it is to be tried again before that counts
   */
  protected fail(failure: Failure): boolean {
    this.#isSettled = false
    const { retry, logAllFailures } = this.times
    const attempt = this.#failures
    const retries = attempt < this.patience
    if (logAllFailures && (retries || failure.toldLast === undefined)) this.#tellAttempt(failure, attempt)
    if (retries) {
      this.#failures = attempt + 1
      this.#reason = `${failure.reason} (retry ${attempt + 1} of ${retry})`
      // For those that have joined, this is the first.
      if (this.failsAtOnce) for (const one of this.#subscribers) if (!one.hasRun) one.fail(failure, this.#words, 0)
      return true
    }
    this.#isUp = false
    this.#hasRun = true
    this.#failures = 0
    this.#reason = failure.reason
    for (const subscriber of this.#subscribers) subscriber.fail(failure, this.#words, attempt)
    return false
  }

  /** Before the first verdict, one failure is enough. */
  protected get failsAtOnce(): boolean {
    return true
  }

  #tellAttempt(failure: Failure, attempt: number): void {
    for (const subscriber of this.#subscribers) {
      if (subscriber.isUp) subscriber.note((server, service) => failure.told(server, service, attempt))
    }
  }

  /** It could not be asked, which says nothing about it: it is asked again after its period. Told once for each reason. */
  protected skip(reason: string): void {
    const isNews = this.#reason !== reason
    this.#reason = reason
    if (!isNews) return
    for (const subscriber of this.#subscribers) subscriber.note((server) => `${this.kind} of ${server}: ${reason}. Rescheduling.`)
  }
}
