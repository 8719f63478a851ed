import type { LvsEventKind } from './lvs-event.ts'
import type { LvsObserver } from './lvs-observer.ts'
import type { ServerChange } from './server-change.ts'
import type { UntoldChange } from './turn.ts'

/** What waits at most until the kernel has done what was asked before. Then only the latest of each server waits. */
const CAPACITY = 65_536

/** Those that were told are forgotten so many at a time. */
const COMPACTED = 1024

/** Something to be told. */
type Item =
  | { readonly change: UntoldChange; readonly atMs: number; readonly number: number }
  | { readonly event: LvsEventKind; readonly atMs: number; readonly number: number }

/**
 * What is to be told of servers once the kernel has what it speaks of, in order. Numbers without gaps are given to what is told.
 *
 * A kernel that does not answer for long must not take the memory: of more than 65,536 that wait, the latest of each server and kind stay.
 */
export class Held {
  readonly #observer: LvsObserver
  #items: Item[] = []
  /** Of the first that waits. */
  #first = 0
  /** The latest of each server beyond the capacity, with how many were dropped for it. */
  readonly #latest = new Map<string, { item: Item; skipped: number }>()
  #applied = 0
  #changes = 0
  #events = 0

  constructor(observer: LvsObserver) {
    this.#observer = observer
  }

  /** A change that is told when the kernel has made the changes of that number. */
  change(change: UntoldChange, atMs: number, number: number): void {
    this.#push({ change, atMs, number }, `${change.kind} ${change.service} ${change.server ?? ''} ${change.toFifos}`)
  }

  /** An event that is told then. */
  event(event: LvsEventKind, atMs: number, number: number): void {
    const server = 'server' in event ? event.server : ''
    const service = 'service' in event ? event.service : ''
    this.#push({ event, atMs, number }, `${event.type} ${service} ${server}`)
  }

  /** An event that waits for nothing. */
  now(event: LvsEventKind, atMs: number): void {
    this.#events += 1
    this.#observer.told({ ...event, atMs, sequence: this.#events })
  }

  /** The kernel has made all changes up to this number. */
  applied(number: number): void {
    this.#applied = Math.max(this.#applied, number)
    this.release()
  }

  /** Tells what waits no more. */
  release(): void {
    for (;;) {
      const item = this.#items[this.#first]
      if (item === undefined || item.number > this.#applied) break
      this.#first += 1
      this.#tell(item)
    }
    if (this.#first === this.#items.length) {
      this.#items = []
      this.#first = 0
      this.#takeLatest()
    } else if (this.#first >= COMPACTED) {
      this.#items.splice(0, this.#first)
      this.#first = 0
    }
  }

  /** Tells everything, whatever the kernel has done: nothing more will be heard of it. */
  flush(): void {
    this.applied(Number.POSITIVE_INFINITY)
  }

  #push(item: Item, key: string): void {
    if (this.#items.length - this.#first < CAPACITY && this.#latest.size === 0) {
      this.#items.push(item)
      return
    }
    const former = this.#latest.get(key)
    // The latest goes to the end: the order of what is told last counts.
    this.#latest.delete(key)
    this.#latest.set(key, { item, skipped: former === undefined ? 0 : former.skipped + 1 })
  }

  #takeLatest(): void {
    if (this.#latest.size === 0) return
    this.#items = Array.from(this.#latest.values(), ({ item, skipped }) => withSkipped(item, skipped))
    this.#latest.clear()
    this.release()
  }

  #tell(item: Item): void {
    if ('event' in item) {
      this.now(item.event, item.atMs)
      return
    }
    this.#changes += 1
    const change: ServerChange = { ...item.change, atMs: item.atMs, sequence: this.#changes }
    this.#observer.changed(change)
  }
}

function withSkipped(item: Item, skipped: number): Item {
  return 'event' in item && 'skipped' in item.event ? { ...item, event: { ...item.event, skipped } } : item
}
