import type { Logger } from 'pino'
import type { Check, CheckWords, Failure, Known, Subscriber } from './check.ts'
import type { CheckPlan } from './plans.ts'
import type { Checker, CheckerKind, CheckerOwner } from './checker.ts'
import { NOT_CHECKED } from './check.ts'

/** What a configuration says of a checker. */
export interface CheckerSettings {
  readonly check: Check
  readonly plan: CheckPlan
  readonly owner: CheckerOwner
  /** The weight that its server is configured with. */
  readonly configuredWeight: number
}

/** The checker of one real server: what the check that it shares comes to for this one. */
export class ServerChecker implements Checker, Subscriber {
  readonly #log: Pick<Logger, 'info'>
  #settings: CheckerSettings
  #isUp: boolean
  #hasRun = false
  #isSuspended = false
  #weight = 0
  /** What was known last, while it is suspended. */
  #heldReason: string | undefined

  constructor(settings: CheckerSettings, isUp: boolean, log: Pick<Logger, 'info'>) {
    this.#settings = settings
    this.#isUp = isUp
    this.#log = log
  }

  get kind(): CheckerKind {
    return this.plan.kind
  }

  get target(): string {
    return this.plan.target
  }

  /** What the configuration says of it. */
  get plan(): CheckPlan {
    return this.#settings.plan
  }

  get check(): Check {
    return this.#settings.check
  }

  /** What a check of the same target goes on with. */
  get known(): Known {
    return { ...this.check.known, isUp: this.#isUp, hasRun: this.#hasRun }
  }

  get owner(): CheckerOwner {
    return this.#settings.owner
  }

  get isAlpha(): boolean {
    return this.plan.isAlpha
  }

  get isUp(): boolean {
    return this.#isUp
  }

  get hasRun(): boolean {
    return this.#hasRun
  }

  get isSuspended(): boolean {
    return this.#isSuspended
  }

  get weight(): number {
    return this.#weight
  }

  get configuredWeight(): number {
    return this.#settings.configuredWeight
  }

  get reason(): string {
    return this.#heldReason ?? (this.#hasRun ? this.check.reason : NOT_CHECKED.reason)
  }

  /** Is as a new configuration says; what it knows stays, the weight that a script gives the server among it. */
  adopt(settings: CheckerSettings): void {
    if (this.kind === 'MISC_CHECK' && this.#weight !== 0) this.#weight += this.configuredWeight - settings.configuredWeight
    this.#settings = settings
  }

  /** Says nothing new until {@link ServerChecker.resume}. */
  suspend(): void {
    this.#heldReason = this.reason
    this.#isSuspended = true
  }

  resume(): void {
    this.#isSuspended = false
    this.#heldReason = undefined
  }

  succeed(words: CheckWords, weight: number): void {
    if (this.#isSuspended) return
    const isNews = !this.#isUp || !this.#hasRun
    this.#hasRun = true
    // First, as keepalived does.
    this.#weigh(weight)
    if (!isNews) return
    if (words.succeeded !== undefined) this.note(words.succeeded)
    this.#conclude(true, words.mailUp)
  }

  fail(failure: Failure, words: CheckWords, retries: number): void {
    if (this.#isSuspended || (!this.#isUp && this.#hasRun)) return
    const line = failure.toldLast ?? words.failed
    if (line !== undefined) this.note((server, service) => line(server, service, retries))
    // A server that is out has the weight that it is configured with, which is no news.
    this.#weight = 0
    this.#conclude(false, failure.mail ?? words.mailDown)
  }

  #conclude(isUp: boolean, mail: string): void {
    this.#isUp = isUp
    this.#hasRun = true
    this.owner.checked(this, mail)
  }

  #weigh(weight: number): void {
    if (weight === this.#weight) return
    this.#weight = weight
    this.owner.weighed(this)
  }

  note(line: (server: string, service: string) => string): void {
    const { server, service } = this.owner
    this.#log.info({ checker: this.kind, server, service }, line(server, service))
  }
}
