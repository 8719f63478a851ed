import type { ScriptCommand } from '../config/tables/values.ts'

/** Something to tell the world about a real server (`RS`) or a virtual server (`VS`): scripts, FIFOs, mail (lvs.md §2). */
export interface ServerChange {
  readonly kind: 'RS' | 'VS'
  /** V of messages, such as `[10.0.1.1]:tcp:80`, `FWM 9` or `[GROUP]:0` (lvs.md §1.5). */
  readonly service: string
  /** R of messages, such as `[10.0.2.11]:tcp:80`; absent for a virtual server. */
  readonly server: string | undefined
  /** The real server is in the pool, the virtual one has quorum. */
  readonly isUp: boolean
  /** `notify_up`, `notify_down`, `quorum_up` or `quorum_down` to run now, if any. */
  readonly script: ScriptCommand | undefined
  /** Whether FIFOs get a line: not of a checker that changes nothing about its server. */
  readonly toFifos: boolean
  /** Body of the mail about it; absent: none. */
  readonly mail: string | undefined
  /** Counts the changes that this daemon has told, without gaps. */
  readonly sequence: number
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number
}
