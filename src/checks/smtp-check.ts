import { US_PER_MS } from '../config/forms/numbers.ts'
import type { SmtpCheck as SmtpSettings } from '../config/model.ts'
import { Check } from './check.ts'
import type { CheckTimes, CheckWords, Failure, Known } from './check.ts'
import { bracketed, reasonOf, targetOf } from './connection.ts'
import type { ProbeOutcome } from './prober.ts'
import type { Probes, ProbeUser } from './probes.ts'
import { SmtpSession } from './smtp-session.ts'
import type { SmtpOutcome } from './smtp-session.ts'

const WORDS: CheckWords = {
  succeeded: (server) => `Remote SMTP server ${server} succeed on service.`,
  // Its failures have the line.
  failed: undefined,
  mailUp: '=> CHECK succeed on service <=',
  mailDown: '=> CHECK failed on service <=',
}

/** SMTP_CHECK: the probing thread connects, the conversation is held here. */
export class SmtpCheck extends Check implements ProbeUser {
  readonly #settings: SmtpSettings
  readonly #probes: Probes
  #id = 0
  #session: SmtpSession | undefined

  constructor(settings: SmtpSettings, key: string, times: CheckTimes, known: Known, probes: Probes) {
    super('SMTP_CHECK', key, times, WORDS, known)
    this.#settings = settings
    this.#probes = probes
  }

  /** Each verdict takes all retries: the first one, and that of a server that is out. */
  protected override get patience(): number {
    return this.times.retry
  }

  protected override get failsAtOnce(): boolean {
    return false
  }

  protected open(delayUs: number): void {
    this.#id = this.#probes.add(targetOf(this.#settings, { type: 'connect' }), this)
    this.#probes.run(this.#id, delayUs)
  }

  protected close(): void {
    this.#probes.remove(this.#id)
    this.#session?.abort()
    this.#session = undefined
  }

  takeOutcome(outcome: ProbeOutcome): void {
    const { heloName, connectTimeoutUs } = this.#settings
    if (outcome.type === 'notStarted') {
      this.skip(`${outcome.operation}: ${outcome.code}`)
      this.#probes.run(this.#id, this.times.delayLoopUs)
    } else if (outcome.type === 'failed' || outcome.fd === undefined) {
      const reason = outcome.type === 'failed' ? outcome.reason : 'closed'
      this.#conclude(this.#failure('Could not connect to', reasonOf(reason, connectTimeoutUs)))
    } else {
      this.#session = new SmtpSession(outcome.fd, heloName, Math.max(1, connectTimeoutUs / US_PER_MS), (result) => {
        this.#session = undefined
        this.#conclude(this.#failureOf(result))
      })
    }
  }

  #failureOf(result: SmtpOutcome): Failure | undefined {
    return result.isGood ? undefined : this.#failure(`${result.what} from`, `${result.what.toLowerCase()}: ${result.detail}`)
  }

  #failure(what: string, reason: string): Failure {
    const { connectIp, connectPort } = this.#settings
    const line = (): string => `SMTP_CHECK ${what} server ${bracketed(connectIp, connectPort)}`
    return { reason, told: line, toldLast: line }
  }

  #conclude(failure: Failure | undefined): void {
    const { delayLoopUs, delayBeforeRetryUs } = this.times
    const isRetry = failure !== undefined && this.fail(failure)
    if (failure === undefined) {
      this.reason = 'greets'
      this.succeed()
    }
    if (this.isRunning) this.#probes.run(this.#id, isRetry ? delayBeforeRetryUs : delayLoopUs)
  }
}
