import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { waitFor } from '../../lab/wait-for.ts'
import type { Namespace } from './network.ts'

/** The real keepalived, or ours. */
export type Implementation = 'keepalived' | 'ka-native'

/** The command of a clone after `npm run build`, from its root, where guests begin. */
const KA_NATIVE_MAIN = 'dist/cli/main.js'

/** What both say when a new configuration is in effect. */
const RELOADED = 'Reload complete'

/** A limit for what is broken. */
const DEADLINE_MS = 120_000

/** The lines of a log that a failed test shows. */
const TAIL = 60

/** A daemon that runs in a network namespace of the guest, from a keepalived.conf. */
export class Subject {
  readonly implementation: Implementation
  /** Where its configuration is, and all that it writes. */
  readonly directory: string
  /** What it logged. */
  readonly log: string[] = []
  readonly #process: ChildProcess
  readonly #exited: Promise<number | null>
  #hasEnded = false

  private constructor(implementation: Implementation, directory: string, process: ChildProcess) {
    this.implementation = implementation
    this.directory = directory
    this.#process = process
    for (const stream of [process.stdout, process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.log.push(line))
    }
    this.#exited = new Promise((resolve) => {
      process.once('exit', (code) => {
        this.#hasEnded = true
        resolve(code)
      })
    })
  }

  /**
   * Starts one; returns as soon as its process is there.
   *
   * @param more arguments for ours: what keepalived logs in any case, ours may log only when it is told to.
   */
  static start(
    implementation: Implementation,
    namespace: Namespace,
    directory: string,
    conf: string,
    more: readonly string[] = [],
  ): Subject {
    mkdirSync(directory, { recursive: true })
    writeFileSync(`${directory}/keepalived.conf`, conf)
    const command = implementation === 'keepalived' ? keepalivedCommand(directory) : [...kaNativeCommand(directory), ...more]
    // `ip netns exec` becomes the command, which leads a process group of its own.
    const child = spawn('ip', ['netns', 'exec', namespace.name, ...command], { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    return new Subject(implementation, directory, child)
  }

  get pid(): number {
    return this.#process.pid ?? Number.NaN
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Waits until it says that it has started. */
  async started(): Promise<void> {
    await this.#says('Startup complete', 1)
  }

  /** Gives it a new configuration, or the same once more, and waits until it says that it has taken it: a stop, and the next one, come after. */
  async reload(conf?: string): Promise<void> {
    const before = this.#count(RELOADED)
    if (conf !== undefined) writeFileSync(`${this.directory}/keepalived.conf`, conf)
    this.#process.kill('SIGHUP')
    await this.#says(RELOADED, before + 1)
  }

  /** Stops it in order, as a service manager does; its exit code. */
  async stop(): Promise<number | null> {
    this.#process.kill('SIGTERM')
    await waitFor(`${this.implementation} has ended`, () => this.#hasEnded, { deadlineMs: DEADLINE_MS, seen: () => this.tail() })
    return this.#exited
  }

  /** Ends all its processes at once, as a host that loses its power does. */
  async kill(): Promise<void> {
    if (!this.#hasEnded) process.kill(-this.pid, 'SIGKILL')
    await this.#exited
  }

  async #says(words: string, times: number): Promise<void> {
    const what = `${this.implementation} says '${words}'${times > 1 ? ` ${times} times` : ''}`
    await waitFor(what, () => this.#count(words) >= times, { deadlineMs: DEADLINE_MS, seen: () => this.tail() })
  }

  #count(words: string): number {
    return this.log.filter((line) => line.includes(words)).length
  }

  /** The last lines of its log. */
  tail(): string {
    return [`--- ${this.implementation}`, ...this.log.slice(-TAIL)].join('\n')
  }
}

function keepalivedCommand(directory: string): string[] {
  const pidFiles = ['-p', `${directory}/keepalived.pid`, '-r', `${directory}/vrrp.pid`, '-c', `${directory}/checkers.pid`]
  return ['keepalived', '--dont-fork', '--log-console', '--log-detail', '--no-syslog', '-f', `${directory}/keepalived.conf`, ...pidFiles]
}

function kaNativeCommand(directory: string): string[] {
  return [process.execPath, KA_NATIVE_MAIN, 'start', '-f', `${directory}/keepalived.conf`, '--runtime-dir', directory]
}
