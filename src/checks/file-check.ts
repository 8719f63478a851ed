import type { FileCheck as FileSettings } from '../config/model.ts'
import { Check } from './check.ts'
import type { CheckTimes, Failure, Known } from './check.ts'

/** A product beyond these is no part of a weight. */
const MAX_WEIGHT = 2 ** 31 - 1
const LEAST_WEIGHT = -(2 ** 31)

/** Nothing is asked: there is nothing to retry. */
const TIMES: CheckTimes = { retry: 0, delayBeforeRetryUs: 0, warmupUs: 0, delayLoopUs: 0, logAllFailures: false }

/** FILE_CHECK: the number in a tracked file is a part of the weight, or a verdict (lvs.md §5). */
export class FileCheck extends Check {
  readonly #settings: FileSettings
  #value: number | undefined
  #product = 0

  constructor(settings: FileSettings, key: string, known: Known, value: number | undefined) {
    const { trackFile } = settings
    super(
      'FILE_CHECK',
      key,
      TIMES,
      {
        // Only of one that was out: see below.
        succeeded: undefined,
        failed: (server) => `(${server}): tracked file ${trackFile} now FAULT state`,
        mailUp: `=> FILE CHECK ${trackFile} succeeded on service <=`,
        mailDown: `=> FILE CHECK ${trackFile} failed on service <=`,
      },
      known,
    )
    this.#settings = settings
    this.#value = value
  }

  /** The name of the file. */
  get file(): string {
    return this.#settings.trackFile
  }

  /** Takes what the file holds. Before it runs that says nothing yet. */
  take(value: number): void {
    this.#value = value
    if (this.isRunning) this.#conclude()
  }

  protected open(): void {
    this.refresh()
  }

  protected close(): void {
    // Nothing is under way.
  }

  /** Nothing has to be asked: those that have joined know at once. */
  override refresh(): void {
    super.refresh()
    // Not before whoever starts it has done so.
    queueMicrotask(() => {
      if (this.isRunning && this.#value !== undefined) this.#conclude()
    })
  }

  protected override weightFor(): number {
    return this.#product
  }

  #conclude(): void {
    const { weight, reverse } = this.#settings
    const value = this.#value ?? 0
    this.reason = `the file holds ${value}`
    const product = weight * value * (reverse ? -1 : 1)
    const isBad = weight === 0 ? (value !== 0) !== reverse : product <= LEAST_WEIGHT
    this.#product = isBad || weight === 0 ? 0 : Math.min(product, MAX_WEIGHT) + 0
    if (isBad) this.fail(this.#failure())
    else {
      this.#tellLeaving()
      this.unsettle()
      this.succeed()
    }
  }

  #tellLeaving(): void {
    const { trackFile } = this.#settings
    for (const subscriber of this.subscribers) {
      if (subscriber.isUp || subscriber.isSuspended) continue
      subscriber.note((server) => `(${server}): tracked file ${trackFile} leaving FAULT state`)
    }
  }

  #failure(): Failure {
    const { trackFile } = this.#settings
    return { reason: this.reason, told: (server) => `(${server}): tracked file ${trackFile} now FAULT state` }
  }
}
