import type { Logger } from 'pino'
import type { ScriptCommand } from '../config/tables/values.ts'
import type { AccountBook } from '../process/account-book.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import type { ScriptResult } from '../process/script.ts'
import { about } from './told.ts'
import type { Told } from './told.ts'

/** A script that runs longer is ended, so that the next change can be told. */
const NOTIFY_TIMEOUT_MS = 30_000

/** At the end of a stop, for scripts to be ended: they take three seconds at most. */
export const END_SCRIPTS_MS = 5_000

/** Runs notify scripts, each as the account that its line or the configuration names, and says what becomes of them. */
export class Launcher {
  readonly #runner: Pick<ScriptRunner, 'run'>
  readonly #accounts: AccountBook
  readonly #log: Logger

  constructor(runner: Pick<ScriptRunner, 'run'>, accounts: AccountBook, log: Logger) {
    this.#runner = runner
    this.#accounts = accounts
    this.#log = log
  }

  /** Runs a script for a change to its end, or until `abort`. Never rejects. */
  async run(change: Told, { path, account: named }: ScriptCommand, args: readonly string[], abort: AbortSignal): Promise<void> {
    const runner = await this.#accounts.runnerOf(named, abort)
    if ('problem' in runner) {
      const { problem, user } = runner
      this.#log.error({ ...about(change), script: path, user }, `notify script not run: ${problem}`)
      return
    }
    const result = await this.#runner.run({ path, args }, runner.account, NOTIFY_TIMEOUT_MS, abort)
    this.#report(change, path, result)
  }

  #report(change: Told, script: string, result: ScriptResult): void {
    if (result.outcome === 'exited' && result.code === 0) return
    const fields = { ...about(change), state: change.state, script, ...result }
    if ('remains' in result) {
      const missing = result.remains === 'EPERM' ? ': missing capability CAP_KILL' : ''
      this.#log.error(fields, `notify script cannot be ended and goes on${missing}`)
      return
    }
    this.#log.warn(fields, 'notify script did not succeed')
  }
}
