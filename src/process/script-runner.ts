import type { ScriptEvent, ScriptWorker, ScriptWorkerStatus } from '#native'
import type { Logger } from 'pino'
import type { GlobalDefs } from '../config/model.ts'
import { loadNative, native } from '../engine/native.ts'
import { Wake } from '../engine/wake.ts'
import type { Account } from './account.ts'
import { nativeProgram, resultOf } from './native-script.ts'
import { scriptEnvironment } from './script.ts'
import type { Program, ScriptResult } from './script.ts'
import { US_PER_MS } from '../config/forms/numbers.ts'

/** A program that is run periodically. */
export interface ScheduledScript {
  /** A number that no other of them has, up to 2^32 - 1. */
  readonly id: number
  /** Handed back with each result, up to 2^32 - 1. */
  readonly generation: number
  readonly program: Program
  /** The daemon's own when absent. */
  readonly account: Account | undefined
  /** From one start to the next, at least 1,000. */
  readonly intervalUs: number
  /** Counted from each start. */
  readonly timeoutUs: number
}

/** How a run of a {@link ScheduledScript} ended. One that is ended at its deadline has ended then, however long it takes to go. */
export interface ScheduledResult {
  readonly id: number
  /** The one that the script had at the end of the run. */
  readonly generation: number
  /** On the clock of `performance.now()`. */
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly result: ScriptResult
}

/** Runs programs, in a thread that keeps their deadlines while JavaScript is blocked. */
export interface ScriptRunner {
  /** What a configuration says about all scripts, from now on. */
  configure(settings: Pick<GlobalDefs, 'useSymlinkPaths'>): void
  /**
   * Runs a program to its end or its deadline, whichever is first.
   *
   * It leads a process group of its own, so that its children end with it: SIGTERM to the group at the deadline or when `abort` says
   * so, SIGKILL two seconds later. One that is still there after two more (a script of another user, without CAP_KILL) is not waited
   * for; it is told again every ten seconds.
   *
   * @param account ids to run with; the daemon's own when absent
   * @param timeoutMs deadline, counted from the start
   * @returns the outcome; never rejects
   */
  run(program: Program, account: Account | undefined, timeoutMs: number, abort?: AbortSignal): Promise<ScriptResult>
  /**
   * Makes these the scripts that are run periodically: at once, and then at their intervals. One that did not change goes on
   * undisturbed; one that is gone is ended, and not told of any more. A run is left out while the former one goes on.
   *
   * @param onResults gets results in batches, in their order, until the next call
   */
  schedule(scripts: readonly ScheduledScript[], onResults: (results: readonly ScheduledResult[]) => void): void
  /** How the thread fares. */
  status(): Promise<ScriptWorkerStatus>
  /** Ends every script, and the thread when they have ended, after `limitMs` at the latest. Never rejects. */
  stop(limitMs: number): Promise<void>
}

/** How a runner runs its programs. */
export interface RunnerOptions {
  readonly log: Logger
  /** Collect ended children that nobody here has started. Default: when this process is the first of its namespace. */
  readonly reapsOrphans?: boolean
}

/** Runs that may wait; the thread takes as many. */
const MAX_PENDING = 4096

/**
 * Starts the thread that runs programs.
 *
 * @throws {KaError} `KA_ERR_ADDON_UNAVAILABLE`; `KA_ERR_ENGINE` when the system refuses a thread
 */
export async function openScriptRunner({ log, reapsOrphans = process.pid === 1 }: RunnerOptions): Promise<ScriptRunner> {
  const { ScriptWorker: Worker } = await loadNative()
  const wake = new Wake()
  const options = { reapOrphans: reapsOrphans }
  // The constructor is synchronous: it throws.
  const worker = await native(async () => await Promise.resolve(Worker.open(options, wake.call)))
  const runner = new WorkerRunner(worker, wake, log)
  wake.follow(() => {
    runner.takeEvents()
  })
  return runner
}

class WorkerRunner implements ScriptRunner {
  readonly #worker: ScriptWorker
  readonly #wake: Wake
  readonly #log: Logger
  readonly #pending = new Map<number, (result: ScriptResult) => void>()
  /** Programs whose output is wanted, among them. */
  readonly #captured = new Set<number>()
  /** Keeps the process alive while somebody waits for a run: the thread's wake-up does not. */
  #keepAlive: NodeJS.Timeout | undefined
  #onResults: (results: readonly ScheduledResult[]) => void = () => {}
  #resolvesLinks = true
  #isStopped = false
  #nextId = 0

  constructor(worker: ScriptWorker, wake: Wake, log: Logger) {
    this.#worker = worker
    this.#wake = wake
    this.#log = log
  }

  configure({ useSymlinkPaths }: Pick<GlobalDefs, 'useSymlinkPaths'>): void {
    this.#resolvesLinks = !useSymlinkPaths
  }

  async run(program: Program, account: Account | undefined, timeoutMs: number, abort?: AbortSignal): Promise<ScriptResult> {
    if (this.#isStopped || abort?.aborted === true) return { outcome: 'aborted' }
    if (this.#pending.size >= MAX_PENDING) return { outcome: 'notStarted', reason: 'too many scripts wait', isTransient: true }
    const id = this.#freeId()
    const result = new Promise<ScriptResult>((resolve) => {
      this.#pending.set(id, resolve)
    })
    if (program.capturesOutput === true) this.#captured.add(id)
    this.#keepAlive ??= setInterval(() => {}, 2 ** 30)
    const onAbort = (): void => {
      this.#worker.end(id)
    }
    try {
      const run = { id, program: nativeProgram(program, account, this.#resolvesLinks), timeoutUs: Math.round(timeoutMs * US_PER_MS) }
      this.#worker.run([run], scriptEnvironment())
      abort?.addEventListener('abort', onAbort)
    } catch (error) {
      this.#settle(id, { outcome: 'notStarted', reason: error instanceof Error ? error.message : String(error) })
    }
    try {
      return await result
    } finally {
      abort?.removeEventListener('abort', onAbort)
    }
  }

  #freeId(): number {
    while (this.#pending.has(this.#nextId)) this.#nextId = (this.#nextId + 1) % 2 ** 32
    const id = this.#nextId
    this.#nextId = (id + 1) % 2 ** 32
    return id
  }

  #settle(id: number, result: ScriptResult): void {
    this.#pending.get(id)?.(result)
    this.#pending.delete(id)
    this.#captured.delete(id)
    if (this.#pending.size > 0) return
    clearInterval(this.#keepAlive)
    this.#keepAlive = undefined
  }

  schedule(scripts: readonly ScheduledScript[], onResults: (results: readonly ScheduledResult[]) => void): void {
    if (this.#isStopped) return
    // What waits belongs to those who have asked for it.
    this.takeEvents()
    this.#onResults = onResults
    const jobs = scripts.map(({ id, generation, program, account, intervalUs, timeoutUs }) => {
      const native = nativeProgram({ ...program, capturesOutput: false }, account, this.#resolvesLinks)
      return { id, generation, program: native, intervalUs, timeoutUs }
    })
    this.#worker.schedule(jobs, scriptEnvironment())
  }

  async status(): Promise<ScriptWorkerStatus> {
    return await native(async () => await this.#worker.status())
  }

  async stop(limitMs: number): Promise<void> {
    this.#isStopped = true
    try {
      await this.#worker.stop(limitMs)
    } catch (error) {
      this.#log.error({ err: error }, 'the thread that runs scripts does not end')
    }
    this.takeEvents()
    this.#wake.end()
    for (const id of this.#pending.keys()) this.#settle(id, { outcome: 'aborted', remains: 'it does not end' })
  }

  /** Takes what the thread has to tell. */
  takeEvents(): void {
    for (let events = this.#worker.drain(); events.length > 0; events = this.#worker.drain()) this.#handle(events)
  }

  #handle(events: readonly ScriptEvent[]): void {
    const now = performance.now()
    const results: ScheduledResult[] = []
    const lost = { count: 0 }
    for (const event of events) {
      if (event.type === 'finished') {
        const { id } = event
        this.#settle(id, resultOf(event.outcome, event.remains ? event : undefined, this.#captured.has(id) ? event.output : undefined))
      } else if (event.type === 'scheduled') {
        const { id, generation, outcome, startedAgoMs, endedAgoMs } = event
        lost.count += event.dropped
        results.push({ id, generation, startedAtMs: now - startedAgoMs, endedAtMs: now - endedAgoMs, result: resultOf(outcome) })
      } else {
        const { pid, job } = event
        const what = pid === undefined ? 'a script hangs in its start: its file cannot be read' : 'a script does not end at SIGKILL'
        this.#log.warn({ pid, job }, `${what}; tried again every 10 s`)
      }
    }
    if (lost.count > 0) this.#log.warn({ results: lost.count }, 'results of scripts came faster than they were taken: older ones are lost')
    if (results.length > 0) this.#onResults(results)
  }
}
