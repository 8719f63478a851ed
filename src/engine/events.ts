import type { EventKind } from '#native'
import { EventQueue } from './event-queue.ts'

/**
 * What the engine tells, oldest first.
 *
 * Changes of state of one instance or group keep their order, and those of a group are behind those of its members. When nobody
 * takes events for long, other events are dropped, and a `dropped` event has their number; then changes of state are merged per
 * instance and group: `from` of the first, `to` of the last, `skipped` of those between. The final state always arrives.
 */
export type EngineEvent = EventKind & {
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly atMs: number
}

/** A state by the name that notify scripts get. */
export type VrrpState = Extract<EventKind, { type: 'stateChanged' }>['to']

/** Events kept for a reader that does not take them. */
const CAPACITY = 16_384

/** One reader of events: a bounded queue behind an async iterator. */
export class EventStream implements AsyncIterableIterator<EngineEvent, undefined> {
  readonly #queue = new EventQueue(CAPACITY)
  readonly #onClose: (stream: EventStream) => void
  /** Reads that found nothing, oldest first. */
  readonly #waiting: ((result: IteratorResult<EngineEvent, undefined>) => void)[] = []
  #isClosed = false

  constructor(onClose: (stream: EventStream) => void) {
    this.#onClose = onClose
  }

  /** Hands an event to the reader. */
  push(event: EngineEvent): void {
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

  async next(): Promise<IteratorResult<EngineEvent, undefined>> {
    const value = this.#queue.shift()
    if (value !== undefined) return { done: false, value }
    if (this.#isClosed) return { done: true, value: undefined }
    return await new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  async return(): Promise<IteratorResult<EngineEvent, undefined>> {
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
  push(event: EngineEvent): void {
    for (const stream of this.#open) stream.push(event)
  }

  /** Ends every reader after what is queued for it. */
  close(): void {
    this.#isClosed = true
    for (const stream of this.#open) stream.close()
    this.#open.clear()
  }
}
