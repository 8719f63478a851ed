import type { LvsEvent } from './lvs-event.ts'
import type { ServerChange } from './server-change.ts'

/** How much a line of the log matters. */
export type LvsLogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Who is told what happens to virtual servers. None of these may throw or wait. */
export interface LvsObserver {
  /** To be told with scripts, FIFOs and mail, in this order; what it says is in effect in the kernel. */
  changed(change: ServerChange): void
  /** A line of the log of component `lvs`: keepalived's own sentence where it has one (lvs.md §7). */
  log(level: LvsLogLevel, line: string): void
  /** For readers of the daemon's events. */
  told(event: LvsEvent): void
}
