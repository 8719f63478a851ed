import { fileURLToPath } from 'node:url'
import type { Child, Exit } from './child.ts'
import type { Host } from './host.ts'
import type { Realm } from './realm.ts'
import { waitFor } from './wait-for.ts'

const REALM = fileURLToPath(new URL('realm.ts', import.meta.url))
const LOADER = fileURLToPath(import.meta.resolve('@oxc-node/core/register'))

/** An error that a function threw in a {@link Program}. */
export class ProgramError extends Error {
  /** Its `code`, where it has one. */
  readonly code: string | undefined

  constructor({ name, message, code }: { name?: string; message: string; code?: string }) {
    super(message)
    this.name = name ?? 'Error'
    this.code = code
  }
}

/** How a {@link Program} starts. */
export interface ProgramOptions {
  /** A command that runs Node, such as setpriv(1) with its options. */
  readonly prefix?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/**
 * A Node process on a host of a lab, in which tests run functions.
 *
 * Functions are sent as text: they see their two arguments, what `await import()`-free JavaScript has, and nothing of the test's scope.
 */
export class Program {
  readonly child: Child
  #requests = 0

  private constructor(child: Child) {
    this.child = child
  }

  static async start(host: Host, { prefix = [], env }: ProgramOptions = {}): Promise<Program> {
    // A test that aborts the process wants no core file.
    const command = ['prlimit', '--core=0', ...prefix, process.execPath, `--import=file://${LOADER}`, REALM]
    const child = await host.spawn(command, env === undefined ? {} : { env })
    await child.waitForLine(/^ready$/)
    return new Program(child)
  }

  /** Runs a function there; what it returns, through JSON, or a {@link ProgramError} with what it throws. */
  async run<Result>(body: (realm: Realm) => Result | Promise<Result>): Promise<Result>
  async run<Argument, Result>(body: (realm: Realm, argument: Argument) => Result | Promise<Result>, argument: Argument): Promise<Result>
  async run<Argument, Result>(body: (realm: Realm, argument?: Argument) => Result | Promise<Result>, argument?: Argument): Promise<Result> {
    const id = this.#send(body, argument)
    const [, json = ''] = await this.child.waitForLine(new RegExp(`^reply ${id} (.*)$`))
    const { value, error } = JSON.parse(json) as { value: Result; error?: { message: string } }
    if (error !== undefined) throw new ProgramError(error)
    return value
  }

  /** Starts a function there and does not wait for it: it may end the program or never return. */
  begin(body: (realm: Realm) => unknown): void
  begin<Argument>(body: (realm: Realm, argument: Argument) => unknown, argument: Argument): void
  begin<Argument>(body: (realm: Realm, argument?: Argument) => unknown, argument?: Argument): void {
    this.#send(body, argument)
  }

  /** Waits until it has these threads of ours, and no others: one that has told its end takes a moment to be gone. */
  async waitForThreads(...names: readonly string[]): Promise<void> {
    const wanted = names.toSorted().join()
    const seen = async (): Promise<string> => (await this.run(({ threads }) => threads())).toSorted().join()
    await waitFor(`its threads are [${wanted}]`, async () => (await seen()) === wanted, { seen })
  }

  /** Lets the program end by itself, once nothing keeps it alive. */
  async end(): Promise<Exit> {
    this.child.stdin.end()
    return this.child.exited
  }

  #send(body: (realm: Realm, argument?: never) => unknown, argument: unknown): number {
    this.#requests += 1
    this.child.stdin.write(`${JSON.stringify({ id: this.#requests, source: body.toString(), argument })}\n`)
    return this.#requests
  }
}
