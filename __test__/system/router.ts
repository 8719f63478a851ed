import type { EngineSnapshot, InstanceStatus } from '#native'
import type { Exit } from '../lab/child.ts'
import type { Host } from '../lab/host.ts'
import { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'
import type { DaemonOptions } from '../../src/index.ts'

type State = InstanceStatus['state']

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
