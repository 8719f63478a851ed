import type { Config } from '../config/model.ts'
import type { ScriptCommand } from '../config/tables/values.ts'
import type { VrrpState } from '../engine/events.ts'

/** What a notification says of an instance or a group, in the words that scripts and FIFOs get (process.md: notify). */
export type ToldState =
  | Exclude<VrrpState, 'INIT'>
  /** Gone by a reload, where `notify_deleted` asks for it. */
  | 'DELETED'
  /** A Master heard an advertisement of lower priority. */
  | 'MASTER_RX_LOWER_PRI'
  /** The effective priority changed, the state did not. */
  | 'MASTER_PRIORITY'
  | 'BACKUP_PRIORITY'

/** Something to tell the world about an instance or a group. */
export interface Change {
  readonly kind: 'INSTANCE' | 'GROUP'
  readonly name: string
  readonly state: ToldState
  /** The state before, for what tells a change of state. */
  readonly from: VrrpState | undefined
  /** Effective priority then; 0 for a group. */
  readonly priority: number
  /** Counts the changes that this daemon has told: a later one has a larger number. */
  readonly generation: number
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly atMs: number
}

/** What a notification says of a real server, or of the quorum of a virtual server. */
export type ServerState = 'UP' | 'DOWN'

/** A real server (RS) is up or down, or a virtual server (VS) gained or lost its quorum. */
export interface ServerStateChange {
  readonly kind: 'RS' | 'VS'
  /** As messages call it: `[10.0.2.11]:tcp:80`. */
  readonly name: string
  /** The virtual server that it belongs to, or that it is: `[10.0.1.1]:tcp:80`, `FWM 9`, `[GROUP]:0`. */
  readonly service: string
  readonly state: ServerState
  /** Counts the changes that this daemon has told, those of instances and groups too: a later one has a larger number. */
  readonly generation: number
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly atMs: number
}

/** The same with what its configuration asks for. */
export interface ToldServerChange extends ServerStateChange {
  /** What to run, with exactly its own arguments. */
  readonly script: ScriptCommand | undefined
  /** It is told to FIFOs, and with them to all who want to know states; else it is only mailed. */
  readonly toFifos: boolean
  /** The body of its mail; `undefined`: none. */
  readonly mail: string | undefined
}

/** One way to tell changes: scripts, FIFOs, mail, webhooks, functions of a host. */
export interface NotifyTarget {
  /**
   * Takes also what is for FIFOs alone: changes of priority, and states that are written again after a reload. The others are told
   * changes of state, DELETED and MASTER_RX_LOWER_PRI.
   */
  readonly takesAll?: boolean
  /** Takes what a new configuration says. Whom it no longer names may still tell its last change, until {@link retain}. */
  configure(config: Config): void
  /** Forgets what `config` does not name, once everything is told. */
  retain(config: Config): void
  /** Tells a change, in order for each instance and group. Never throws, never waits. */
  tell(change: Change): void
  /** Tells a change of a server, in order for each virtual server with its real servers. Never throws, never waits. */
  tellServer(change: ToldServerChange): void
  /** Waits until everything is told, at most `limitMs`; then gives up. Nothing is told afterwards. Never rejects. */
  finish(limitMs: number): Promise<void>
  /** The process ends at once: removes what would stay behind. Returns when that is done. */
  abandon?(): void
}
