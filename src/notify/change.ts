import type { Config } from '../config/model.ts'
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
  /** Waits until everything is told, at most `limitMs`; then gives up. Nothing is told afterwards. Never rejects. */
  finish(limitMs: number): Promise<void>
  /** The process ends at once: removes what would stay behind. Returns when that is done. */
  abandon?(): void
}
