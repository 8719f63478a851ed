import { constants } from 'node:os'
import type { VrrpScript } from '../config/model.ts'
import type { ScriptResult } from '../process/script.ts'

/** What is known of a tracked script. */
export type TrackedState = 'unknown' | 'up' | 'down'

/** What a script's definition says of its results. */
export type ScriptRules = Pick<VrrpScript, 'name' | 'rise' | 'fall' | 'initFail'>

/**
 * What the results of a `vrrp_script` come to (vrrp.md §7).
 *
 * A counter from 0 to `rise` + `fall` - 1 takes each result. From `rise` on the script is up. It starts one below, so that the first result
 * decides alone, or with `init_fail` at 0.
 */
export class ScriptState {
  readonly #rules: ScriptRules
  #counter: number
  #state: TrackedState
  #hasResult = false
  /** Exit status of the last run that had one. */
  #status = 0

  constructor(rules: ScriptRules) {
    this.#rules = rules
    this.#counter = rules.initFail ? 0 : rules.rise - 1
    this.#state = rules.initFail ? 'down' : 'unknown'
  }

  /** What is known. */
  get state(): TrackedState {
    return this.#state
  }

  /** The counter that results move. */
  get counter(): number {
    return this.#counter
  }

  /** The same script under new rules: what is known stays. */
  under(rules: ScriptRules): ScriptState {
    const next = new ScriptState(rules)
    if (!this.#hasResult) return next
    next.#hasResult = true
    next.#state = this.#state
    next.#status = this.#status
    next.#counter = this.#state === 'up' ? next.#most : 0
    return next
  }

  /** What is said of it at a reload that keeps it. */
  get kept(): string | undefined {
    if (!this.#hasResult) return undefined
    return `VRRP_Script(${this.#rules.name}) considered ${this.#state === 'up' ? 'successful' : 'unsuccessful'} on reload`
  }

  /**
   * Takes a result, in order. Only exit status 0 is success; a deadline and a start that failed are failures; a run that was given up
   * says nothing.
   *
   * @returns what is to be logged, in keepalived's words
   */
  take(result: ScriptResult): readonly string[] {
    if (result.outcome === 'aborted') return []
    const lines: string[] = []
    const { name } = this.#rules
    if (result.outcome === 'exited' && result.code !== this.#status) {
      this.#status = result.code
      lines.push(`Script \`${name}\` now returning ${result.code}`)
    }
    const failure = failureOf(result)
    const isNews = failure === undefined ? this.#succeed() : this.#fail()
    this.#hasResult = true
    if (isNews) lines.push(`VRRP_Script(${name}) ${failure ?? 'succeeded'}`)
    return lines
  }

  get #most(): number {
    return this.#rules.rise + this.#rules.fall - 1
  }

  /** @returns whether the script is up from now on */
  #succeed(): boolean {
    const last = this.#rules.rise - 1
    if (this.#counter < last) {
      this.#counter += 1
      return false
    }
    const isNews = this.#counter === last
    this.#counter = this.#most
    if (isNews) this.#state = 'up'
    return isNews
  }

  /** @returns whether the script is down from now on */
  #fail(): boolean {
    const { rise } = this.#rules
    if (this.#counter > rise) {
      this.#counter -= 1
      return false
    }
    const isNews = this.#counter === rise || !this.#hasResult
    this.#counter = 0
    if (isNews) this.#state = 'down'
    return isNews
  }
}

/** keepalived's words for a failure; `undefined` for a success. */
function failureOf(result: ScriptResult): string | undefined {
  switch (result.outcome) {
    case 'exited':
      return result.code === 0 ? undefined : `failed (exited with status ${result.code})`
    case 'signalled':
      return `failed (due to signal ${signalNumber(result.signal)})`
    case 'aborted':
      return 'aborted'
    case 'timedOut':
      return 'timed_out'
    case 'notStarted':
      return `failed (not started: ${result.reason})`
  }
}

/** Node has names for most signals; a real-time one is called by its number. */
function signalNumber(name: string): string {
  const numbers: Readonly<Record<string, number>> = constants.signals
  return String(numbers[name] ?? name.replace(/^SIG/, ''))
}
