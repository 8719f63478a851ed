import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnIn, type RouterName, VIRTUAL_ADDRESS } from './network.ts'

/** A program that runs a virtual router from a keepalived.conf, in the foreground. */
export interface Subject {
  readonly name: string
  /** Its command line. It may write below `directory`, which is its own. */
  command(configFile: string, directory: string): readonly string[]
}

/** The router's priority: the first one is the Master whenever it can. */
const PRIORITIES: Readonly<Record<RouterName, number>> = { 'router-a': 200, 'router-b': 100 }

const STOP_DEADLINE_MS = 5_000
const LOG_TAIL = 20

/** The configuration of a router: what an operator would write, at the shortest interval that VRRPv3 knows. */
export function configuration(name: RouterName): string {
  return `# keepalived.conf of ${name}
vrrp_instance service {
    version 3
    interface eth0
    virtual_router_id 51
    priority ${PRIORITIES[name]}
    advert_int 0.01
    virtual_ipaddress {
        ${VIRTUAL_ADDRESS}/24
    }
}
`
}

/** One router: a subject that runs in the router's network namespace. */
export class Router {
  readonly name: RouterName
  readonly #process: ChildProcess
  readonly #log: string[] = []

  private constructor(name: RouterName, process: ChildProcess) {
    this.name = name
    this.#process = process
    for (const stream of [process.stdout, process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log.push(...text.split('\n').filter((line) => line !== ''))
        this.#log.splice(0, Math.max(0, this.#log.length - LOG_TAIL))
      })
    }
    process.on('error', (error) => this.#log.push(error.message))
  }

  /** Writes the router's configuration below `directory` and starts the subject with it. */
  static start(name: RouterName, subject: Subject, directory: string, text: string = configuration(name)): Router {
    const own = join(directory, name)
    mkdirSync(own, { recursive: true })
    const configFile = join(own, 'keepalived.conf')
    writeFileSync(configFile, text, { mode: 0o644 })
    return new Router(name, spawnIn(name, subject.command(configFile, own), ['ignore', 'pipe', 'pipe']))
  }

  /** The process of the subject itself. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Whether the subject has ended. */
  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null || this.#process.pid === undefined
  }

  /** The last lines that the subject wrote. */
  get log(): readonly string[] {
    return this.#log
  }

  /** Sends a signal and returns at once. */
  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Asks the subject to stop and waits until it has; one that does not is killed. */
  async stop(): Promise<void> {
    this.signal('SIGTERM')
    const deadline = Date.now() + STOP_DEADLINE_MS
    while (!this.hasEnded && Date.now() < deadline) await sleep(5)
    if (!this.hasEnded) this.signal('SIGKILL')
    while (!this.hasEnded) await sleep(5)
  }
}
