import type { GlobalDefs } from '../config/model.ts'
import type { ScriptAccount } from '../config/tables/values.ts'
import { DEFAULT_ACCOUNT, lookUpAccount } from './account.ts'
import type { Account } from './account.ts'
import type { ScriptRunner } from './script-runner.ts'

/** After a look-up without an answer the next one waits this long: meanwhile scripts are not held up by it. */
const RETRY_AFTER_MS = 30_000

/** What concerns scripts whose line names no account. */
export type ScriptDefaults = Pick<GlobalDefs, 'scriptUser' | 'enableScriptSecurity'> & Partial<Pick<GlobalDefs, 'setSupplementaryGroups'>>

/** Whom a script runs as, or why it must not run. */
export type Runner =
  /** `undefined`: the daemon's own account. */
  { readonly account: Account | undefined } | { readonly problem: string; readonly user: string }

type Answer = Awaited<ReturnType<typeof lookUpAccount>>

interface Entry {
  readonly answer: Promise<Answer>
  /** There was no answer, and it is to be asked again from then on. */
  expiresAt: number
}

/**
 * The accounts that scripts run as.
 *
 * They are looked up when a configuration comes, and only those that its scripts need: at a change of state the answer is
 * there, although the directory that knows it may not be reachable then. A new configuration asks again.
 */
export class AccountBook {
  readonly #closed = new AbortController()
  readonly #runner: Pick<ScriptRunner, 'run'>
  #entries = new Map<string, Entry>()
  #defaults: ScriptDefaults = { scriptUser: undefined, enableScriptSecurity: true }

  /** @param runner asks getent(1) */
  constructor(runner: Pick<ScriptRunner, 'run'>) {
    this.#runner = runner
  }

  /**
   * Takes what a new configuration says, and begins to look accounts up.
   *
   * @param named the account of each script, `undefined` where its line names none
   */
  configure(named: Iterable<ScriptAccount | undefined>, defaults: ScriptDefaults): void {
    this.#entries = new Map()
    this.#defaults = defaults
    for (const account of named) void this.#ask(this.#effective(account))
  }

  /**
   * Whom a script runs as whose line names `named`. Never rejects.
   *
   * Without any name it is keepalived_script, and the daemon's own account where that does not exist; but an account that does
   * not exist otherwise, or that cannot be looked up, and script security never fall back to the daemon's own.
   */
  async runnerOf(named: ScriptAccount | undefined, abort: AbortSignal): Promise<Runner> {
    const account = this.#effective(named)
    const { user } = account
    const isDefault = named === undefined && this.#defaults.scriptUser === undefined
    const answer = await unlessAborted(this.#ask(account), abort)
    if (typeof answer === 'object') return { account: answer }
    if (answer === 'aborted') return { problem: 'the daemon stops', user }
    if (answer === 'no-answer') return { problem: 'its account cannot be looked up', user }
    const mayBeOwn = isDefault && !this.#defaults.enableScriptSecurity
    return mayBeOwn ? { account: undefined } : { problem: 'its account does not exist', user }
  }

  /** Gives up look-ups that run. */
  close(): void {
    this.#closed.abort()
  }

  /** The line's account, else `script_user`, else keepalived_script; with the user's groups where the configuration says so. */
  #effective(named: ScriptAccount | undefined): ScriptAccount {
    const account = named ?? this.#defaults.scriptUser ?? DEFAULT_ACCOUNT
    return this.#defaults.setSupplementaryGroups === true ? { ...account, supplementaryGroups: true } : account
  }

  async #ask(account: ScriptAccount): Promise<Answer> {
    const key = JSON.stringify([account.user, account.group, account.supplementaryGroups])
    const known = this.#entries.get(key)
    if (known !== undefined && performance.now() < known.expiresAt) return await known.answer
    const entry: Entry = { answer: lookUpAccount(account, this.#runner, this.#closed.signal), expiresAt: Infinity }
    this.#entries.set(key, entry)
    const answer = await entry.answer
    if (answer === 'no-answer') entry.expiresAt = performance.now() + RETRY_AFTER_MS
    return answer
  }
}

/** What a promise that never rejects gives, unless `abort` comes first. */
async function unlessAborted<T>(promise: Promise<T>, abort: AbortSignal): Promise<T | 'aborted'> {
  if (abort.aborted) return 'aborted'
  const done = new AbortController()
  const aborted = new Promise<'aborted'>((resolve) => {
    const onAbort = (): void => {
      resolve('aborted')
    }
    abort.addEventListener('abort', onAbort, { once: true, signal: done.signal })
  })
  const first = await Promise.race([promise, aborted])
  done.abort()
  return first
}
