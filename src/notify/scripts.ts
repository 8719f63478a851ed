import type { Logger } from 'pino'
import type { Config, VrrpInstance, VrrpSyncGroup } from '../config/model.ts'
import type { ScriptCommand } from '../config/tables/values.ts'
import { AccountBook } from '../process/account-book.ts'
import type { ScriptDefaults } from '../process/account-book.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import type { Change, NotifyTarget, ToldServerChange, ToldState } from './change.ts'
import { END_SCRIPTS_MS, Launcher } from './launcher.ts'
import { Lanes } from './lanes.ts'
import { scriptsOfServers, ServerScripts } from './server-scripts.ts'
import { laneOf } from './told.ts'
import { within } from '../time-limit.ts'

/** Scripts that run at once, when many instances change together: what else runs programs keeps some of the 256 places. */
const MAX_RUNNING = 200

/** The own script of STOP gets so long before the general one runs beside it: both have a second, and both are to be told. */
const HEAD_START_MS = 500

/** The scripts of an instance or a group. */
export type NotifyScripts = Pick<VrrpSyncGroup, 'notify' | 'notifyMaster' | 'notifyBackup' | 'notifyFault' | 'notifyStop'> &
  Partial<Pick<VrrpInstance, 'notifyDeleted' | 'notifyMasterRxLowerPri'>>

/** What scripts need of a configuration. */
export type ScriptConfig = Pick<Config, 'vrrpInstances' | 'vrrpSyncGroups' | 'virtualServers'> & { readonly globalDefs: ScriptDefaults }

/**
 * Tells notify scripts: those of one instance or group one after the other, in the order of its states, for each state its own before
 * the general one; those of different ones side by side. Those of servers are told by {@link ServerScripts}.
 */
export class ScriptTarget implements NotifyTarget {
  readonly #accounts: AccountBook
  readonly #launcher: Launcher
  readonly #lanes: Lanes
  readonly #servers: ServerScripts
  readonly #scripts = new Map<string, NotifyScripts>()
  /** Gone from the configuration: forgotten once everything is told. */
  readonly #retired = new Set<string>()

  constructor(runner: Pick<ScriptRunner, 'run'>, log: Logger) {
    this.#accounts = new AccountBook(runner)
    this.#launcher = new Launcher(runner, this.#accounts, log)
    this.#servers = new ServerScripts(this.#launcher, log)
    const rules = {
      who: 'notify scripts',
      tell: async (change: Change, abort: AbortSignal): Promise<void> => {
        await this.#run(change, abort)
      },
      onDrained: (lane: string): void => {
        if (this.#retired.delete(lane)) this.#scripts.delete(lane)
      },
      concurrency: MAX_RUNNING,
      endMs: END_SCRIPTS_MS,
    }
    this.#lanes = new Lanes(rules, log)
  }

  /** Takes the scripts of a new configuration; states that wait are told with the new scripts. */
  configure(config: ScriptConfig): void {
    const configured = allScripts(config)
    const scripts = [...configured.flatMap(([, own]) => scriptsOf(own)), ...scriptsOfServers(config.virtualServers)]
    this.#accounts.configure(
      scripts.map(({ account }) => account),
      config.globalDefs,
    )
    for (const [lane, own] of configured) {
      this.#retired.delete(lane)
      if (scriptsOf(own).length > 0 || this.#scripts.has(lane)) this.#scripts.set(lane, own)
    }
  }

  /** Forgets whom `config` does not name, once everything is told: one that comes back in the meantime waits for that. */
  retain(config: ScriptConfig): void {
    const configured = new Map(allScripts(config))
    for (const lane of this.#scripts.keys()) {
      if (configured.has(lane)) continue
      if (this.#lanes.isBusy(lane)) this.#retired.add(lane)
      else this.#scripts.delete(lane)
    }
  }

  tell(change: Change): void {
    const scripts = this.#scripts.get(laneOf(change))
    if (scripts !== undefined && commands(scripts, change).length > 0) this.#lanes.push(change)
  }

  tellServer(change: ToldServerChange): void {
    this.#servers.tell(change)
  }

  async finish(limitMs: number): Promise<void> {
    await Promise.all([this.#lanes.finish(limitMs), this.#servers.finish(limitMs)])
    this.#accounts.close()
  }

  async #run(change: Change, abort: AbortSignal): Promise<void> {
    const scripts = this.#scripts.get(laneOf(change))
    if (scripts === undefined) return
    const running: Promise<void>[] = []
    for (const { command, args } of commands(scripts, change)) {
      if (abort.aborted) break
      const one = this.#launcher.run(change, command, [...command.args, ...args], abort)
      running.push(one)
      await (change.state === 'STOP' ? within(HEAD_START_MS, one) : one)
    }
    await Promise.all(running)
  }
}

/** All that may have scripts. */
function allScripts({ vrrpInstances, vrrpSyncGroups }: ScriptConfig): [string, NotifyScripts][] {
  const instances = vrrpInstances.map((scripts): [string, NotifyScripts] => [laneOf({ kind: 'INSTANCE', name: scripts.name }), scripts])
  const groups = vrrpSyncGroups.map((scripts): [string, NotifyScripts] => [laneOf({ kind: 'GROUP', name: scripts.name }), scripts])
  return [...instances, ...groups]
}

function scriptsOf(scripts: NotifyScripts): ScriptCommand[] {
  const { notify, notifyMaster, notifyBackup, notifyFault, notifyStop, notifyDeleted, notifyMasterRxLowerPri } = scripts
  const all = [notify, notifyMaster, notifyBackup, notifyFault, notifyStop, notifyDeleted, notifyMasterRxLowerPri]
  return all.filter((script) => typeof script === 'object')
}

/** The script of one state, if it has one. */
function ownScript(scripts: NotifyScripts, state: ToldState): ScriptCommand | true | undefined {
  switch (state) {
    case 'MASTER':
      return scripts.notifyMaster
    case 'BACKUP':
      return scripts.notifyBackup
    case 'FAULT':
      return scripts.notifyFault
    case 'STOP':
      return scripts.notifyStop
    case 'DELETED':
      return scripts.notifyDeleted
    case 'MASTER_RX_LOWER_PRI':
      return scripts.notifyMasterRxLowerPri
    case 'MASTER_PRIORITY':
    case 'BACKUP_PRIORITY':
      return undefined
  }
}

/** States that the general script is not told. */
const OWN_ONLY: ReadonlySet<ToldState> = new Set<ToldState>(['MASTER_RX_LOWER_PRI', 'MASTER_PRIORITY', 'BACKUP_PRIORITY'])

/** What to run for a change, in order: the state's own script, then the general one with its four arguments. */
function commands(
  scripts: NotifyScripts,
  { kind, name, state, priority }: Change,
): { readonly command: ScriptCommand; readonly args: readonly string[] }[] {
  const own = ownScript(scripts, state)
  const list = typeof own === 'object' ? [{ command: own, args: [] }] : []
  if (scripts.notify === undefined || OWN_ONLY.has(state)) return list
  return [...list, { command: scripts.notify, args: [kind, name, state, String(priority)] }]
}
