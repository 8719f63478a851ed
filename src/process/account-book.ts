import type { Logger } from 'pino'
import type { ScriptAccount } from '../config/model.ts'
import { DEFAULT_ACCOUNT, lookUpAccount } from './account.ts'
import type { Account } from './account.ts'

/** After a look-up that failed the next one waits this long: meanwhile scripts are not held up by it. */
const RETRY_AFTER_MS = 30_000

/** Whom a script runs as, or why it must not run. */
export type Runner =
  /** `undefined`: the daemon's own user. */
  { readonly account: Account | undefined } | { readonly problem: string; readonly user: string; readonly cause?: unknown }

/** What a look-up gave; `account` is absent where there is none. */
type Answer = { readonly account: Account | undefined } | { readonly failure: unknown }

interface Entry {
  /** Never rejects. */
  readonly answer: Promise<Answer>
  /** The answer was a failure, and is to be asked for again from then on. */
  expiresAt: number
}

/**
 * The accounts that scripts run as.
 *
 * They are looked up when a configuration comes, and only those that its scripts need: at a change of state the answer is
 * there, although the directory that knows it may not be reachable then. A new configuration asks again.
 */
export class AccountBook {
  readonly #log: Logger
  readonly #closed = new AbortController()
  #entries = new Map<string, Entry>()
  #scriptUser: ScriptAccount | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /**
   * Takes what a new configuration says, and begins to look accounts up.
   *
   * @param named the account of each script, `undefined` where its line names none
   */
  configure(named: Iterable<ScriptAccount | undefined>, scriptUser: ScriptAccount | undefined): void {
    this.#entries = new Map()
    this.#scriptUser = scriptUser
    for (const account of named) void this.#ask(this.#effective(account))
  }

  /** Whom a script runs as whose line names `named`. Never rejects. */
  async runnerOf(named: ScriptAccount | undefined, abort: AbortSignal): Promise<Runner> {
    const account = this.#effective(named)
    const answer = await unlessAborted(this.#ask(account), abort)
    if (answer === undefined) return { problem: 'the daemon stops', user: account.user }
    if ('account' in answer) {
      if (answer.account !== undefined || account === DEFAULT_ACCOUNT) return answer
      return { problem: 'its account does not exist', user: account.user }
    }
    // Of this one nobody said that it exists.
    if (account === DEFAULT_ACCOUNT) return { account: undefined }
    return { problem: 'its account cannot be looked up', user: account.user, cause: answer.failure }
  }

  /** Gives up look-ups that run. */
  close(): void {
    this.#closed.abort()
  }

  /** The line's account, else `script_user`, else keepalived_script. */
  #effective(named: ScriptAccount | undefined): ScriptAccount {
    return named ?? this.#scriptUser ?? DEFAULT_ACCOUNT
  }

  async #ask(account: ScriptAccount): Promise<Answer> {
    const key = JSON.stringify([account.user, account.group, account.supplementaryGroups])
    const known = this.#entries.get(key)
    if (known !== undefined && performance.now() < known.expiresAt) return await known.answer
    // What fails after the look-up is the log.
    const lookUp = this.#lookUp(account).catch((error: unknown) => ({ failure: error }))
    const entry: Entry = { answer: lookUp, expiresAt: Infinity }
    this.#entries.set(key, entry)
    const answer = await entry.answer
    if ('failure' in answer) entry.expiresAt = performance.now() + RETRY_AFTER_MS
    return answer
  }

  async #lookUp(account: ScriptAccount): Promise<Answer> {
    try {
      return { account: await lookUpAccount(account, this.#closed.signal) }
    } catch (error) {
      if (account === DEFAULT_ACCOUNT && !this.#closed.signal.aborted) {
        this.#log.warn({ user: account.user, err: error }, 'account cannot be looked up: its scripts run as the daemon itself')
      }
      return { failure: error }
    }
  }
}

/** What a promise that never rejects gives; `undefined` when `abort` comes first. */
async function unlessAborted<T>(promise: Promise<T>, abort: AbortSignal): Promise<T | undefined> {
  if (abort.aborted) return undefined
  const done = new AbortController()
  const aborted = new Promise<undefined>((resolve) => {
    const onAbort = (): void => {
      resolve(undefined)
    }
    abort.addEventListener('abort', onAbort, { once: true, signal: done.signal })
  })
  const first = await Promise.race([promise, aborted])
  done.abort()
  return first
}
