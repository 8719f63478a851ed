/** Everything that instances and sync groups track. */
import type { Engine } from '#native'
import type { Logger } from 'pino'
import type { Config } from '../config/model.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import { EngineTrackers } from './engine-trackers.ts'
import type { PreparedSources } from './engine-trackers.ts'
import { ScriptTrackers } from './script-trackers.ts'
import type { KnownScript, PreparedScripts, ResultOptions } from './script-trackers.ts'
import { TrackerNumbers } from './trackers.ts'
import type { Trackers } from './trackers.ts'

/** What a configuration tracks, ready to be told to the engine. */
export interface Prepared extends Trackers {
  readonly scripts: PreparedScripts
  readonly sources: PreparedSources
}

/** The trackers of a daemon: scripts, which are run and judged here, and what the engine looks at itself. */
export class Tracking {
  readonly #scripts: ScriptTrackers
  readonly #sources: EngineTrackers

  constructor(
    engine: Pick<Engine, 'setTrack'>,
    runner: Pick<ScriptRunner, 'run' | 'schedule'>,
    options: ResultOptions,
    log: Pick<Logger, 'info' | 'warn'>,
  ) {
    const numbers = new TrackerNumbers()
    this.#scripts = new ScriptTrackers(engine, runner, options, log, numbers)
    this.#sources = new EngineTrackers(numbers)
  }

  /** Finds out what there is to track. Nothing changes yet. Never rejects. */
  async prepare(config: Config): Promise<Prepared> {
    const scripts = await this.#scripts.prepare(config)
    const sources = this.#sources.prepare(config)
    const idOf: Trackers['idOf'] = (kind, name) => (kind === 'script' ? scripts : sources).idOf(kind, name)
    return { scripts, sources, configs: [...scripts.configs, ...sources.configs], idOf }
  }

  /** The engine tracks what was prepared. */
  commit({ scripts, sources }: Prepared): void {
    this.#sources.commit(sources)
    this.#scripts.commit(scripts)
  }

  /** What is known of a script that is tracked. */
  known(name: string): KnownScript | undefined {
    return this.#scripts.known(name)
  }

  /** Ends the scripts that run, and takes no more results. */
  stop(): void {
    this.#scripts.stop()
  }
}
