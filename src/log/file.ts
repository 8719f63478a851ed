import { close, constants, fdatasync, fstat, open, stat, write } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { callbackify, promisify } from 'node:util'
import type { Sink } from './destination.ts'

/** How often it is looked whether the file is still the one of its name. */
const LOOK_MS = 1_000

/** Neither a pipe without reader nor a terminal keeps a thread of Node's. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOCTTY | constants.O_NONBLOCK

/**
 * A file that lines are added to. One that was moved away or removed, as logrotate(8) does, is made anew within a second.
 *
 * It is opened when there is something to write, so that a directory that is not there yet, or a full disk, costs lines and no more.
 */
export class LogFile {
  #path: string
  readonly #isSynchronous: boolean
  #fd: number | undefined
  #lookedAtMs = Number.NEGATIVE_INFINITY

  /** @param isSynchronous whether each write is on the disk before the next one */
  constructor(path: string, isSynchronous: boolean) {
    this.#path = path
    this.#isSynchronous = isSynchronous
  }

  /** Goes on in another file. */
  moveTo(path: string): void {
    this.#path = path
    this.#lookedAtMs = Number.NEGATIVE_INFINITY
  }

  /** Writes octets to the end of the file. One call at a time. */
  readonly sink: Sink = (octets, done) => {
    const written = { bytes: 0 }
    const write = callbackify(async () => {
      await this.#write(octets, written)
    })
    write((error) => {
      done(error, written.bytes)
    })
  }

  async #write(octets: Uint8Array, written: { bytes: number }): Promise<void> {
    const fd = await this.#opened()
    const { bytesWritten } = await promisify(write)(fd, octets, 0, octets.length, null)
    written.bytes = bytesWritten
    if (this.#isSynchronous) await promisify(fdatasync)(fd)
  }

  async #opened(): Promise<number> {
    const now = performance.now()
    const former = this.#fd
    if (former !== undefined && now - this.#lookedAtMs < LOOK_MS) return former
    this.#lookedAtMs = now
    if (former !== undefined && (await isAt(former, this.#path))) return former
    const fd = await promisify(open)(this.#path, FLAGS)
    this.#fd = fd
    if (former !== undefined) await promisify(close)(former)
    return fd
  }
}

async function isAt(fd: number, path: string): Promise<boolean> {
  try {
    const [ours, there] = await Promise.all([promisify(fstat)(fd), promisify(stat)(path)])
    return ours.ino === there.ino && ours.dev === there.dev
  } catch {
    return false
  }
}
