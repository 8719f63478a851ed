import { constants, fstatSync, openSync, write } from 'node:fs'
import { isatty } from 'node:tty'
import { Waiters } from '../time-limit.ts'

/** Characters kept while nothing can be written; what exceeds them is lost. */
const MAX_WAITING = 16 * 1024 * 1024

/** Characters given to the kernel at once. */
const CHUNK = 64 * 1024

/** Between two attempts while a terminal is stopped (Ctrl-S). */
const AGAIN_MS = 50

/** Between two attempts after an error: a full disk stays full for a while. */
const RETRY_MS = 1_000

/** Writes octets without holding up JavaScript, then calls back once. What was written before an error counts as written. */
export type Sink = (octets: Uint8Array, done: (error: NodeJS.ErrnoException | null | undefined, written: number) => void) => void

/** A line to write, or in its place the number of lines that were lost there. */
type Entry = string | { count: number; readonly reason: string }

/** What is being written: its octets that are still to go, and where each entry ends in them. */
interface Chunk {
  readonly octets: Uint8Array
  readonly entries: readonly { readonly entry: Entry; readonly end: number }[]
  /** Octets that are written. */
  done: number
}

/**
 * Where the lines of a log go: a file, a pipe, a socket or a terminal.
 *
 * A log must not cost an address. Nothing here blocks or throws, whatever becomes of the disk or of the reader. Lines are written in
 * order, one chunk at a time; those that cannot be kept or written are lost. Their number is said where they are missing, as soon as
 * something can be written again.
 */
export class LogDestination {
  readonly #sink: Sink
  readonly #describeLoss: (count: number, reason: string) => string
  readonly #waiting: Entry[] = []
  #waitingLength = 0
  #current: Chunk | undefined
  #timer: NodeJS.Timeout | undefined
  /** The last line that was written is incomplete. */
  #isTorn = false
  /** Who waits for the end of everything, or for an error. */
  readonly #waiters = new Waiters()

  /** @param describeLoss the line, with its line feed, that stands for so many lost ones */
  constructor(sink: Sink, describeLoss: (count: number, reason: string) => string) {
    this.#sink = sink
    this.#describeLoss = describeLoss
  }

  /** Takes a line, which ends with a line feed. */
  write(line: string): void {
    if (this.#waitingLength + line.length > MAX_WAITING) {
      const last = this.#waiting.at(-1)
      if (typeof last === 'object') last.count += 1
      else this.#waiting.push({ count: 1, reason: 'nobody took them' })
      return
    }
    this.#waiting.push(line)
    this.#waitingLength += line.length
    this.#next()
  }

  /** Waits until everything is written, at most `limitMs`, or until it turns out that it cannot be. */
  async flush(limitMs: number): Promise<void> {
    if (this.#current === undefined && this.#timer !== undefined) this.#wake() // after an error: once more, now
    if (this.#current === undefined && this.#waiting.length === 0) return
    await this.#waiters.wait(limitMs)
  }

  /** Begins to write what waits, unless something is being written or it is too early after an error. */
  #next(): void {
    if (this.#current !== undefined || this.#timer !== undefined) return
    if (this.#waiting.length === 0) {
      this.#waiters.tell()
      return
    }
    this.#current = this.#takeChunk()
    this.#writeCurrent(this.#current)
  }

  #takeChunk(): Chunk {
    const texts: string[] = this.#isTorn ? ['\n'] : []
    const entries: { entry: Entry; end: number }[] = []
    const size = { characters: 0, octets: texts.length }
    for (const entry of this.#waiting) {
      if (size.characters > CHUNK) break
      const text = typeof entry === 'string' ? entry : this.#describeLoss(entry.count, entry.reason)
      texts.push(text)
      size.characters += text.length
      size.octets += Buffer.byteLength(text)
      entries.push({ entry, end: size.octets })
      if (typeof entry === 'string') this.#waitingLength -= entry.length
    }
    this.#waiting.splice(0, entries.length)
    return { octets: Buffer.from(texts.join('')), entries, done: 0 }
  }

  #writeCurrent(chunk: Chunk): void {
    this.#sink(chunk.octets.subarray(chunk.done), (error, written) => {
      chunk.done += written
      if (error?.code === 'EAGAIN') {
        this.#after(AGAIN_MS)
      } else if (error !== null && error !== undefined) {
        this.#lose(chunk, error.code ?? error.message)
      } else if (chunk.done < chunk.octets.length) {
        this.#writeCurrent(chunk)
      } else {
        this.#current = undefined
        this.#isTorn = false
        this.#next()
      }
    })
  }

  /** Gives up what of `chunk` is not written. */
  #lose({ entries, done }: Chunk, reason: string): void {
    const lost = entries.filter(({ end }) => end > done)
    if (done > 0) this.#isTorn = !entries.some(({ end }) => end === done)
    const first = this.#waiting[0]
    const count = lost.reduce((sum, { entry }) => sum + (typeof entry === 'string' ? 1 : entry.count), 0)
    if (typeof first === 'object') first.count += count
    else this.#waiting.unshift({ count, reason })
    this.#current = undefined
    this.#waiters.tell()
    this.#after(RETRY_MS)
  }

  #after(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#wake()
    }, delayMs)
    this.#timer.unref()
  }

  #wake(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#current === undefined) this.#next()
    else this.#writeCurrent(this.#current)
  }
}

/** A standard stream of this process. */
export type StandardStream = 1 | 2

/** Standard output or standard error, whatever it is. */
export function standardStream(fd: StandardStream): Sink {
  if (isatty(fd)) return descriptor(openTerminal(fd))
  return hasReader(fd) ? stream(fd) : descriptor(fd)
}

/**
 * The stream as a file of its own whose writes do not wait: one that is stopped would keep a thread of Node's, for which the
 * end of the process waits as long as the terminal pleases.
 */
function openTerminal(fd: StandardStream): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK)
  } catch {
    return fd // another user's
  }
}

function descriptor(fd: number): Sink {
  return (octets, done) => {
    write(fd, octets, 0, octets.length, null, done)
  }
}

/** Whether another process reads the stream and may stand still: a pipe, or the socket of a journal. */
function hasReader(fd: StandardStream): boolean {
  try {
    const stats = fstatSync(fd)
    return stats.isFIFO() || stats.isSocket()
  } catch {
    return false // closed
  }
}

/** Pipes and sockets, which Node writes without blocking: a thread in write(2) would wait for the reader. */
function stream(fd: StandardStream): Sink {
  const output = fd === 1 ? process.stdout : process.stderr
  // The callback of the write tells it too; but an event that nobody hears is thrown.
  output.on('error', () => {})
  return (octets, done) => {
    output.write(octets, (error) => {
      done(error, error === null || error === undefined ? octets.length : 0)
    })
  }
}
