import { constants } from 'node:os'
import { US_PER_MS } from '../config/forms/numbers.ts'
import type { MiscCheck as MiscSettings } from '../config/model.ts'
import type { ScriptAccount } from '../config/tables/values.ts'
import type { Runner } from '../process/account-book.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import type { ScriptResult } from '../process/script.ts'
import { Check } from './check.ts'
import type { CheckTimes, CheckWords, Failure, Known, Subscriber } from './check.ts'

/** What MISC_CHECK needs. */
export interface MiscTools {
  readonly scripts: Pick<ScriptRunner, 'run'>
  /** Whom a script runs as. */
  readonly runnerOf: (account: ScriptAccount | undefined, abort: AbortSignal) => Promise<Runner>
}

/** Timers take no more. */
const MAX_TIMER_MS = 2 ** 31 - 1
/** From this exit status on a script says a weight. */
const FIRST_WEIGHT_STATUS = 2

type Verdict = { readonly weight: number | undefined } | { readonly failure: Failure } | { readonly problem: string }

function wordsOf(path: string): CheckWords {
  return {
    succeeded: (server, service) => `${subject(server, service, path)} succeeded.`,
    // Its failures have the line.
    failed: undefined,
    mailUp: '=> MISC CHECK succeeded on service <=',
    mailDown: '=> MISC CHECK failed on service <=',
  }
}

function subject(server: string, service: string, path: string): string {
  return `Misc check for [${server} VS ${service}] by [${path}]`
}

/** MISC_CHECK: the exit status of a script, timed from one start to the next (lvs.md §5). */
export class MiscCheck extends Check {
  readonly #settings: MiscSettings
  readonly #tools: MiscTools
  #timer: NodeJS.Timeout | undefined
  #abort = new AbortController()
  /** What the script says, instead of the weight that a server is configured with. */
  #weight: number | undefined

  constructor(settings: MiscSettings, key: string, times: CheckTimes, known: Known, former: MiscCheck | undefined, tools: MiscTools) {
    super('MISC_CHECK', key, times, wordsOf(settings.miscPath.path), known)
    this.#settings = settings
    this.#tools = tools
    this.#weight = former?.weight
  }

  /** What the script said last. */
  get weight(): number | undefined {
    return this.#weight
  }

  protected override weightFor({ configuredWeight }: Subscriber): number {
    return this.#weight === undefined ? 0 : this.#weight - configuredWeight
  }

  protected open(delayUs: number): void {
    this.#abort = new AbortController()
    this.#wait(delayUs)
  }

  protected close(): void {
    clearTimeout(this.#timer)
    this.#abort.abort()
  }

  #wait(delayUs: number): void {
    this.#timer = setTimeout(
      () => {
        void this.#run(this.#abort.signal)
      },
      Math.min(delayUs / US_PER_MS, MAX_TIMER_MS),
    )
  }

  async #run(abort: AbortSignal): Promise<void> {
    const startedAt = performance.now()
    const verdict = await this.#ask(abort)
    if (abort.aborted) return
    const periodUs = this.#conclude(verdict)
    const elapsedUs = (performance.now() - startedAt) * US_PER_MS
    // Whoever is told may have ended it, or begun anew.
    if (!abort.aborted) this.#wait(Math.max(0, periodUs - elapsedUs))
  }

  async #ask(abort: AbortSignal): Promise<Verdict> {
    const { miscPath, miscTimeoutUs } = this.#settings
    const runner = await this.#tools.runnerOf(miscPath.account, abort)
    if ('problem' in runner) return { problem: `${runner.problem} (${runner.user})` }
    const { path, args } = miscPath
    return this.#verdictOf(await this.#tools.scripts.run({ path, args }, runner.account, miscTimeoutUs / US_PER_MS, abort))
  }

  /** @returns when it is run again, from its start */
  #conclude(verdict: Verdict): number {
    const { delayLoopUs, delayBeforeRetryUs } = this.times
    if ('problem' in verdict) {
      this.skip(verdict.problem)
      return delayLoopUs
    }
    if ('failure' in verdict) return this.fail(verdict.failure) ? delayBeforeRetryUs : delayLoopUs
    if (verdict.weight !== this.#weight) {
      this.#weight = verdict.weight
      this.unsettle()
    }
    this.reason = verdict.weight === undefined ? 'exit status 0' : `exit status ${verdict.weight + FIRST_WEIGHT_STATUS}`
    this.succeed()
    return delayLoopUs
  }

  #verdictOf(result: ScriptResult): Verdict {
    switch (result.outcome) {
      case 'exited': {
        const { code } = result
        if (code === 0) return { weight: undefined }
        if (this.#settings.miscDynamic && code >= FIRST_WEIGHT_STATUS) return { weight: code - FIRST_WEIGHT_STATUS }
        return { failure: this.#failure(`exit status ${code}`, `(exited with status ${code})`) }
      }
      case 'signalled':
        return { failure: this.#failure(result.signal, `(due to signal ${signalNumber(result.signal)})`) }
      case 'timedOut':
        return { failure: { ...this.#timedOut(), mail: '=> MISC CHECK timed out on service <=' } }
      case 'notStarted':
        return result.isTransient === true
          ? { problem: result.reason }
          : { failure: this.#failure(`not started: ${result.reason}`, `(not started: ${result.reason})`) }
      case 'aborted':
        return { problem: 'it was ended' }
    }
  }

  #timedOut(): Failure {
    const { miscTimeoutUs, miscPath } = this.#settings
    const what = (server: string, service: string): string => `${subject(server, service, miscPath.path)} timed out`
    return this.#lines(`no end within ${miscTimeoutUs / 1_000_000} s`, what, '')
  }

  #failure(reason: string, cause: string): Failure {
    return this.#lines(reason, (server, service) => `${subject(server, service, this.#settings.miscPath.path)} failed`, ` ${cause}`)
  }

  #lines(reason: string, what: (server: string, service: string) => string, cause: string): Failure {
    const { retry } = this.times
    return {
      reason,
      told: (server, service, attempt) => {
        const which = attempt === 0 ? `, will do ${retriesOf(retry)}` : ` on retry ${attempt}/${retry}`
        return `${what(server, service)}${which}${cause}.`
      },
      toldLast: (server, service, retries) => `${what(server, service)}${lastWords(retries, retry)}${cause}.`,
    }
  }
}

function lastWords(retries: number, retry: number): string {
  if (retry === 0) return ' with retry disabled'
  return retries === 0 ? '' : ` after ${retriesOf(retries)}`
}

function retriesOf(count: number): string {
  return count === 1 ? '1 retry' : `${count} retries`
}

/** Node has names for most signals; a real-time one is called by its number. */
function signalNumber(name: string): string {
  const numbers: Readonly<Record<string, number>> = constants.signals
  return String(numbers[name] ?? name.replace(/^SIG/, ''))
}
