import type { Batch } from './batch.ts'
import type { LvsEventKind } from './lvs-event.ts'
import type { LvsLogLevel } from './lvs-observer.ts'
import type { ServerChange } from './server-change.ts'

/** A change that has no place among the others yet. */
export type UntoldChange = Omit<ServerChange, 'sequence' | 'atMs'>

/** Everything that comes of one thing that happened: a verdict, a word of an operator, a configuration. */
export interface Turn {
  /** Changes for the kernel; absent while a whole configuration is made ready, which the kernel's thread compares itself. */
  readonly batch: Batch | undefined
  /** Time of the clock. */
  readonly nowMs: number
  /** A line of the log. */
  line(text: string, level?: LvsLogLevel): void
  /** To be told once the kernel has it. */
  change(change: UntoldChange): void
  /** To be told with the changes, in order. */
  event(event: LvsEventKind): void
}
