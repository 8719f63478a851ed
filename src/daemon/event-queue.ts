import type { DaemonEvent } from './event-streams.ts'

type StateChange = Extract<DaemonEvent, { readonly type: (typeof CHANGES)[number] }>

const CHANGES = ['stateChanged', 'groupStateChanged', 'realServerChanged', 'quorumChanged'] as const

/** Taken events that are dropped from the front at once. */
const COMPACT_AT = 1_024

/**
 * Events that a reader has yet to take, oldest first.
 *
 * When there are too many, what is no change of state goes first, and is counted. When that does not help, changes of state are
 * merged per instance, group, real server and virtual server: `from` of the first, the rest of the last, `skipped` of those between. The
 * final state always stays.
 */
export class EventQueue {
  readonly #capacity: number
  /** When the queue is this long it is made shorter: not at every event, where every instance has its one change in it. */
  #limit: number
  #events: DaemonEvent[] = []
  /** Index of the oldest event. */
  #head = 0
  #dropped = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#limit = capacity
  }

  push(event: DaemonEvent): void {
    if (this.#events.length - this.#head >= this.#limit) this.#shorten()
    this.#events.push(event)
  }

  /** Takes the oldest event; before it, the number of those that were dropped. */
  shift(): DaemonEvent | undefined {
    if (this.#dropped > 0) {
      const count = this.#dropped
      this.#dropped = 0
      return { type: 'dropped', count, atMs: Date.now() }
    }
    const event = this.#events[this.#head]
    if (event === undefined) return undefined
    this.#head += 1
    // One move of what is left for many events that are taken.
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#events.length) this.#replace(this.#events.slice(this.#head))
    return event
  }

  clear(): void {
    this.#replace([])
    this.#dropped = 0
  }

  #shorten(): void {
    const waiting = this.#events.slice(this.#head)
    const changes = waiting.filter((event) => isChange(event))
    for (const event of waiting) {
      if (event.type === 'dropped') this.#dropped += event.count
      else if (!isChange(event)) this.#dropped += 1
    }
    this.#replace(changes.length <= this.#capacity / 2 ? changes : merge(changes))
    this.#limit = Math.max(this.#capacity, 2 * this.#events.length)
  }

  #replace(events: DaemonEvent[]): void {
    this.#events = events
    this.#head = 0
  }
}

function isChange(event: DaemonEvent): event is StateChange {
  return CHANGES.some((type) => type === event.type)
}

/** One change for each of whom it is one, in the order of the last ones. */
function merge(changes: readonly StateChange[]): StateChange[] {
  const merged = new Map<string, StateChange>()
  for (const change of changes) {
    const key = subjectOf(change)
    const before = merged.get(key)
    // Set anew, so that it has the place of its last change.
    merged.delete(key)
    merged.set(key, before === undefined ? change : joined(before, change))
  }
  return [...merged.values()]
}

/** Of whom it is a change. */
function subjectOf(change: StateChange): string {
  switch (change.type) {
    case 'stateChanged':
      return `INSTANCE ${change.instance}`
    case 'groupStateChanged':
      return `GROUP ${change.group}`
    case 'realServerChanged':
      return `RS ${change.server} ${change.service}`
    case 'quorumChanged':
      return `VS ${change.service}`
  }
}

function joined(before: StateChange, change: StateChange): StateChange {
  const from = 'from' in before ? { from: before.from } : {}
  const both = { ...change, ...from, skipped: before.skipped + 1 + change.skipped }
  // Of a change that was to be told something is told.
  if (both.type === 'stateChanged' && !('untold' in before)) delete both.untold
  return both
}
