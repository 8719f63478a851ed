import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Child, Exit } from './child.ts'
import type { Lab } from './lab.ts'

/** The real keepalived, or ours. */
export type Implementation = 'keepalived' | 'ka-native'

/** The command of a clone after `npm run build`. */
const KA_NATIVE_MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** What a daemon is started with, apart from its configuration. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Further command-line arguments. */
  readonly args?: readonly string[]
}

/** A VRRP daemon that runs on a host of a lab. What it holds is asked of the kernel (`lab.holders`), never of the daemon. */
export class Daemon {
  readonly implementation: Implementation
  readonly label: string
  readonly process: Child
  readonly #confFile: string

  constructor(implementation: Implementation, label: string, process: Child, confFile: string) {
    this.implementation = implementation
    this.label = label
    this.process = process
    this.#confFile = confFile
  }

  /** Stops it in order, as a service manager does. */
  async terminate(): Promise<Exit> {
    await this.process.signal('SIGTERM')
    return this.process.exited
  }

  /** Ends it as a crash of the whole program does: nothing of it can act any more. */
  async kill(): Promise<void> {
    // keepalived's child resigns when it sees its parent die: both must go at once.
    await (this.implementation === 'keepalived' ? this.process.signalGroup('SIGKILL') : this.process.signal('SIGKILL'))
    await this.process.exited
  }

  /** Gives it a new configuration. */
  async reload(conf: string): Promise<void> {
    await writeFile(this.#confFile, conf)
    await this.process.signal('SIGHUP')
  }
}

/** Starts a daemon of either kind with a configuration; returns as soon as its process is there. */
export async function startDaemon<Name extends string>(
  lab: Lab<Name>,
  host: Name,
  implementation: Implementation,
  conf: string,
  options: StartOptions = {},
): Promise<Daemon> {
  const directory = await lab.sandbox.makeDirectory(host)
  await writeFile(`${directory.outside}/keepalived.conf`, conf)
  const command = implementation === 'keepalived' ? keepalivedCommand(directory.inside) : kaNativeCommand(directory.inside)
  const child = await lab.host(host).spawn([...command, ...(options.args ?? [])], options.env === undefined ? {} : { env: options.env })
  const daemon = new Daemon(implementation, `${implementation} on ${host}`, child, `${directory.outside}/keepalived.conf`)
  lab.register(daemon)
  return daemon
}

/** The command that removes what a killed ka-native left on a host. */
export async function releaseKaNative<Name extends string>(lab: Lab<Name>, host: Name): Promise<void> {
  const directory = await lab.sandbox.makeDirectory(host)
  await lab.host(host).exec([process.execPath, KA_NATIVE_MAIN, 'release', '--runtime-dir', directory.inside])
}

function keepalivedCommand(directory: string): string[] {
  const pidFiles = ['-p', `${directory}/keepalived.pid`, '-r', `${directory}/vrrp.pid`, '-c', `${directory}/checkers.pid`]
  return [
    'keepalived',
    '--dont-fork',
    '--vrrp',
    '--log-console',
    '--log-detail',
    '--no-syslog',
    '-f',
    `${directory}/keepalived.conf`,
    ...pidFiles,
  ]
}

function kaNativeCommand(directory: string): string[] {
  return [process.execPath, KA_NATIVE_MAIN, 'start', '-f', `${directory}/keepalived.conf`, '--runtime-dir', directory]
}
