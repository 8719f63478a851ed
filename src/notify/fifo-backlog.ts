import { performance } from 'node:perf_hooks'
import type { Fifo } from './fifo.ts'
import { Waiters } from '../time-limit.ts'

/** What a reader has yet to take at most. */
const MAX_WAITING = 65_536

/** How often a full FIFO is looked at. */
const RETRY_MS = 10

/** A FIFO out of which nobody took anything for so long is not read. */
const PATIENCE_MS = 1_000

/**
 * Lines that come in bursts, for a FIFO that is read.
 *
 * Thousands of servers may change at once, and their lines are more than a pipe holds: they wait for the reader, in order. Without one they are
 * dropped after a second, and from then on at once, until there is room again.
 */
export class FifoBacklog {
  readonly #fifo: Fifo
  #lines: string[] = []
  /** Index of the oldest line. */
  #head = 0
  #timer: NodeJS.Timeout | undefined
  /** When a line found room last. */
  #progressAt = 0
  /** Nobody reads: there was no progress for long. */
  #isUnread = false
  readonly #emptied = new Waiters()
  readonly #patienceMs: number

  /** @param patienceMs what only tests say otherwise */
  constructor(fifo: Fifo, patienceMs: number = PATIENCE_MS) {
    this.#fifo = fifo
    this.#patienceMs = patienceMs
  }

  /** Writes a line behind those that wait. */
  write(line: string): void {
    if (this.#timer === undefined && this.#fifo.offer(line)) {
      this.#isUnread = false
      return
    }
    if (this.#isUnread || this.#lines.length - this.#head >= MAX_WAITING) {
      this.#fifo.drop(1)
      return
    }
    this.#lines.push(line)
    if (this.#timer !== undefined) return
    this.#progressAt = performance.now()
    this.#timer = setInterval(() => {
      this.#flush()
    }, RETRY_MS).unref()
  }

  /** Waits until everything is written, at most `limitMs`; then gives up the rest. */
  async finish(limitMs: number): Promise<void> {
    if (this.#timer !== undefined) await this.#emptied.wait(limitMs)
    this.close()
  }

  /** Gives up what waits. */
  close(): void {
    const left = this.#lines.length - this.#head
    if (left > 0) this.#fifo.drop(left)
    this.#end()
  }

  #flush(): void {
    const before = this.#head
    for (let line = this.#lines[this.#head]; line !== undefined && this.#fifo.offer(line); line = this.#lines[this.#head]) this.#head += 1
    if (this.#head > before) this.#progressAt = performance.now()
    if (this.#head === this.#lines.length) this.#end()
    else if (performance.now() - this.#progressAt >= this.#patienceMs) {
      this.#isUnread = true
      this.close()
    }
  }

  #end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#lines = []
    this.#head = 0
    this.#emptied.tell()
  }
}
