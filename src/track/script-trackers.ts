import { isDeepStrictEqual } from 'node:util'
import type { Engine, TrackerConfig, TrackerResult } from '#native'
import type { Logger } from 'pino'
import type { Config, VrrpScript } from '../config/model.ts'
import type { DaemonOptions } from '../daemon/options.ts'
import { AccountBook } from '../process/account-book.ts'
import type { Account } from '../process/account.ts'
import type { ScheduledResult, ScheduledScript, ScriptRunner } from '../process/script-runner.ts'
import { ScriptState } from './script-state.ts'
import { TrackerNumbers } from './trackers.ts'
import type { Trackers } from './trackers.ts'
import { US_PER_MS } from '../config/forms/numbers.ts'

/** Silence below this is no reason to take a script for failed, whatever its interval: a pause of JavaScript is shorter. */
const LEAST_PATIENCE_MS = 10_000
/** Results that may be missing before a script counts as failed. */
const PATIENCE_INTERVALS = 3

/** What a daemon's options say about results. */
export type ResultOptions = Pick<DaemonOptions, 'heartbeatLimitMs' | 'keepStaleResults'>

/** A script that instances track. */
interface Tracked {
  /** Of the tracker and of the job. */
  readonly id: number
  readonly generation: number
  readonly script: VrrpScript
  readonly account: Account | undefined
  readonly state: ScriptState
}

/** What is known of a tracked script, for whoever asks. */
export interface KnownScript extends Pick<ScriptState, 'state' | 'counter'> {
  /** Whom it runs as; `undefined`: the daemon's own account. */
  readonly account: Account | undefined
}

/** The scripts of a configuration, ready to be tracked. */
export interface PreparedScripts extends Trackers {
  readonly scripts: ReadonlyMap<string, Tracked>
}

/**
 * The `vrrp_script`s that instances track: run by the worker, judged here, told to the engine.
 *
 * A new configuration is prepared before the engine gets it, so that the engine knows what is known of each script, and takes effect here
 * when the engine has taken it.
 */
export class ScriptTrackers {
  readonly #engine: Pick<Engine, 'setTrack'>
  readonly #runner: Pick<ScriptRunner, 'schedule'>
  readonly #accounts: AccountBook
  readonly #options: ResultOptions
  readonly #log: Pick<Logger, 'info' | 'warn'>
  readonly #stopped = new AbortController()
  #scripts: ReadonlyMap<string, Tracked> = new Map()
  #byId: ReadonlyMap<number, Tracked> = new Map()
  readonly #numbers: TrackerNumbers

  constructor(
    engine: Pick<Engine, 'setTrack'>,
    runner: Pick<ScriptRunner, 'run' | 'schedule'>,
    options: ResultOptions,
    log: Pick<Logger, 'info' | 'warn'>,
    numbers: TrackerNumbers = new TrackerNumbers(),
  ) {
    this.#engine = engine
    this.#runner = runner
    this.#accounts = new AccountBook(runner)
    this.#options = options
    this.#log = log
    this.#numbers = numbers
  }

  /**
   * Finds out what there is to track. Nothing changes yet. Never rejects.
   *
   * A script that has no account to run as is dropped from the instances that track it, as in keepalived. What is known of a script
   * stays known when its command and its account do.
   */
  async prepare({ vrrpScripts, vrrpInstances, vrrpSyncGroups, globalDefs }: Config): Promise<PreparedScripts> {
    const owners = [...vrrpInstances, ...vrrpSyncGroups]
    const tracked = new Set(owners.flatMap(({ trackScript }) => trackScript.map(({ name }) => name)))
    const wanted = vrrpScripts.filter(({ name }) => tracked.has(name))
    this.#accounts.configure(
      wanted.map(({ script }) => script.account),
      globalDefs,
    )
    const runners = await Promise.all(wanted.map(async ({ script }) => await this.#accounts.runnerOf(script.account, this.#stopped.signal)))
    const scripts = new Map<string, Tracked>()
    for (const [index, script] of wanted.entries()) {
      const runner = runners[index]
      if (runner === undefined) continue
      if ('problem' in runner) this.#drop(script, runner)
      else scripts.set(script.name, this.#trackedAs(script, runner.account))
    }
    return { scripts, configs: [...scripts.values()].map((one) => this.#configOf(one)), idOf: (_, name) => scripts.get(name)?.id }
  }

  /** The engine tracks what was prepared: from now on its scripts run, and only they. */
  commit({ scripts }: PreparedScripts): void {
    if (this.#stopped.signal.aborted) return
    for (const { state, script } of scripts.values()) {
      const isKept = this.#scripts.has(script.name)
      if (isKept && state.kept !== undefined) this.#log.info(state.kept)
    }
    this.#scripts = scripts
    this.#byId = new Map([...scripts.values()].map((tracked) => [tracked.id, tracked]))
    this.#runner.schedule([...scripts.values()].map(jobOf), (results) => {
      this.#take(results)
    })
  }

  /** What is known of a script that is tracked. */
  known(name: string): KnownScript | undefined {
    const tracked = this.#scripts.get(name)
    return tracked && { state: tracked.state.state, counter: tracked.state.counter, account: tracked.account }
  }

  /** Ends the scripts that run, and takes no more results. */
  stop(): void {
    this.#stopped.abort()
    this.#accounts.close()
    this.#scripts = new Map()
    this.#byId = new Map()
    this.#runner.schedule([], () => {})
  }

  #drop({ name, script }: VrrpScript, { problem, user }: { readonly problem: string; readonly user: string }): void {
    // keepalived's sentences where it has one.
    if (problem === 'its account does not exist') this.#log.warn(`Script user '${user}' does not exist`)
    this.#log.warn({ script: script.path, user }, `Disabling track script ${name}: ${problem}`)
  }

  /** A script of a new configuration, with what is known of it. */
  #trackedAs(script: VrrpScript, account: Account | undefined): Tracked {
    const former = this.#scripts.get(script.name)
    if (former === undefined) return { id: this.#numbers.take(), generation: 1, script, account, state: new ScriptState(script) }
    const isKnown = isDeepStrictEqual([former.script.script, former.account], [script.script, account])
    if (isKnown && isDeepStrictEqual(former.script, script)) return former
    const state = isKnown ? former.state.under(script) : new ScriptState(script)
    return { id: former.id, generation: former.generation + 1, script, account, state }
  }

  #configOf({ id, generation, script, state }: Tracked): TrackerConfig {
    const { name } = script
    const patience = this.#options.keepStaleResults === true ? {} : { staleAfterMs: this.#patienceOf(script) }
    return { id, generation, name, source: { type: 'reported', initial: state.state, ...patience } }
  }

  /** How long a script may be silent: a run that takes its time is no silence. */
  #patienceOf(script: VrrpScript): number {
    const { intervalUs } = script
    const us = Math.max(PATIENCE_INTERVALS * intervalUs, intervalUs + timeoutOf(script))
    return Math.ceil(Math.max(us / US_PER_MS, this.#options.heartbeatLimitMs ?? 0, LEAST_PATIENCE_MS))
  }

  #take(results: readonly ScheduledResult[]): void {
    const told: TrackerResult[] = []
    for (const { id, generation, result } of results) {
      const tracked = this.#byId.get(id)
      // Of a script that is gone, or of its former command.
      if (tracked?.generation !== generation) continue
      for (const line of tracked.state.take(result)) this.#log.info({ script: tracked.script.name }, line)
      // Also when nothing changed: it says that the script is still run.
      if (result.outcome !== 'aborted') told.push({ tracker: id, generation, state: tracked.state.state })
    }
    if (told.length > 0) this.#engine.setTrack(told)
  }
}

function jobOf({ id, generation, script, account }: Tracked): ScheduledScript {
  const { path, args } = script.script
  return { id, generation, program: { path, args }, account, intervalUs: script.intervalUs, timeoutUs: timeoutOf(script) }
}

function timeoutOf({ timeoutUs, intervalUs }: VrrpScript): number {
  return timeoutUs ?? intervalUs
}
