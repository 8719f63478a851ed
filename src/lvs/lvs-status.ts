/** What is told of virtual servers on request: plain data, also as JSON. */

/** All virtual servers. */
export interface LvsStatus {
  readonly services: readonly VirtualServerStatus[]
}

/** A virtual server. */
export interface VirtualServerStatus {
  /** V of messages. */
  readonly service: string
  /** What it serves, in the words of messages: one, or each member of its group. */
  readonly serves: readonly string[]
  readonly scheduler: string
  /** It has quorum. */
  readonly isUp: boolean
  /** When it gained or lost it, in milliseconds since the Unix epoch; absent: it never had it. */
  readonly sinceMs: number | undefined
  readonly quorum: number
  readonly hysteresis: number
  /** Weight of the servers in the pool. */
  readonly weight: number
  /** Its checkers wait for its address. */
  readonly isSuspended: boolean
  readonly sorryServer: SorryServerStatus | undefined
  readonly servers: readonly RealServerStatus[]
}

/** Connections that the kernel counts, of all services of a virtual server. */
export interface ConnectionCounts {
  readonly active: number
  readonly inactive: number
  readonly persistent: number
}

/** A sorry server. */
export interface SorryServerStatus {
  readonly server: string
  /** It gets connections. */
  readonly isActive: boolean
  /** Absent: the kernel did not say. */
  readonly connections: ConnectionCounts | undefined
}

/** A real server. */
export interface RealServerStatus {
  /** R of messages. */
  readonly server: string
  readonly address: string
  readonly port: number
  /** `maintenance`: whatever its checkers say. */
  readonly state: 'up' | 'down' | 'maintenance'
  /** Since when, in milliseconds since the Unix epoch. */
  readonly sinceMs: number
  readonly configuredWeight: number
  /** The weight that it has when it is in the pool. */
  readonly weight: number
  /** The weight that the kernel is to have; absent: the server is not in its table. */
  readonly weightInKernel: number | undefined
  /** Why state and weight are not those of the configuration, for people: `checker TCP_CHECK: connection refused since ...`. */
  readonly reasons: readonly string[]
  readonly checkers: readonly CheckerStatus[]
  /** Time that is left of a drain that is under way. */
  readonly drainMs: number | undefined
  /** Absent: the kernel did not say. */
  readonly connections: ConnectionCounts | undefined
}

/** A checker. */
export interface CheckerStatus {
  readonly kind: string
  readonly target: string
  readonly isUp: boolean
  readonly hasRun: boolean
  readonly isSuspended: boolean
  /** Its part of the weight. */
  readonly weight: number
  readonly reason: string
}
