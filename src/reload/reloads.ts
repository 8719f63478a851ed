import type { Logger } from 'pino'
import type { ReloadReport } from '../daemon/daemon.ts'
import { KaError } from '../errors.ts'

/** Reloads that a signal or a clock asks for: one at a time, and one more that waits. */
export class Reloads {
  readonly #reload: () => Promise<ReloadReport>
  readonly #isStopping: () => boolean
  readonly #log: Logger
  #isRunning = false
  #isQueued = false

  constructor(reload: () => Promise<ReloadReport>, isStopping: () => boolean, log: Logger) {
    this.#reload = reload
    this.#isStopping = isStopping
    this.#log = log
  }

  /** Reloads in the background, after the one that is under way; what comes of it is logged. */
  request(): void {
    if (!this.#isRunning) {
      void this.#run()
    } else if (!this.#isQueued) {
      this.#isQueued = true
      this.#log.info('Reload already in progress, request queued')
    }
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    this.#isRunning = true
    await this.#once()
    while (this.#isQueued && !this.#isStopping()) {
      this.#isQueued = false
      this.#log.info('Processing queued reload')
      await this.#once()
    }
    this.#isRunning = false
  }

  async #once(): Promise<void> {
    try {
      const report = await this.#reload()
      this.#log.info({ report }, 'Reload complete')
    } catch (error) {
      // The engine may have stopped by a signal that it has not told yet.
      const isStopped = error instanceof KaError && error.code === 'KA_ERR_STOPPED'
      if (isStopped || this.#isStopping()) this.#log.info('reload given up: the daemon stops')
      else this.#log.error({ err: error }, 'reload refused, the former configuration stays')
    }
  }
}
