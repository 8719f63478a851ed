import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Change, NotifyTarget, ServerStateChange, ToldServerChange } from './change.ts'
import { Lanes } from './lanes.ts'
import type { LaneRules } from './lanes.ts'
import { about } from './told.ts'
import type { Told } from './told.ts'

/** What a hook may use besides the change. */
export interface HookContext {
  /** Aborted when the time of the hook is over, or the daemon stops: what it does then is not waited for. */
  readonly signal: AbortSignal
}

/**
 * Functions of the host that are told what happens.
 *
 * They are called one after the other for each instance, group and virtual server, in the order of the changes, side by side for
 * different ones. When one is slow and 16 changes wait, only the latest of each instance, group and server is kept, so the final state
 * is always told. What a hook throws, a promise that rejects or takes longer than `hookTimeoutMs` is logged, and concerns nobody else.
 * A hook that blocks JavaScript holds up everything but the engine.
 */
export interface DaemonHooks {
  /**
   * An instance or a group reached a state, the first one included; or it is gone by a reload, which is told as `FAULT`, or as
   * `DELETED` where `notify_deleted` asks for it. At a stop hooks get one second for `STOP`.
   */
  readonly onStateChange?: (change: Change, context: HookContext) => void | Promise<void>
  /**
   * A real server went up or down, or a virtual server gained or lost its quorum: what `notify_up`, `notify_down`, `quorum_up`,
   * `quorum_down` and FIFOs are told of. A change of a real server comes before that of the quorum which it causes.
   */
  readonly onServerChange?: (change: ServerStateChange, context: HookContext) => void | Promise<void>
}

/** The names of all hooks. */
export const HOOK_NAMES: readonly (keyof DaemonHooks)[] = ['onStateChange', 'onServerChange']

/** How long a hook may take unless the options say otherwise. */
export const HOOK_TIMEOUT_MS = 5_000

/** Aborted hooks are not waited for: this is for microtasks. */
const END_HOOKS_MS = 100

/** Calls a hook for a change. */
type Call<C> = (change: C, context: HookContext) => Promise<void>

/** Calls the hooks of a host. */
export class HookTarget implements NotifyTarget {
  readonly #hooks: DaemonHooks
  readonly #timeoutMs: number
  readonly #log: Logger
  readonly #states: Lanes
  readonly #servers: Lanes<ToldServerChange>

  constructor(hooks: DaemonHooks, timeoutMs: number, log: Logger) {
    this.#hooks = hooks
    this.#timeoutMs = timeoutMs
    this.#log = log
    const states = this.#rules<Change>('onStateChange', async (change, context) => {
      await hooks.onStateChange?.(change, context)
    })
    const servers = this.#rules<ToldServerChange>('onServerChange', async (change, context) => {
      await hooks.onServerChange?.(shownOf(change), context)
    })
    this.#states = new Lanes(states, log)
    this.#servers = new Lanes(servers, log)
  }

  configure(): void {}

  retain(): void {}

  tell(change: Change): void {
    if (this.#hooks.onStateChange !== undefined && change.from !== undefined) this.#states.push(change)
  }

  tellServer(change: ToldServerChange): void {
    if (this.#hooks.onServerChange !== undefined && change.toFifos) this.#servers.push(change)
  }

  async finish(limitMs: number): Promise<void> {
    await Promise.all([this.#states.finish(limitMs), this.#servers.finish(limitMs)])
  }

  #rules<C extends Told>(hook: keyof DaemonHooks, call: Call<C>): LaneRules<C> {
    const tell = async (change: C, abort: AbortSignal): Promise<void> => {
      await this.#call(hook, call, change, abort)
    }
    return { who: 'hooks', tell, concurrency: Infinity, endMs: END_HOOKS_MS }
  }

  async #call<C extends Told>(hook: keyof DaemonHooks, call: Call<C>, change: C, abort: AbortSignal): Promise<void> {
    const fields = { ...about(change), state: change.state, hook }
    const deadline = new AbortController()
    const done = new AbortController()
    const signal = AbortSignal.any([abort, deadline.signal])
    const called = this.#callOnce(call, change, signal, fields).then(() => 'done' as const)
    const late = sleep(this.#timeoutMs, 'late' as const, { signal: done.signal }).catch(() => 'done' as const)
    const aborted = whenAborted(abort, done.signal)
    const first = await Promise.race([called, late, aborted])
    done.abort()
    if (first === 'done') return
    deadline.abort()
    const text =
      first === 'late'
        ? `a hook took longer than ${this.#timeoutMs} ms and is not waited for`
        : 'a hook was not waited for because of the stop'
    this.#log.warn(fields, text)
  }

  /** Never rejects: what comes too late is logged too. */
  async #callOnce<C>(call: Call<C>, change: C, signal: AbortSignal, fields: object): Promise<void> {
    try {
      await call(change, { signal })
    } catch (error) {
      this.#log.error({ ...fields, err: error }, 'a hook failed')
    }
  }
}

/** What concerns a host of a change: not what the configuration asks for. */
function shownOf({ kind, name, service, state, generation, atMs }: ToldServerChange): ServerStateChange {
  return { kind, name, service, state, generation, atMs }
}

async function whenAborted(signal: AbortSignal, done: AbortSignal): Promise<'aborted'> {
  return await new Promise((resolve) => {
    const onAbort = (): void => {
      resolve('aborted')
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true, signal: done })
  })
}
