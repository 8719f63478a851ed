import type { EngineSnapshot, InstanceStatus } from '#native'
import type { Exit } from '../lab/child.ts'
import type { Host } from '../lab/host.ts'
import { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'
import type { DaemonOptions } from '../../src/index.ts'

type State = InstanceStatus['state']

/** So long nothing is told where nothing will be. */
const SILENCE_MS = 10_000

/** A daemon with one virtual router in a program of its own, which tells its state, its counters and what happened to it. */
export class Router {
  readonly #program: Program

  private constructor(program: Program) {
    this.#program = program
  }

  static async start(host: Host, conf: string, options: DaemonOptions = {}): Promise<Router> {
    const program = await Program.start(host)
    await program.run(async (realm, [conf, options]) => await realm.start(conf, options), [conf, options] as const)
    return new Router(program)
  }

  /** The whole report of the daemon. */
  async snapshot(): Promise<EngineSnapshot> {
    return this.#program.run(async ({ daemon }) => await daemon.status())
  }

  /** The part of the report about the virtual router. */
  async status(): Promise<InstanceStatus> {
    const [instance] = (await this.snapshot()).instances
    if (instance === undefined) throw new Error('the daemon has no instance')
    return instance
  }

  /** Every state since the start has been reported as done, in order. */
  async states(): Promise<State[]> {
    return this.#program.run(({ events }) => events.flatMap((event) => (event.type === 'stateChanged' ? [event.to] : [])))
  }

  async waitForState(state: State): Promise<void> {
    const seen = async (): Promise<State> => (await this.status()).state
    await waitFor(`the virtual router is ${state}`, async () => (await seen()) === state, { seen })
  }

  /**
   * Waits until the state that was told last is this one, which the kernel and the status show sooner; how many were told by then.
   * What it was before anybody listened is told to nobody: on a busy machine that may be all of it.
   */
  async waitUntilTold(state: State): Promise<number> {
    const silentUntil = performance.now() + SILENCE_MS
    return await waitFor(
      `${state} is told`,
      async () => {
        const states = await this.states()
        const isSilent = states.length === 0 && performance.now() > silentUntil && (await this.status()).state === state
        return (states.at(-1) === state || isSilent) && states.length
      },
      { seen: async () => await this.states() },
    )
  }

  /** Waits until the states told after the first `since` ones are these, no more and no fewer. */
  async waitForStates(since: number, ...states: readonly State[]): Promise<void> {
    const seen = async (): Promise<string> => (await this.states()).slice(since).join()
    await waitFor(`the states have been ${states.join()}`, async () => (await seen()) === states.join(), { seen })
  }

  /** Gives the daemon the text of another keepalived.conf; returns when it is applied. */
  async reload(conf: string): Promise<void> {
    await this.#program.run(async ({ daemon, load }, conf) => {
      await daemon.reload(load(conf))
    }, conf)
  }

  /** Stops the daemon and lets the program end. */
  async stop(): Promise<Exit> {
    await this.#program.run(async ({ daemon }) => await daemon.stop())
    return this.#program.end()
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    await this.#program.child.signal(signal)
  }
}
