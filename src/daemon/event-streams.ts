import type { EngineEvent } from '../engine/events.ts'
import type { LvsEvent } from '../lvs/lvs-event.ts'
import { EventQueue } from './event-queue.ts'

/** Everything that a daemon tells: of virtual routers, and of virtual servers. */
export type DaemonEvent = EngineEvent | LvsEvent

/** Events kept for a reader that does not take them. */
const CAPACITY = 16_384

/** One reader of events: a bounded queue behind an async iterator. */
export class EventStream implements AsyncIterableIterator<DaemonEvent, undefined> {
  readonly #queue = new EventQueue(CAPACITY)
  readonly #onClose: (stream: EventStream) => void
  /** Reads that found nothing, oldest first. */
  readonly #waiting: ((result: IteratorResult<DaemonEvent, undefined>) => void)[] = []
  #isClosed = false

  constructor(onClose: (stream: EventStream) => void) {
    this.#onClose = onClose
  }

  /** Hands an event to the reader. */
  push(event: DaemonEvent): void {
    if (this.#isClosed) return
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) {
      waiting({ done: false, value: event })
      return
    }
    this.#queue.push(event)
  }

  /** Ends the stream after what is queued. */
  close(): void {
    this.#isClosed = true
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined })
  }

  async next(): Promise<IteratorResult<DaemonEvent, undefined>> {
    const value = this.#queue.shift()
    if (value !== undefined) return { done: false, value }
    if (this.#isClosed) return { done: true, value: undefined }
    return await new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  async return(): Promise<IteratorResult<DaemonEvent, undefined>> {
    this.close()
    this.#queue.clear()
    this.#onClose(this)
    return await Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** All readers of a daemon's events. */
export class EventStreams {
  readonly #open = new Set<EventStream>()
  #isClosed = false

  /** A reader of what happens from now on; of nothing once all are closed. */
  open(): EventStream {
    const stream = new EventStream((closed) => {
      this.#open.delete(closed)
    })
    if (this.#isClosed) stream.close()
    else this.#open.add(stream)
    return stream
  }

  /** Hands an event to every reader. */
  push(event: DaemonEvent): void {
    for (const stream of this.#open) stream.push(event)
  }

  /** Ends every reader after what is queued for it. */
  close(): void {
    this.#isClosed = true
    for (const stream of this.#open) stream.close()
    this.#open.clear()
  }
}
