/** What the configuration asks of the kernel for the daemon's threads and memory (`global_defs`; process.md §10). */
import { isDeepStrictEqual } from 'node:util'
import type { Engine, EngineScheduling, SchedulingRefusal, ThreadScheduling } from '#native'
import type { Logger } from 'pino'
import type { GlobalDefs } from '../config/model.ts'
import { fromNative, loadNative, native } from '../engine/native.ts'
import { KaError } from '../errors.ts'

/** The threads that run scripts and probe servers; there may be none. */
const WORKERS = ['ka-scripts', 'ka-probes'] as const

/** How these threads begin. */
const USUAL: ThreadScheduling = { realtimePriority: 0 }

/** Real time is on unless it is switched off: a busy machine must not delay advertisements. */
const DEFAULT_PRIORITY = 1

/** What the settings say, of those that concern scheduling. */
export type SchedulingSettings = Pick<
  GlobalDefs,
  | 'vrrpRtPriority'
  | 'vrrpPriority'
  | 'vrrpCpuAffinity'
  | 'vrrpRlimitRttimeUs'
  | 'vrrpNoSwap'
  | 'checkerRtPriority'
  | 'checkerPriority'
  | 'checkerCpuAffinity'
  | 'checkerNoSwap'
  | 'bfdNoSwap'
  | 'maxAutoPriority'
  | 'minAutoPriorityDelayUs'
>

/**
 * How the engine thread is scheduled.
 *
 * @param priority its SCHED_RR priority, whatever the configuration says; 0: none
 */
export function engineScheduling(settings: SchedulingSettings, priority?: number): EngineScheduling {
  const { vrrpRtPriority, vrrpPriority, vrrpCpuAffinity, vrrpRlimitRttimeUs, maxAutoPriority, minAutoPriorityDelayUs } = settings
  return {
    realtimePriority: priority ?? (vrrpRtPriority || DEFAULT_PRIORITY),
    ...(vrrpPriority === undefined ? {} : { nice: vrrpPriority }),
    ...(vrrpCpuAffinity === undefined ? {} : { cpus: [...vrrpCpuAffinity] }),
    ...(vrrpRlimitRttimeUs === undefined ? {} : { runningLimitUs: vrrpRlimitRttimeUs }),
    // -1 switches it off as 0 does, and a hint with it that is not given here.
    ...(maxAutoPriority > 0 ? { raiseLimit: maxAutoPriority, raiseAfterUs: minAutoPriorityDelayUs } : {}),
    touchStack: locksMemory(settings),
  }
}

/** How those threads are scheduled. */
export function workerScheduling({ checkerRtPriority, checkerPriority, checkerCpuAffinity }: SchedulingSettings): ThreadScheduling {
  return {
    realtimePriority: checkerRtPriority,
    ...(checkerPriority === undefined ? {} : { nice: checkerPriority }),
    ...(checkerCpuAffinity === undefined ? {} : { cpus: [...checkerCpuAffinity] }),
  }
}

/** One process has one memory: any of them locks all of it. */
function locksMemory({ vrrpNoSwap, checkerNoSwap, bfdNoSwap }: SchedulingSettings): boolean {
  return vrrpNoSwap || checkerNoSwap || bfdNoSwap
}

/** Has the kernel treat the daemon as its configuration says; what the kernel refuses is logged, once, and done without. */
export class Scheduler {
  readonly #engine: Engine
  readonly #log: Logger
  readonly #priority: number | undefined
  readonly #told = new Set<string>()
  #isLocked = false
  #areWorkersUsual = true

  /** @param priority SCHED_RR priority of the engine thread, whatever the configuration says; 0: none */
  constructor(engine: Engine, log: Logger, priority?: number) {
    this.#engine = engine
    this.#log = log
    this.#priority = priority
  }

  /** Applies the settings of a configuration, at the start and at a reload. */
  async apply(settings: SchedulingSettings): Promise<void> {
    const { scheduleThreads } = await loadNative()
    await this.#lockMemory(locksMemory(settings))
    // Again at each reload: the thread may have given real time up or raised itself, and what was refused may be granted now.
    const engine = await this.#schedule(engineScheduling(settings, this.#priority))
    this.#tell('engine', engine, 'no real-time scheduling: on a busy machine advertisements may be late')
    const worker = workerScheduling(settings)
    const isUsual = isDeepStrictEqual(worker, USUAL)
    // Threads begin like that, and it takes long to find them. Anything else at each reload: there may be more of them than before.
    if (isUsual && this.#areWorkersUsual) return
    this.#areWorkersUsual = isUsual
    try {
      const others = WORKERS.flatMap((name) => scheduleThreads(name, worker))
      this.#tell('worker', others, 'no real-time scheduling of the worker: on a busy machine checks and scripts may be late')
    } catch (error) {
      // There is no /proc, without which threads cannot be told apart.
      this.#warnOnce({ err: error }, `the worker is not scheduled as configured: ${fromNative(error).message}`)
    }
  }

  async #schedule(wanted: EngineScheduling): Promise<readonly SchedulingRefusal[]> {
    try {
      return await native(async () => await this.#engine.schedule(wanted))
    } catch (error) {
      // A signal stops it already.
      if (error instanceof KaError && error.code === 'KA_ERR_STOPPED') return []
      throw error
    }
  }

  #tell(thread: string, refusals: readonly SchedulingRefusal[], withoutRealTime: string): void {
    for (const { setting, code, message } of refusals) {
      if (code !== 'EPERM' && code !== 'EACCES') {
        this.#warnOnce({ code }, `${thread} thread: ${message}`)
        continue
      }
      const disabled = setting === 'realtimePriority' ? withoutRealTime : `${thread} thread: ${message}`
      this.#warnOnce({ capability: 'CAP_SYS_NICE' }, `missing capability CAP_SYS_NICE: ${disabled}`)
    }
  }

  async #lockMemory(isWanted: boolean): Promise<void> {
    // Again at each reload: what was mapped since is not locked yet.
    if (!isWanted && !this.#isLocked) return
    const { lockMemory } = await loadNative()
    try {
      lockMemory(isWanted)
      this.#isLocked = isWanted
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      const { message } = fromNative(error)
      if (code !== 'EPERM' && code !== 'ENOMEM') this.#warnOnce({ err: error }, message)
      else this.#warnOnce({ capability: 'CAP_IPC_LOCK' }, `missing capability CAP_IPC_LOCK: memory may be swapped out: ${message}`)
    }
  }

  #warnOnce(fields: object, message: string): void {
    if (this.#told.has(message)) return
    this.#told.add(message)
    this.#log.warn(fields, message)
  }
}
