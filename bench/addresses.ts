import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runIn, spawnIn, type RouterName } from '../src/cli/demo/network.ts'

/** An address that came or went, at a time of {@link Date.now} with fractions. */
export interface AddressEvent {
  readonly atMs: number
  readonly address: string
  readonly isPresent: boolean
}

const LINE = /^\[(?<second>[\d:T-]+)\.(?<fraction>\d+)\] (?<deleted>Deleted )?\d+: \S+ +inet (?<address>[\d.]+)\/32 /u
const CHUNK_BYTES = 1 << 20

/**
 * The virtual addresses of a router as the kernel reports them, from outside the program that sets them: the ones with a
 * prefix of 32 bits.
 */
export class AddressWatch {
  readonly router: RouterName
  readonly #monitor: ChildProcess
  readonly #file: number
  readonly #events: AddressEvent[] = []
  readonly #present = new Set<string>()
  /** The part of the record that was read, and its last line as far as it was written. */
  #offset = 0
  #rest = ''

  private constructor(router: RouterName, monitor: ChildProcess, file: number) {
    this.router = router
    this.#monitor = monitor
    this.#file = file
  }

  /** Starts to watch; the record is kept below `directory`, which is to be in memory. */
  static async start(router: RouterName, directory: string): Promise<AddressWatch> {
    // In real time, as the time of an event is when the monitor reads it, and into a file: a pipe that this process is
    // late to empty would hold the monitor up until the kernel drops events.
    const file = openSync(join(directory, `${router}.addresses`), 'w+')
    const command = ['chrt', '-f', '20', 'ip', '-o', '-4', '-ts', 'monitor', 'address']
    const monitor = spawnIn(router, command, ['ignore', file, 'inherit'])
    await once(monitor, 'spawn')
    await sleep(200) // it says nothing when it is ready
    return new AddressWatch(router, monitor, file)
  }

  /** All that happened so far, in order. */
  get events(): readonly AddressEvent[] {
    this.#read()
    return this.#events
  }

  /** The addresses that are there after all events so far. */
  get present(): ReadonlySet<string> {
    this.#read()
    return this.#present
  }

  /** How many virtual addresses the kernel has now, asked afresh. */
  async count(): Promise<number> {
    const lines = await runIn(this.router, 'ip', ['-o', '-4', 'address', 'show'])
    return lines.split('\n').filter((line) => line.includes('/32 ')).length
  }

  /** Stops watching. */
  stop(): void {
    this.#monitor.kill('SIGKILL')
    closeSync(this.#file)
  }

  #read(): void {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (;;) {
      const bytes = readSync(this.#file, chunk, 0, CHUNK_BYTES, this.#offset)
      if (bytes === 0) break
      this.#offset += bytes
      const lines = (this.#rest + chunk.toString('latin1', 0, bytes)).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.#see(line)
    }
  }

  #see(line: string): void {
    const groups = LINE.exec(line)?.groups
    if (groups === undefined) return
    const { second = '', fraction = '', address = '', deleted } = groups
    const atMs = Date.parse(second) + Number(`0.${fraction}`) * 1000
    const isPresent = deleted === undefined
    this.#events.push({ atMs, address, isPresent })
    if (isPresent) this.#present.add(address)
    else this.#present.delete(address)
  }
}
