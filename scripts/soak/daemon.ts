import { once } from 'node:events'
import { chmod, copyFile, mkdir, readdir, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Child } from '../../__test__/lab/child.ts'
import type { Lab } from '../../__test__/lab/lab.ts'
import { daemonConf, SCRIPTS } from './configuration.ts'
import { LogTally } from './log-tally.ts'

/** The hosts of the soak: the daemon's, and that of its peer. */
export type SoakLab = Lab<'a' | 'b'>

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const PROBE = new URL('probe.mjs', import.meta.url)
const SINKS = fileURLToPath(new URL('sinks.ts', import.meta.url))
const LOADER = import.meta.resolve('@oxc-node/core/register')
/** Nobody listens there. */
const DEAD_RECEIVER = 'http://127.0.0.1:9/'
/** A child that has ended is collected within this, or never. */
const COLLECT_MS = 500

/** What is looked at, each a number at one moment. */
export interface Sample {
  /** The JavaScript heap after a collection, in bytes. */
  readonly heap: number
  /** Of it what V8 has compiled of functions, without some of what it keeps for that. */
  readonly code: number
  /** What objects hold outside of the heap, in bytes. */
  readonly external: number
  /** VmRSS, in bytes. */
  readonly resident: number
  readonly descriptors: number
  readonly threads: number
  /** Processes that the daemon has started and that have not ended. */
  readonly children: number
  /** Ended ones that it does not collect. */
  readonly zombies: number
  /** In the directories that it writes to: for dumps, records and locks. The log is not there. */
  readonly files: number
  readonly fileBytes: number
}

/** What the probe tells, in bytes. */
interface Collected {
  readonly heapUsed: number
  readonly external: number
  readonly code: number
}

/** The daemon under soak, on host `a`, with all that it talks to. */
export class SoakedDaemon {
  readonly lab: SoakLab
  readonly process: Child
  readonly sinks: Child
  readonly log: LogTally = new LogTally()
  readonly #directory: { readonly inside: string; readonly outside: string }
  /** /proc of the lab, as seen from here. */
  readonly #proc: string

  private constructor(lab: SoakLab, process: Child, sinks: Child, directory: { readonly inside: string; readonly outside: string }) {
    this.lab = lab
    this.process = process
    this.sinks = sinks
    this.#directory = directory
    this.#proc = lab.sandbox.scratch.outside.replace(lab.sandbox.scratch.inside, '/proc')
  }

  /** @param isInterpreted whether V8 leaves functions as they are, however often they are called */
  static async start(lab: SoakLab, isInterpreted: boolean): Promise<SoakedDaemon> {
    const directory = await lab.sandbox.makeDirectory('soak')
    const { inside, outside } = directory
    for (const name of ['scripts', 'tally', 'run', 'tmp', 'log']) await mkdir(`${outside}/${name}`)
    for (const [name, body] of Object.entries(SCRIPTS)) {
      await writeFile(`${outside}/scripts/${name}`, `#!/bin/sh\n${body.replaceAll('DIR', inside)}\n`)
      await chmod(`${outside}/scripts/${name}`, 0o755)
    }
    await writeFile(`${outside}/keepalived.conf`, daemonConf(inside, 0))
    const host = lab.host('a')
    const sinks = await host.spawn([process.execPath, `--import=${LOADER}`, SINKS, `${inside}/all.fifo`])
    const [, port = ''] = await sinks.waitForLine(/^port (\d+)$/)
    const compilers = isInterpreted ? ['--no-opt', '--no-sparkplug'] : []
    const command = [process.execPath, '--expose-gc', ...compilers, `--import=${PROBE.href}?socket=${inside}/probe`, MAIN, 'start']
    const files = ['-f', `${inside}/keepalived.conf`, '--runtime-dir', `${inside}/run`, '--pid', `${inside}/run/soak.pid`]
    const log = ['--log-format', 'json', '--log-file', `${inside}/log/soak.log`]
    const receivers = ['--webhook', `http://127.0.0.1:${port}/`, '--webhook', DEAD_RECEIVER]
    const child = await host.spawn([...command, ...files, ...log, ...receivers], { env: { TMPDIR: `${inside}/tmp` } })
    return new SoakedDaemon(lab, child, sinks, directory)
  }

  /** Sends a signal by its number. */
  async signal(number: number): Promise<void> {
    await this.lab.sandbox.exec(['kill', `-${number}`, String(this.process.pid)])
  }

  /** Writes another configuration, which is read at the next reload. */
  async configure(variant: 0 | 1): Promise<void> {
    await writeFile(`${this.#directory.outside}/keepalived.conf`, daemonConf(this.#directory.inside, variant))
  }

  /** Makes a script fail, or succeed again. */
  async flag(name: 'flag-weight' | 'flag-fault', isSet: boolean): Promise<void> {
    const file = `${this.#directory.outside}/${name}`
    await (isSet ? writeFile(file, '') : rm(file, { force: true }))
  }

  /** Takes a script away, or puts it back. */
  async takeAway(isAway: boolean): Promise<void> {
    const file = `${this.#directory.outside}/scripts/vanishes`
    await (isAway ? rename(file, `${file}.away`) : rename(`${file}.away`, file))
  }

  /** Moves the log away, as logrotate(8) does; what the file before it said is counted, and the file removed. */
  async rotateLog(): Promise<void> {
    const file = `${this.#directory.outside}/log/soak.log`
    await this.#countLog(`${file}.1`)
    await rename(file, `${file}.1`)
  }

  /** Counts what is left of the log. */
  async finishLog(): Promise<void> {
    for (const name of ['soak.log.1', 'soak.log']) await this.#countLog(`${this.#directory.outside}/log/${name}`)
  }

  async #countLog(file: string): Promise<void> {
    const text = await readFile(file, 'utf8').catch(() => '') // there is none before the first rotation
    this.log.add(text)
    await rm(file, { force: true })
  }

  /** How often each script has run. */
  async runs(): Promise<Readonly<Record<string, number>>> {
    const directory = `${this.#directory.outside}/tally`
    const sizes = (await readdir(directory)).map(async (name): Promise<[string, number]> => [
      name,
      (await stat(`${directory}/${name}`)).size,
    ])
    return Object.fromEntries(await Promise.all(sizes))
  }

  /** What the sinks have got. */
  received(): Readonly<Record<string, number>> {
    const last = this.sinks.lines('stdout').findLast((line) => line.startsWith('{'))
    return JSON.parse(last ?? '{}') as Record<string, number>
  }

  /** Looks at the daemon, after a collection of its garbage. */
  async sample(): Promise<Sample> {
    const { heapUsed, external, code } = await this.#collect()
    const status = await readFile(`${this.#proc}/${this.process.pid}/status`, 'utf8')
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
    const descriptors = (await readdir(`${this.#proc}/${this.process.pid}/fd`)).length
    const children = await this.#children()
    const ended = children.filter(({ hasEnded }) => hasEnded)
    if (ended.length > 0) await sleep(COLLECT_MS)
    const stillThere = ended.length === 0 ? [] : await this.#children()
    const zombies = stillThere.filter(({ pid, hasEnded }) => hasEnded && ended.some((one) => one.pid === pid))
    const files = [...(await this.#files('run')), ...(await this.#files('tmp'))]
    return {
      heap: heapUsed,
      code,
      external,
      resident: field('VmRSS') * 1024,
      descriptors,
      threads: field('Threads'),
      children: children.length - ended.length,
      zombies: zombies.length,
      files: files.length,
      fileBytes: files.reduce((total, octets) => total + octets, 0),
    }
  }

  /** What the daemon's descriptors are, and how many of each kind. */
  async descriptorKinds(): Promise<ReadonlyMap<string, number>> {
    const directory = `${this.#proc}/${this.process.pid}/fd`
    const kinds = new Map<string, number>()
    for (const fd of await readdir(directory)) {
      const kind = (await readlink(`${directory}/${fd}`).catch(() => 'gone')).replace(/\[\d+\]$/, '')
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    }
    return kinds
  }

  /** Writes a snapshot of the heap into a directory. */
  async snapshot(name: string, directory: string): Promise<void> {
    await this.#collect(`${this.#directory.inside}/${name}`)
    const file = `${this.#directory.outside}/${name}`
    await copyFile(file, `${directory}/${name}`)
    await rm(file)
  }

  async #collect(snapshot = ''): Promise<Collected> {
    const socket = connect(`${this.#directory.outside}/probe`)
    await once(socket, 'connect')
    socket.write(`${snapshot}\n`)
    return JSON.parse(await text(socket)) as Collected
  }

  async #children(): Promise<{ readonly pid: number; readonly hasEnded: boolean }[]> {
    const found: { pid: number; hasEnded: boolean }[] = []
    for (const entry of await readdir(this.#proc)) {
      if (!/^\d+$/.test(entry)) continue
      const line = await readFile(`${this.#proc}/${entry}/stat`, 'latin1').catch(() => '') // it has ended
      const [state, parent] = line.slice(line.lastIndexOf(')') + 2).split(' ')
      if (Number(parent) === this.process.pid) found.push({ pid: Number(entry), hasEnded: state === 'Z' })
    }
    return found
  }

  async #files(name: string): Promise<number[]> {
    const directory = `${this.#directory.outside}/${name}`
    const sizes = (await readdir(directory)).map(async (file) => (await stat(`${directory}/${file}`).catch(() => undefined))?.size)
    return (await Promise.all(sizes)).filter((size) => size !== undefined)
  }
}
