import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { VrrpInstance } from '../config/model.ts'
import type { ScriptCommand } from '../config/tables/values.ts'
import type { VrrpState } from '../engine/events.ts'
import { AccountBook } from '../process/account-book.ts'
import type { ScriptDefaults } from '../process/account-book.ts'
import { runScript } from '../process/script.ts'
import type { ScriptResult } from '../process/script.ts'

/** A script that runs longer is ended, so that the next state of its instance can be told. */
export const NOTIFY_TIMEOUT_MS = 30_000

/** States that may wait for a slow script; older ones go unannounced, the latest never. */
const MAX_WAITING = 16

/** At the end of a stop, for scripts to be ended: they take three seconds at most. */
const END_SCRIPTS_MS = 5_000

/** The scripts of an instance. */
export type NotifyScripts = Pick<VrrpInstance, 'notify' | 'notifyMaster' | 'notifyBackup' | 'notifyFault' | 'notifyStop'>

/** A state to tell, with the effective priority it was reached at. */
interface Transition {
  readonly state: VrrpState
  readonly priority: number
}

/** The scripts of one instance, and the states they have yet to be told. */
class Queue {
  waiting: Transition[] = []
  scripts: NotifyScripts
  running: Promise<void> | undefined
  /** Its instance is gone: forgotten once everything is told. */
  isRetired = false
  /** The state that is being told. */
  current: { readonly state: VrrpState; readonly abort: AbortController } | undefined

  constructor(scripts: NotifyScripts) {
    this.scripts = scripts
  }
}

/** One script for one state. */
interface Run {
  readonly instance: string
  readonly state: VrrpState
  readonly command: ScriptCommand
  /** Further arguments. */
  readonly args: readonly string[]
  readonly abort: AbortSignal
}

/**
 * Runs notify scripts: those of one instance one after the other, in the order of its states; those of
 * different instances side by side.
 */
export class NotifyDispatcher {
  readonly #queues = new Map<string, Queue>()
  readonly #log: Logger
  readonly #accounts = new AccountBook()
  #isFinished = false

  constructor(log: Logger) {
    this.#log = log
  }

  /**
   * Takes the scripts of a new configuration; states that wait are told with the new scripts. Scripts of
   * instances that it does not name stay known until {@link retain}.
   */
  configure(instances: readonly VrrpInstance[], defaults: ScriptDefaults): void {
    this.#accounts.configure(
      instances.flatMap(scriptsOf).map(({ account }) => account),
      defaults,
    )
    for (const instance of instances) {
      const { name } = instance
      const queue = this.#queues.get(name)
      if (queue !== undefined) {
        queue.scripts = instance
        queue.isRetired = false
      } else if (scriptsOf(instance).length > 0) this.#queues.set(name, new Queue(instance))
    }
  }

  /**
   * Forgets the instances that are no longer among `instances`, once everything is told that they have yet to tell: one
   * that comes back in the meantime waits for that.
   */
  retain(instances: readonly VrrpInstance[]): void {
    const names = new Set(instances.map(({ name }) => name))
    for (const [name, queue] of this.#queues) {
      if (names.has(name)) continue
      queue.isRetired = true
      if (queue.running === undefined) this.#queues.delete(name)
    }
  }

  /** Tells the scripts of `instance` that it reached a state. */
  dispatch(instance: string, state: VrrpState, priority: number): void {
    const queue = this.#queues.get(instance)
    if (this.#isFinished || queue === undefined || commands(queue.scripts, state).length === 0) return
    if (queue.waiting.length >= MAX_WAITING) {
      const dropped = queue.waiting.shift()
      this.#log.warn({ instance, state: dropped?.state }, 'notify scripts are too slow, a state goes unannounced')
    }
    queue.waiting.push({ state, priority })
    queue.running ??= this.#run(instance, queue)
      .catch((error: unknown) => {
        this.#log.error({ instance, err: error }, 'notify scripts failed')
      })
      // Nobody awaits it before the end: a rejection, if only of the log, would end the process.
      .catch(() => {})
  }

  /**
   * Tells STOP, for which scripts of earlier states are ended, and waits for that at most `limitMs`; then it ends
   * what still runs, and leaves alone what cannot be ended. Nothing is told after that.
   */
  async finish(limitMs: number): Promise<void> {
    const queues = [...this.#queues.values()]
    for (const queue of queues) {
      queue.waiting = queue.waiting.filter(({ state }) => state === 'STOP')
      if (queue.current?.state !== 'STOP') queue.current?.abort.abort()
    }
    const told = Promise.all(queues.map(async ({ running }) => await running))
    await within(limitMs, told)
    this.#isFinished = true
    for (const queue of queues) {
      queue.waiting = []
      queue.current?.abort.abort()
    }
    this.#accounts.close()
    await within(END_SCRIPTS_MS, told)
  }

  async #run(instance: string, queue: Queue): Promise<void> {
    try {
      for (let next = queue.waiting.shift(); next !== undefined; next = queue.waiting.shift()) {
        const { state, priority } = next
        const abort = new AbortController()
        queue.current = { state, abort }
        for (const { command, args } of commands(queue.scripts, state, instance, priority)) {
          if (abort.signal.aborted) break
          await this.#runOne({ instance, state, command, args, abort: abort.signal })
        }
      }
    } finally {
      queue.current = undefined
      queue.running = undefined
      if (queue.isRetired) this.#queues.delete(instance)
    }
  }

  async #runOne({ instance, state, command, args, abort }: Run): Promise<void> {
    const { account: named, path } = command
    const runner = await this.#accounts.runnerOf(named, abort)
    if ('problem' in runner) {
      const { problem, user } = runner
      this.#log.error({ instance, script: path, user }, `notify script not run: ${problem}`)
      return
    }
    const result = await runScript({ path, args: [...command.args, ...args] }, runner.account, NOTIFY_TIMEOUT_MS, abort)
    this.#report(instance, state, path, result)
  }

  #report(instance: string, state: VrrpState, script: string, result: ScriptResult): void {
    if (result.outcome === 'exited' && result.code === 0) return
    if ('remains' in result) {
      const missing = result.remains === 'EPERM' ? ': missing capability CAP_KILL' : ''
      this.#log.error({ instance, state, script, ...result }, `notify script cannot be ended and goes on${missing}`)
      return
    }
    this.#log.warn({ instance, state, script, ...result }, 'notify script did not succeed')
  }
}

/** Waits for a promise that does not reject, at most `limitMs`. */
async function within(limitMs: number, promise: Promise<unknown>): Promise<void> {
  const limit = new AbortController()
  const expired = sleep(limitMs, undefined, { signal: limit.signal }).catch(() => {}) // aborted: the other was first
  await Promise.race([promise, expired])
  limit.abort()
}

function scriptsOf({ notify, notifyMaster, notifyBackup, notifyFault, notifyStop }: NotifyScripts): ScriptCommand[] {
  return [notify, notifyMaster, notifyBackup, notifyFault, notifyStop].filter((script) => script !== undefined)
}

/** What to run for a state, in order: the state's own script, then the general one with its four arguments. */
function commands(
  scripts: NotifyScripts,
  state: VrrpState,
  instance = '',
  priority = 0,
): { readonly command: ScriptCommand; readonly args: readonly string[] }[] {
  const own = {
    INIT: undefined,
    BACKUP: scripts.notifyBackup,
    MASTER: scripts.notifyMaster,
    FAULT: scripts.notifyFault,
    STOP: scripts.notifyStop,
  }[state]
  const list = own === undefined ? [] : [{ command: own, args: [] }]
  if (scripts.notify === undefined || state === 'INIT') return list
  return [...list, { command: scripts.notify, args: ['INSTANCE', instance, state, String(priority)] }]
}
