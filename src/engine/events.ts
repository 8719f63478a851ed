import type { EventKind } from '#native'

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
