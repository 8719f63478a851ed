import type { IpvsEvent } from './ipvs-table.ts'

type Refused = Extract<IpvsEvent, { readonly type: 'refused' }>
type Repaired = Extract<IpvsEvent, { readonly type: 'repaired' }>

/** What happens to virtual servers, for readers of the daemon's events. */
export type LvsEventKind =
  /** A real server entered or left the pool; `reason` says why, for people. */
  | {
      readonly type: 'realServerChanged'
      readonly service: string
      readonly server: string
      readonly isUp: boolean
      readonly reason: string
      /** Changes of it that nobody is told, because the kernel took too long to answer. */
      readonly skipped: number
    }
  /** A virtual server gained or lost quorum: `sum` is the weight of its servers that are up. */
  | {
      readonly type: 'quorumChanged'
      readonly service: string
      readonly isUp: boolean
      readonly sum: number
      readonly quorum: number
      readonly hysteresis: number
      readonly skipped: number
    }
  | { readonly type: 'weightChanged'; readonly service: string; readonly server: string; readonly from: number; readonly to: number }
  /** The checkers of a virtual server with `ha_suspend` stop or go on. */
  | { readonly type: 'checkersSuspended' | 'checkersResumed'; readonly service: string }
  /** An operator takes a server out of the pool, or gives it back. */
  | { readonly type: 'maintenanceChanged'; readonly service: string; readonly server: string; readonly isOn: boolean }
  /** A drain begins, and goes on: connections that are left. */
  | {
      readonly type: 'draining'
      readonly service: string
      readonly server: string
      readonly active: number
      readonly remainingMs: number
    }
  /** A drain ends: no connection is left, its time is over, or somebody wants something else. */
  | {
      readonly type: 'drained'
      readonly service: string
      readonly server: string
      readonly outcome: DrainOutcome
      readonly active: number
    }
  /** The kernel refused something, which stays wanted. */
  | ({ readonly type: 'ipvsRefused' } & Omit<Refused, 'type'>)
  /** Somebody else changed something of ours, which is as it was again. */
  | ({ readonly type: 'ipvsRepaired' } & Omit<Repaired, 'type'>)
  /** So many messages of the kernel's thread were lost. */
  | { readonly type: 'ipvsOverflowed'; readonly skipped: number }

/** How a drain ended. */
export type DrainOutcome = 'empty' | 'limit' | 'cancelled'

/** An event of LVS. */
export type LvsEvent = LvsEventKind & {
  /** Counts the events that this daemon has told, without gaps. */
  readonly sequence: number
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number
}
