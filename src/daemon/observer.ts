import type { Config } from '../config/model.ts'
import type { EngineEvent } from '../engine/events.ts'

/** Who is told what a daemon does as a whole, such as the log and a service manager. Functions must not throw, `read` excepted. */
export interface DaemonObserver {
  /** The configuration of the start has been read, and what is wrong with it is not told yet: the start waits for this, and fails as it does. */
  readonly read?: (config: Config) => Promise<void>
  /** The configuration of the start is good; nothing is done with it yet. */
  readonly configured?: (config: Config) => void
  /** A reload begins. */
  readonly reloading?: () => void
  /** It has ended: the new configuration is applied, or the former one stays. */
  readonly reloaded?: () => void
  /** A stop begins. */
  readonly stopping?: () => void
  /** The engine tells something. */
  readonly told?: (event: EngineEvent) => void
}
