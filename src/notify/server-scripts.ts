import { performance } from 'node:perf_hooks'
import type { Logger } from 'pino'
import type { VirtualServer } from '../config/model.ts'
import type { ScriptCommand } from '../config/tables/values.ts'
import type { ToldServerChange } from './change.ts'
import { Lanes } from './lanes.ts'
import { END_SCRIPTS_MS } from './launcher.ts'
import type { Launcher } from './launcher.ts'
import { within } from '../time-limit.ts'

/** Scripts that run at once when many servers change together: those of virtual routers keep their 200 of the 256 places. */
const MAX_RUNNING = 40

/** The same at a stop, when nothing else wants to run for long; those that find no place wait for one. */
const MAX_RUNNING_AT_STOP = 200

/** At a stop the scripts of one virtual server together get so long before the next one runs beside them: all have a second. */
const HEAD_START_MS = 500

/**
 * Runs `notify_up`, `notify_down`, `quorum_up` and `quorum_down`: those of one virtual server and its real servers one after the other,
 * in the order of the changes, those of different ones side by side. They get exactly the arguments of their line (lvs.md §6).
 *
 * At a stop, where `omega` asks for them, they start in the same order, but do not wait long for each other.
 */
export class ServerScripts {
  readonly #launcher: Launcher
  readonly #lanes: Lanes<ToldServerChange>
  /** Those that run, and what ends them. */
  readonly #running = new Map<Promise<void>, AbortController>()
  /** Ends the wait for scripts that run when a stop begins. */
  readonly #hurry = new Set<() => void>()
  /** Until then scripts of a stop wait for those before them. */
  #headStartEnds: number | undefined

  constructor(launcher: Launcher, log: Logger) {
    this.#launcher = launcher
    const rules = {
      who: 'notify scripts',
      tell: async (change: ToldServerChange, abort: AbortSignal, waiting: number): Promise<void> => {
        await this.#run(change, abort, waiting)
      },
      concurrency: MAX_RUNNING,
      concurrencyAtStop: MAX_RUNNING_AT_STOP,
      endMs: END_SCRIPTS_MS,
    }
    this.#lanes = new Lanes(rules, log)
  }

  /** Runs the script of a change after those before it. */
  tell(change: ToldServerChange): void {
    if (change.script !== undefined) this.#lanes.push(change)
  }

  /** Waits at most `limitMs` for what runs and waits, then ends what still runs. Nothing runs after that. Never rejects. */
  async finish(limitMs: number): Promise<void> {
    const began = performance.now()
    this.#headStartEnds = began + HEAD_START_MS
    for (const goOn of this.#hurry) goOn()
    await this.#lanes.finish(limitMs)
    await within(Math.max(0, began + limitMs - performance.now()), this.#allRunning())
    for (const abort of this.#running.values()) abort.abort()
    await within(END_SCRIPTS_MS, this.#allRunning())
  }

  async #run(change: ToldServerChange, aborted: AbortSignal, waiting: number): Promise<void> {
    const { script } = change
    if (script === undefined) return
    const abort = new AbortController()
    aborted.addEventListener('abort', () => {
      abort.abort()
    })
    const run = this.#launcher.run(change, script, script.args, abort.signal).finally(() => this.#running.delete(run))
    this.#running.set(run, abort)
    if (this.#headStartEnds === undefined) await this.#unlessHurried(run)
    if (this.#headStartEnds !== undefined) await within(Math.max(0, this.#headStartEnds - performance.now()) / (waiting + 1), run)
  }

  /** Waits for a script, or until a stop begins. */
  async #unlessHurried(run: Promise<void>): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#hurry.add(resolve)
      void run.finally(() => {
        this.#hurry.delete(resolve)
        resolve()
      })
    })
  }

  async #allRunning(): Promise<void> {
    await Promise.all(this.#running.keys())
  }
}

/** The scripts of virtual servers and their real servers. */
export function scriptsOfServers(virtualServers: readonly VirtualServer[]): ScriptCommand[] {
  const scripts: ScriptCommand[] = []
  const add = (script: ScriptCommand | undefined): void => {
    if (script !== undefined) scripts.push(script)
  }
  for (const { quorumUp, quorumDown, realServers } of virtualServers) {
    add(quorumUp)
    add(quorumDown)
    for (const { notifyUp, notifyDown } of realServers) {
      add(notifyUp)
      add(notifyDown)
    }
  }
  return scripts
}
